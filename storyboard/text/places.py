"""Where a sentence says it is: the one home of how a place is found in words, and how another one is said instead.

A place is what a pipeline calls it in its own sentences, "in the kitchen". How else writers call it comes from outside,
as a mapping: "kitchen" -> "in the kitchen". Knows no pictures, stories or pipelines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from storyboard.text.spellings import is_whole_word
from storyboard.text.wordings import Wording

Calling = Mapping[str, str]  # what a place is called, in small letters -> the place

_PREPOSITION = re.compile(r"\A(?:in|on|at|by|near|inside|outside|under)\s+(?:(?:the|an?)\s+)?", re.IGNORECASE)
_ARTICLE = re.compile(r"\A(?:the|an?|[^\W\d_]+['\u2019]s)\s+", re.IGNORECASE)
# What stands before a place where somebody is at it, without a word for anybody: "in the sunny kitchen", but neither
# "to the kitchen" nor "in her kitchen".
_AT_IT = re.compile(
    r"(?<!\w)(?:[Ii]n|[Oo]n|[Aa]t|[Ii]nside)\s+(?:(?:the|an?|this|that|my|our)\s+(?:[a-z]+\s+){0,2})?$"
)


_WHERE = re.compile(
    r"(?<!\w)(?:in|on|at|inside|outside|into|onto|to|from|near|through|across|around|behind|towards?)\s+"
    r"(?:(?:the|an?|this|that|my|our|his|her|their|[^\W\d_]+['\u2019]s)\s+(?:[a-z]+\s+){0,2})?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class PlaceMention:
    """A place in a sentence: `text[start:end]` is `word`, or is spelt as it is but for large letters."""

    word: str
    start: int
    end: int


def find_places(text: str, words: Iterable[str]) -> tuple[PlaceMention, ...]:
    """Returns every whole word of `text` that is one of `words`, in text order; the longer of two wins."""
    pattern = _pattern(tuple(words))
    if pattern is None:
        return ()
    return tuple(
        PlaceMention(match.group().casefold(), *match.span())
        for match in pattern.finditer(text)
        if is_whole_word(text, *match.span())
    )


def places_said(text: str, calling: Calling) -> tuple[str, ...]:
    """Returns the places that a sentence names, each once, in order of first mention."""
    return tuple(dict.fromkeys(calling[one.word] for one in find_places(text, calling)))


def place_said(text: str, calling: Calling) -> str | None:
    """Returns the place that a sentence names, None where it names none or several."""
    said = places_said(text, calling)
    return said[0] if len(said) == 1 else None


def latest_place(back: Iterable[str], calling: Calling) -> tuple[str, int] | None:
    """Returns the place that the latest sentence to name one names, and how many sentences back that is.

    back: the latest first. None where none of them names a place, or that one names several.
    """
    for far, sentence in enumerate(back):
        said = places_said(sentence, calling)
        if said:
            return (said[0], far) if len(said) == 1 else None
    return None


def called(places: Iterable[str], also: Mapping[str, Sequence[str]] | None = None) -> dict[str, str]:
    """Returns what places are called: "at the train station" by "train station" and "station", and as `also` has it.

    A word for two of them is left out.
    """
    calling: dict[str, str] = {}
    doubtful: set[str] = set()
    for place in places:
        bare = bare_place(place)
        for word in dict.fromkeys((bare, bare.rpartition(" ")[2], *(also or {}).get(place, ()))):
            word = word.casefold()
            if calling.setdefault(word, place) != place:
                doubtful.add(word)
    return {word: place for word, place in calling.items() if word and word not in doubtful}


def bare_place(place: str) -> str:
    """Returns a place in small letters without what stands before it: "in Rosa's kitchen" is "kitchen"."""
    return _ARTICLE.sub("", _PREPOSITION.sub("", place.strip())).casefold()


def wordings_for(place: str, sentence: str, calling: Calling) -> tuple[Wording, ...]:
    """Returns how a sentence is drawn at `place`: that in place of every other one it names, or before it."""
    if place_said(sentence, calling) == place:
        return ()
    wordings = (wording_at(sentence, one.start, one.end, place) for one in find_places(sentence, calling))
    return tuple(dict.fromkeys(wordings)) or (Wording("", place),)


def wording_at(sentence: str, start: int, end: int, place: str) -> Wording:
    """Returns how the place at `sentence[start:end]` is drawn as another: "in the old mill", "to the mill"."""
    before = _AT_IT.search(sentence[:start])
    if before:
        return Wording(sentence[before.start() : end], place)
    return Wording(sentence[start:end], bare_place(place))


def is_where(sentence: str, start: int) -> bool:
    """Returns whether a noun that begins at `start` stands where a place does: "in the old mill", "to the mill"."""
    return _WHERE.search(sentence[:start]) is not None


def is_about_place(wording: Wording, calling: Calling) -> bool:
    """Returns whether a wording says where a frame is."""
    return not wording.written or bool(find_places(wording.drawn, calling))


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    longest_first = sorted((re.escape(word) for word in words if word), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", re.IGNORECASE) if words else None
