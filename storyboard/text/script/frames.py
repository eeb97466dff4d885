"""The frames of a script's elements: where a heading's place goes, how a speech is told, what fits into one sentence.

Knows no format, and neither torch, gradio nor stories. The rules, as a writer would put them:
  - a heading whose place the model knows is no frame; the first sentence after it says where it is, as the model's own
    sentences do ("In the kitchen, Rosa cooks."), and the story stays there. A heading with nothing under it, or of
    another place, is a frame that shows the place: else it would be lost;
  - a speech is one frame in which its speaker says it: who talks is who is seen, as in shot and reverse shot. Only what
    the script marks as its continuation joins it;
  - a row of a table, or a subtitle, is one frame, and so is each sentence of running text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from storyboard.text.captions import MAX_CAPTION, clean_text
from storyboard.text.script.elements import Element, Place, Speech, Text
from storyboard.text.script.plain import without_quotation_marks
from storyboard.text.script.sentences import split_sentences

_OWN_ARTICLE = re.compile(
    r"(?:the|an?|my|our|his|her|its|their|this|that|in|on|at|[^\W\d_]+['\u2019]s?)\s|\W*\d|$", re.IGNORECASE
)
_NAMED_PLACE = re.compile(r"[^\W\d_]+\s+[^\Wa-z\d_]")  # "Maple Lane"
_PREPOSITION = re.compile(r"(?:in|on|at|by|near|inside|outside|under)\s+(?:(?:the|an?)\s+)?", re.IGNORECASE)
_ARTICLE = re.compile(r"(?:the|an?|[^\W\d_]+['\u2019]s)\s+", re.IGNORECASE)
_TIMES = {  # how a sentence says a heading's time; "" for the one that needs no word, or has none
    **dict.fromkeys(("day", "continuous", "same", "later", "moments later", "present", "tag", "weiter"), ""),
    **dict.fromkeys(("night", "midnight", "dawn", "dusk", "noon", "sunset", "sunrise"), "at %s"),
    **dict.fromkeys(("morning", "afternoon", "evening"), "in the %s"),
    **dict.fromkeys(("early morning", "late afternoon", "late evening"), "in the %s"),
}
_SMALL_AT_FIRST = frozenset(
    """the a an this that these those he she they it his her their its there then one two three four five some many all
    both another each every no someone somebody everyone everybody nobody""".split()
)


def frames_of(elements: Iterable[Element], places: Sequence[str]) -> Iterator[str]:
    """Returns the sentences of the frames, in order; `places` are those the model knows, as "in the kitchen"."""
    told = {_bare(place): place for place in places}
    waiting: Place | None = None  # a known place that no frame has said yet
    for element in _joined(elements):
        if isinstance(element, Place):
            if not _says_something(" ".join(element.parts)):
                continue
            if waiting:
                yield _establishing(waiting)
            waiting = element if _known(element, told) else None
            if waiting is None:
                yield _establishing(element)
            continue
        for sentence in _sentences(element):
            yield _placed(sentence, waiting, told) if waiting else sentence
            waiting = None
    if waiting:
        yield _establishing(waiting)


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


def _bare(place: str) -> str:
    """ "in the kitchen", "Rosa's kitchen" -> "kitchen"."""
    return _ARTICLE.sub("", _PREPOSITION.sub("", place.strip()), count=1).casefold()


def _known(place: Place, told: dict[str, str]) -> str | None:
    """How the model's sentences say a heading's place; None where they never do. "HOUSE - KITCHEN" is a kitchen."""
    where = [part for part in place.parts if part.casefold() not in _TIMES]
    return told.get(_bare(where[-1])) if where else None


def _placed(sentence: str, place: Place, told: dict[str, str]) -> str:
    """The first sentence after a heading, with the place in front of it unless it says that itself."""
    where = _known(place, told) or ""
    when = next((time for part in place.parts if (time := _time(part))), "")
    if re.search(rf"\b{re.escape(_bare(where))}\b", sentence, re.IGNORECASE):
        where = ""
    front = " ".join(part for part in (where, when) if part)
    placed = f"{front[:1].upper()}{front[1:]}, {_going_on(sentence)}"
    return placed if front and len(placed) <= MAX_CAPTION else sentence


def _time(part: str) -> str:
    time = part.casefold()
    return (_TIMES.get(time) or "").replace("%s", time)


def _going_on(sentence: str) -> str:
    """The sentence as it stands after a comma: small at first where its first word is a small one."""
    first = sentence.split(maxsplit=1)[0] if sentence else ""
    return sentence[:1].lower() + sentence[1:] if first.casefold() in _SMALL_AT_FIRST else sentence


def _establishing(place: Place) -> str:
    """ "KITCHEN - DAY" -> "The kitchen, day": without an article a place at the beginning is no place to a model."""
    words = ", ".join(place.parts)
    words = (
        words.lower() if words.isupper() and not place.german else words.title() if words.isupper() else words
    )
    if not (place.german or _OWN_ARTICLE.match(words) or _NAMED_PLACE.match(words)):
        words = f"the {words[:1].lower() + words[1:]}"
    return clean_text(words[:1].upper() + words[1:])
