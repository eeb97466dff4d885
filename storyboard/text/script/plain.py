"""Text without a format of its own: prose, one line per frame, lists with any mark, "Panel 3:", and speeches.

A speech is a cue with words under it, or "ROSA: Hello!". Knows neither torch, gradio nor stories. The screenplay reader
passes its lines to this module after it has read their signs. So a cue and a soft line break mean the same in every
text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from storyboard.text.script.elements import Element, Read, Speech, Text
from storyboard.text.script.marks import has_letters, is_cut, is_direction, without_direction, without_marks
from storyboard.text.script.sentences import ends_a_sentence

WRAPPED = 60  # characters; a longer line may have been wrapped after a full stop
MAYBE_WRAPPED = 44  # characters; so may a longer line that just ends, if its text has full stops

MAX_TOLD = 200  # characters of what a notice quotes as left out

_TITLE = re.compile(r"\s{0,3}#{1,6}\s+\S")  # a heading of Markdown
_LINE_ENDS = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]|\\\n")
_NAME = r"[^\W\d_a-z][^\Wa-z_]*\.?"
_CUE = re.compile(
    rf"({_NAME}(?:[ '.\u2019/&-]+(?:#?\d+|[^\Wa-z_]+)\.?){{0,5}})((?:\s*\([^()]{{1,30}}\))*)(?:\s*\^)?"
)
_FORCED_CUE = re.compile(r"@([^\W\d_][^()^:]{0,60}?)\s*((?:\([^()]{1,30}\)\s*)*)\^?")
_SPEECH = re.compile(r"([^\W\d_][^:\"\u201c\u201e\u00ab\u00bb]{0,39}?)\s*((?:\([^()]{1,30}\)\s*)?):\s+(.+)")
_ASIDE = re.compile(r"\([^()]{1,80}\)")
_GOES_ON = re.compile(r"\((?:cont['\u2019]?d|cont\.|continued|weiter|forts(?:\.|etzung))\)", re.IGNORECASE)
_NO_SPEAKERS = frozenset(
    """the a an int ext caption captions note notes narrator narration title titles sfx fx sound music text later
    morning noon evening night day dawn dusk today tomorrow meanwhile der die das ein eine innen aussen au\u00dfen notiz
    erz\u00e4hler erz\u00e4hlerin titel ton musik ger\u00e4usch text sp\u00e4ter morgen mittag abend nacht tag heute
    inzwischen""".split()
)
_QUOTATION_MARKS = re.compile('["\u201c\u201d\u201e\u00ab\u00bb\u201f]')


@dataclass(frozen=True)
class Line:
    """A line without marks. starts: whether it had marks. wraps: whether its paragraph ends in a full stop."""

    words: str
    starts: bool = False
    wraps: bool = False


def read_plain(text: str, known: frozenset[str]) -> Read:
    """Returns what a text without a format says. known: the cast and its aliases, in small letters."""
    lines = split_lines(text)
    titles = {line for line in lines if _TITLE.match(line) and not ends_a_sentence(line)}
    rest = ["" if line in titles else line for line in lines]
    elements = tuple(elements_of(rest, known))
    if not titles or not elements:  # if there are only titles, they are the frames
        return Read(elements or tuple(elements_of(lines, known)))
    told = (without_marks(line)[0] for line in lines if line in titles)
    left_out = ", ".join(one for one in told if one)
    return Read(elements, (f"Headings left out: {left_out[:MAX_TOLD]}.",) if left_out else ())


def split_lines(text: str) -> list[str]:
    """Returns the lines of a text. The soft line breaks of a word processor count too."""
    return _LINE_ENDS.split(text)


def elements_of(
    lines: Iterable[str | Element], known: frozenset[str], articles: bool = False
) -> Iterator[Element]:
    """Yields what the lines say, in order. An element among them is passed on, and it ends a paragraph.

    articles: whether "THE GUARD" above a line is a speaker, as in a screenplay. In other texts it is a title.
    """
    read = _Reader(known, articles)
    for part in _runs(lines):
        if isinstance(part, list):
            yield from read.elements(part)
        else:
            yield part


def _runs(lines: Iterable[str | Element]) -> Iterator[list[str] | Element]:
    run: list[str] = []
    for line in lines:
        if isinstance(line, str):
            run.append(line)
            continue
        yield run
        yield line
        run = []
    yield run


class _Reader:
    """Reads groups of lines. It knows the names of the cast."""

    def __init__(self, known: frozenset[str], articles: bool) -> None:
        self._known = known
        self._articles = articles

    def elements(self, raw: list[str]) -> Iterator[Element]:
        """Yields pieces of running text and speeches. No frame contains words of two pieces."""
        lines = _lines(raw)
        piece: list[str] = []
        index = 0
        while index < len(lines):
            line = lines[index]
            words, directed = line.words, False
            index += 1
            if not self._is_known(words):
                words, directed = without_direction(words)
            if piece and (line.starts or directed or not words or not _goes_on(piece[-1], line)):
                yield Text(" ".join(piece))
                piece = []
            if not words or is_cut(words):
                continue
            if cue := self._cue(words, lines, index):
                spoken, index = _spoken(lines, index)
                yield Speech(cue[0], spoken, cue[1]) if cue[0] else Text(spoken)
            elif speech := self._speech(words):
                yield speech
            else:
                forced = self._articles and _FORCED_CUE.fullmatch(words)
                piece.append(words[1:] if forced else words)  # a cue without words under it
        if piece:
            yield Text(" ".join(piece))

    def _is_known(self, words: str) -> bool:
        """Returns whether a line is the name of a cast member, or begins with it and a colon."""
        return words.partition(":")[0].strip().casefold() in self._known

    def _cue(self, words: str, lines: Sequence[Line], index: int) -> tuple[str, bool] | None:
        """Returns the speaker, and whether the speech continues, if a line is a cue.

        A cue is a name in capitals with words under it and no text above it. The name of a narrator, whom nobody sees,
        is "".
        """
        forced = _FORCED_CUE.fullmatch(words)
        cue = forced or _CUE.fullmatch(words)
        if lines[index - 1].starts and not forced:  # an item of a list
            return None
        alone = index < 2 or not lines[index - 2].words or bool(forced)
        if cue is None or not alone or index >= len(lines) or not lines[index].words:
            return None
        name = cue.group(1).strip()
        goes_on = bool(_GOES_ON.search(cue.group(2) or ""))
        if forced:
            return (_named(name) if name.isupper() else name), goes_on
        if not name.isupper():  # a script without capitals has no such cues
            return None
        if _is_narrator(name):
            return "", goes_on
        return (speaker, goes_on) if (speaker := self._speaker(name)) else None

    def _speech(self, words: str) -> Speech | None:
        """Returns the speech in 'ROSA: Hello!' or, for a known person, in 'Rosa: Hello!'."""
        match = _SPEECH.fullmatch(words)
        if match is None:
            return None
        name, _, spoken = match.groups()
        speaker = None
        if name.casefold() in self._known:
            speaker = _named(name) if name.isupper() else name
        elif name.isupper() and _CUE.fullmatch(name):
            speaker = self._speaker(name)
        spoken = without_quotation_marks(_ASIDE.sub("", spoken))
        return Speech(speaker, spoken) if speaker and spoken else None

    def _speaker(self, capitals: str) -> str | None:
        """Returns a name in capitals as a sentence writes it; None if it is nobody's name."""
        if capitals.casefold() in self._known:
            return _named(capitals)
        first = capitals.split()[0].casefold().strip(".")
        article = self._articles and first in ("the", "a", "an", "der", "die", "das", "ein", "eine")
        if len(capitals) < 2 or (first in _NO_SPEAKERS and not article) or is_direction(capitals):
            return None
        return _named(capitals)


