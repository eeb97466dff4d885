"""Finds where a sentence says it is, and says another place instead. This is the only home of both.

A place has the form of the pipeline's own sentences, "in the kitchen". A mapping from outside has the other words that
writers use for it: "kitchen" -> "in the kitchen". Knows no pictures, stories or pipelines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from storyboard.text.speech import unspoken
from storyboard.text.spellings import is_whole_word
from storyboard.text.wordings import Wording

Calling = Mapping[str, str]  # a name of a place, in small letters -> the place

_PREPOSITION = re.compile(r"\A(?:in|on|at|by|near|inside|outside|under)\s+(?:(?:the|an?)\s+)?", re.IGNORECASE)
_ARTICLE = re.compile(r"\A(?:the|an?|[^\W\d_]+['\u2019]s)\s+", re.IGNORECASE)
# The words before a place where somebody already is, without a word for a person: "in the sunny kitchen", but neither
# "to the kitchen" nor "in her kitchen".
_AT_IT = re.compile(
    r"(?<!\w)(?:[Ii]n|[Oo]n|[Aa]t|[Ii]nside)\s+(?:(?:the|an?|this|that|my|our)\s+(?:[a-z]+\s+){0,2})?$"
)


_WHERE = re.compile(
    r"(?<!\w)(?:in|on|at|inside|outside|into|onto|to|from|near|through|across|around|behind|towards?)\s+"
    r"(?:(?:the|an?|this|that|my|our|his|her|their|[^\W\d_]+['\u2019]s)\s+(?:[a-z]+\s+){0,2})?$",
    re.IGNORECASE,
)


# "As blue as the sea", "waves them on towards the kitchen", "the key to the bakery".
_ELSEWHERE = re.compile(
    r"(?<!\w)(?:as\s+\w+\s+as|like|than|towards?|(?:key|keys|door|path|road|ticket|map|letter|invitation)\s+(?:to|for|of))"
    r"\s+(?:the|an?|any|every)\s+(?:[a-z]+\s+)?$",
    re.IGNORECASE,
)
_AT_SEA = re.compile(r"(?<!\w)(?:at|to|by)\s+$", re.IGNORECASE)  # "learned at sea", "runs away to sea"


@dataclass(frozen=True)
class PlaceMention:
    """A place in a sentence: `text[start:end]` is `word`, perhaps with capital letters."""

    word: str
    start: int
    end: int


def find_places(text: str, words: Iterable[str]) -> tuple[PlaceMention, ...]:
    """Returns every whole word of `text` that is one of `words`, in text order.

    A longer one wins over a shorter one.
    """
    pattern = _pattern(tuple(words))
    if pattern is None:
        return ()
    return tuple(
        PlaceMention(match.group().casefold(), *match.span())
        for match in pattern.finditer(text)
        if is_whole_word(text, *match.span())
    )


def places_said(text: str, calling: Calling) -> tuple[str, ...]:
    """Returns the places that a sentence names as where it is, each once, in order of first mention.

    What is only spoken of in quotation marks, compared with or on the way does not count.
    """
    told = unspoken(text)
    there = (one for one in find_places(told, calling) if not _is_elsewhere(told[: one.start], one.word))
    return tuple(dict.fromkeys(calling[one.word] for one in there))


def place_said(text: str, calling: Calling) -> str | None:
    """Returns the place that a sentence names; None if it names no place or several."""
    said = places_said(text, calling)
    return said[0] if len(said) == 1 else None


def latest_place(back: Iterable[str], calling: Calling) -> tuple[str, int] | None:
    """Returns the latest place that a sentence names, and how many sentences back that is.

    back: the sentences, latest first. None if no sentence names a place, or if the latest that does names several.
    """
    for far, sentence in enumerate(back):
        said = places_said(sentence, calling)
        if said:
            return (said[0], far) if len(said) == 1 else None
    return None


def _is_elsewhere(before: str, word: str) -> bool:
    return _ELSEWHERE.search(before) is not None or (word == "sea" and _AT_SEA.search(before) is not None)


def called(places: Iterable[str], also: Mapping[str, Sequence[str]] | None = None) -> dict[str, str]:
    """Returns from each name of a place to the place: "train station" and "station" to "at the train station".

    also: from a place to more names. A name that two places share is left out.
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
    """Returns a place in small letters without the words before its noun: "in Rosa's kitchen" is "kitchen"."""
    return _ARTICLE.sub("", _PREPOSITION.sub("", place.strip())).casefold()


def wordings_for(place: str, sentence: str, calling: Calling) -> tuple[Wording, ...]:
    """Returns the wordings that draw a sentence at `place`.

    They replace every other place that the sentence names. If it names none, they put `place` before it.
    """
    if place_said(sentence, calling) == place:
        return ()
    wordings = (wording_at(sentence, one.start, one.end, place) for one in find_places(sentence, calling))
    return tuple(dict.fromkeys(wordings)) or (Wording("", place),)


def wording_at(sentence: str, start: int, end: int, place: str) -> Wording:
    """Returns the wording that draws another place instead of `sentence[start:end]`.

    It replaces "in the old mill" as a whole. In "to the mill" it replaces only the noun.
    """
    before = _AT_IT.search(sentence[:start])
    if before:
        return Wording(sentence[before.start() : end], place)
    return Wording(sentence[start:end], bare_place(place))


def is_where(sentence: str, start: int) -> bool:
    """Returns whether the words of a place stand before a noun: "in the old mill", "to the mill".

    start: where the noun begins.
    """
    return _WHERE.search(sentence[:start]) is not None


def is_about_place(wording: Wording, calling: Calling) -> bool:
    """Returns whether a wording says where a frame is."""
    return not wording.written or bool(find_places(wording.drawn, calling))


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    longest_first = sorted((re.escape(word) for word in words if word), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", re.IGNORECASE) if words else None
