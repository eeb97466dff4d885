"""The frames of a script's elements: where a heading's place goes, how a speech is told, what fits into one sentence.

Knows no format, and neither torch, gradio nor stories. The rules, as a writer would put them:
  - a heading is no frame; the first sentence after it says where it is, in the model's own words where it knows the
    place ("In the kitchen, Rosa cooks."), and the story stays there. Only a heading with nothing under it is a frame
    that shows the place: else it would be lost;
  - a speech is one frame in which its speaker says it: who talks is who is seen, as in shot and reverse shot. Only what
    the script marks as its continuation joins it;
  - a row of a table, or a subtitle, is one frame, and so is each sentence of running text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from storyboard.text.board_notes import BoardNotes
from storyboard.text.captions import MAX_CAPTION, clean_text
from storyboard.text.places import Calling, bare_place, find_places, places_said
from storyboard.text.script.elements import Element, Place, Speech, Text
from storyboard.text.script.plain import without_quotation_marks
from storyboard.text.script.sentences import split_sentences
from storyboard.text.wordings import fronted

_OWN_ARTICLE = re.compile(
    r"(?:the|an?|my|our|his|her|its|their|this|that|in|on|at|[^\W\d_]+['\u2019]s?)\s|\W*\d|$", re.IGNORECASE
)
_OWNER = re.compile(r"[^\W\d_]+(?=['\u2019]s?\s)")  # "Rosa's kitchen"
_NAMED_PLACE = re.compile(r"[^\W\d_]+\s+[^\Wa-z\d_]")  # "Maple Lane"
_SAYS_WHERE = re.compile(r"(?:in|on|at|by|near|inside|outside|under)\s", re.IGNORECASE)
_TIMES = {  # how a sentence says a heading's time; "" for the one that needs no word, or has none
    **dict.fromkeys(("day", "continuous", "same", "later", "moments later", "present", "tag", "weiter"), ""),
    **dict.fromkeys(("night", "midnight", "dawn", "dusk", "noon", "sunset", "sunrise"), "at %s"),
    **dict.fromkeys(("morning", "afternoon", "evening"), "in the %s"),
    **dict.fromkeys(("early morning", "late afternoon", "late evening"), "in the %s"),
}


def boards_of(elements: Iterable[Element], places: Calling) -> Iterator[tuple[str, BoardNotes | None]]:
    """Returns the sentences of the frames, in order, each with what is noted beside it.

    `places` are what those that the model knows are called.
    """
    waiting: Place | None = None  # a place that no frame has said yet
    for element in _joined(elements):
        if isinstance(element, Place):
            if not _says_something(" ".join(element.parts)):
                continue
            if waiting:
                yield _establishing(waiting), None
            waiting = element
            continue
        board = element.board if isinstance(element, Text) else None
        for sentence in _sentences(element):
            for placed in _placed(sentence, waiting, places) if waiting else (sentence,):
                yield placed, board
                board = None
            waiting = None
    if waiting:
        yield _establishing(waiting), None


def _joined(elements: Iterable[Element]) -> Iterator[Element]:
    """The elements, a speech that goes on put together with the one just before it by the same speaker."""
    speech: Speech | None = None
    more: list[str] = []
    for element in elements:
        if speech and isinstance(element, Speech) and element.goes_on and element.speaker == speech.speaker:
            more.append(element.words)
            continue
        if speech:
            yield Speech(speech.speaker, " ".join((speech.words, *more)))
        speech, more = (element, []) if isinstance(element, Speech) else (None, [])
        if speech is None:
            yield element
    if speech:
        yield Speech(speech.speaker, " ".join((speech.words, *more)))


def _sentences(element: Text | Speech) -> Iterator[str]:
    """An element's frames, cleaned; none is empty. One too long for a frame is parted between its sentences."""
    if isinstance(element, Text) and not element.whole:
        cleaned = (clean_text(sentence) for sentence in split_sentences(element.words))
        yield from (sentence for sentence in cleaned if _says_something(sentence))
        return
    head, tail = "", ""
    if isinstance(element, Speech):
        head = f'{element.speaker} {"say" if " and " in element.speaker or " & " in element.speaker else "says"} "'
        tail = '"'
    words = clean_text(without_quotation_marks(element.words) if tail else element.words)
    for part in _parts(words, MAX_CAPTION - len(head) - len(tail)):
        if _says_something(part):
            yield clean_text(f"{head}{part}{tail}")


def _parts(words: str, most: int) -> Iterator[str]:
    """The words in parts of at most `most` characters, each of whole sentences where those are that short."""
    if len(words) <= most:
        yield words
        return
    part = ""
    for sentence in split_sentences(words):
        sentence = sentence.strip()
        if part and len(part) + 1 + len(sentence) > most:
            yield part
            part = ""
        part = f"{part} {sentence}" if part else sentence
    yield part


def _says_something(sentence: str) -> bool:
    return any(character.isalnum() for character in sentence)


# -- Places ------------------------------------------------------------------------------------------------------------


def _placed(sentence: str, place: Place, places: Calling) -> Iterator[str]:
    """The first sentence after a heading, with the place in front of it unless it says that itself.

    Where both are too long for one frame, the heading is a frame after all.
    """
    parts = [part for part in place.parts if part.casefold() not in _TIMES]
    known = places.get(bare_place(parts[-1])) if parts else None  # "HOUSE - KITCHEN" is a kitchen
    if place.german and not known:
        placed = (
            f"{_in_words(place.parts, german=True)}: {sentence}"  # without a case that nobody here can form
        )
    else:
        there = known in places_said(sentence, places) if known else _names_one_of(sentence, parts)
        where = "" if there else known or _unknown(parts, place.outside)
        when = next((time for part in place.parts if (time := _time(part))), "")
        front = " ".join(part for part in (where, when) if part)
        placed = fronted(front, sentence) if front else sentence
    if len(placed) > MAX_CAPTION:
        yield _establishing(place)
        placed = sentence
    yield placed


def _names_one_of(sentence: str, parts: Sequence[str]) -> bool:
    return bool(find_places(sentence, [bare_place(part) for part in parts]))


def _unknown(parts: Sequence[str], outside: bool) -> str:
    """ "OLD MILL" -> "in the old mill": how a sentence says a place that the model does not know."""
    if not parts:
        return ""
    words = _in_words(parts, german=False)
    return words if _SAYS_WHERE.match(words) else f"{'at' if outside else 'in'} {words}"


def _time(part: str) -> str:
    time = part.casefold()
    return (_TIMES.get(time) or "").replace("%s", time)


def _establishing(place: Place) -> str:
    """ "KITCHEN - DAY" -> "The kitchen, day": without an article a place at the beginning is no place to a model."""
    words = _in_words(place.parts, place.german)
    return clean_text(words[:1].upper() + words[1:])


def _in_words(parts: Sequence[str], german: bool) -> str:
    """A heading's words as they stand in a sentence, with an article where they have none: "the kitchen, day"."""
    words = ", ".join(parts)
    if words.isupper():
        words = words.title() if german else _OWNER.sub(lambda name: name.group().title(), words.lower())
    if not (german or _OWN_ARTICLE.match(words) or _NAMED_PLACE.match(words)):
        words = f"the {words[:1].lower() + words[1:]}"
    return clean_text(words)