def without_quotation_marks(spoken: str) -> str:
    """Returns spoken words without their own quotation marks, so that others can be put around them."""
    return _QUOTATION_MARKS.sub("", spoken).strip()


def _lines(raw: list[str]) -> list[Line]:
    """Returns the lines without marks. The end of a paragraph shows whether it has full stops."""
    lettered = has_letters(raw)
    plain = [without_marks(line, lettered) for line in raw]
    lines: list[Line] = []
    wraps = False
    for index in range(len(plain) - 1, -1, -1):
        words, starts = plain[index]
        following = index + 1 < len(plain) and plain[index + 1][0] and not plain[index + 1][1]
        wraps = bool(words) and (ends_a_sentence(words) or (bool(following) and wraps))
        lines.append(Line(words, starts, wraps))
    return lines[::-1]


def _goes_on(before: str, line: Line) -> bool:
    """Returns whether the line continues the text of the line before it, and so is no new frame."""
    if line.words[:1].islower() or before[-1] in ",;":
        return True
    if ends_a_sentence(before):
        return len(before) > WRAPPED and before[-1] != ":"
    return len(before) > MAYBE_WRAPPED and line.wraps


def _spoken(lines: Sequence[Line], index: int) -> tuple[str, int]:
    """Returns the words under a cue, without "(quietly)", and the index of the line after them."""
    words = []
    while index < len(lines) and lines[index].words:
        if not (_ASIDE.fullmatch(lines[index].words) or is_cut(lines[index].words)):
            words.append(lines[index].words.removeprefix("~").strip())
        index += 1
    return without_quotation_marks(" ".join(words)), index


def _named(capitals: str) -> str:
    """Returns a name without capitals: "MRS. LEE AND MILO" is "Mrs. Lee and Milo", "O'NEIL" is "O'Neil"."""
    words = (word.lower() if word in _SMALL else _WORD.sub(_title, word) for word in capitals.split())
    name = " ".join(words)
    return name[:1].upper() + name[1:]


_SMALL = frozenset(("AND", "UND", "THE", "OF", "A", "AN"))
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]{1,2}\b)?")


def _title(match: re.Match[str]) -> str:
    word = match.group()
    return word[:1] + word[1:].lower()


def _is_narrator(name: str) -> bool:
    return name.casefold().strip(".") in (
        "narrator",
        "narration",
        "erz\u00e4hler",
        "erz\u00e4hlerin",
        "voice over",
        "v.o",
    )
