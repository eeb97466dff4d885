"""Makes frames of a script's elements: where a heading's place goes, how a speech is told, and what fits one sentence.

Knows no format, and neither torch, gradio nor stories. The rules, in a writer's words:
- A heading is not a frame. The first sentence after it says where it is, in the model's own words if it knows the place
  ("In the kitchen, Rosa cooks."), and the story stays there. Only a heading with nothing under it becomes a frame that
  shows the place, because it would be lost otherwise.
- A speech is one frame, in which its speaker says it. The speaker is in the picture, as in shot and reverse shot. Other
  speeches join it only if the script marks them as its continuation.
- A row of a table, or a subtitle, is one frame. So is each sentence of running text.
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
_TIMES = {  # a heading's time -> how a sentence says it; "" if no words are needed or if there are none
    **dict.fromkeys(("day", "continuous", "same", "later", "moments later", "present", "tag", "weiter"), ""),
    **dict.fromkeys(("night", "midnight", "dawn", "dusk", "noon", "sunset", "sunrise"), "at %s"),
    **dict.fromkeys(("morning", "afternoon", "evening"), "in the %s"),
    **dict.fromkeys(("early morning", "late afternoon", "late evening"), "in the %s"),
}


def boards_of(elements: Iterable[Element], places: Calling) -> Iterator[tuple[str, BoardNotes | None]]:
    """Yields the sentences of the frames, in order, each with its notes.

    places: the names of the places that the model knows.
    """
    waiting: Place | None = None  # a place that is not yet in a frame
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
    """Yields the elements. A speech that continues the one before it, by the same speaker, is joined to it."""
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
    """Yields the frames of an element, cleaned and never empty.

    A text that is too long is split between its sentences.
    """
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
    """Yields the words in parts of whole sentences.

    A part has at most `most` characters, except if a single sentence is longer.
    """
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
    """Yields the first sentence after a heading, with the place before it unless the sentence names the place itself.

    If both together are too long for one frame, the heading becomes its own frame.
    """
    parts = [part for part in place.parts if part.casefold() not in _TIMES]
    known = places.get(bare_place(parts[-1])) if parts else None  # "HOUSE - KITCHEN" is a kitchen
    if place.german and not known:
        placed = (
            # A correct German case cannot be formed here.
            f"{_in_words(place.parts, german=True)}: {sentence}"
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
    """Returns how a sentence names a place that the model does not know: "OLD MILL" is "in the old mill"."""
    if not parts:
        return ""
    words = _in_words(parts, german=False)
    return words if _SAYS_WHERE.match(words) else f"{'at' if outside else 'in'} {words}"


def _time(part: str) -> str:
    time = part.casefold()
    return (_TIMES.get(time) or "").replace("%s", time)


def _establishing(place: Place) -> str:
    """Returns the sentence for a heading alone: "KITCHEN - DAY" is "The kitchen, day".

    Without the article, a model would not read the first word as a place.
    """
    words = _in_words(place.parts, place.german)
    return clean_text(words[:1].upper() + words[1:])


def _in_words(parts: Sequence[str], german: bool) -> str:
    """Returns a heading's words as in a sentence, with an article if they have none: "the kitchen, day"."""
    words = ", ".join(parts)
    if words.isupper():
        words = words.title() if german else _OWNER.sub(lambda name: name.group().title(), words.lower())
    if not (german or _OWN_ARTICLE.match(words) or _NAMED_PLACE.match(words)):
        words = f"the {words[:1].lower() + words[1:]}"
    return clean_text(words)
