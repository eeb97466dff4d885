"""Screenplays as plain text, in Fountain or close to it: headings, cues, and all the signs of Fountain.

Knows neither torch, gradio nor stories. Left out are the title page, notes, the boneyard, sections, synopses, scene
numbers and cuts. A sign that is never closed does not count, so a damaged script keeps its words. The signs are read
here because the readers on PyPI know only names in A to Z and lose everything after a "/*" without its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from storyboard.text.script.elements import Element, Place, Read, Text
from storyboard.text.script.marks import (
    is_cut,
    is_direction,
    without_direction,
    without_emphasis,
    without_marks,
)
from storyboard.text.script.plain import elements_of, split_lines

_ENGLISH = r"int\.?\s?/\s?ext|ext\.?\s?/\s?int|i\s?/\s?e|e\s?/\s?i|interior|exterior|int|ext|est"
_OUTSIDE = "au(?:\u00df|ss)en"
_GERMAN = rf"innen\s?/\s?{_OUTSIDE}|{_OUTSIDE}\s?/\s?innen|innen|{_OUTSIDE}|i\s?/\s?a|a\s?/\s?i"
_HEADING = re.compile(
    r"(?:(?:(?:scene|szene|bild)\s+)?#?(?P<number>\d{1,4}[a-z]?)[.):]?(?:\s+[\u2013\u2014-])?\s+)?"
    rf"(?P<kind>{_ENGLISH}|(?P<german>{_GERMAN}))(?:(?P<dot>\.)\s*|\s*[:\u2013\u2014-]\s+|\s+)(?P<place>[^\s.].*)",
    re.IGNORECASE,
)
_SCENE_NUMBER = re.compile(r"\s*#[^#\s][^#]{0,20}#\s*$")
_FORCED_HEADING = re.compile(r"\.(?=[^\W\d_])(?P<place>.+)")
_SCENE = re.compile(
    r"(?:scene|(?P<german>szene))\s+\d{1,3}\s*[:.\u2013\u2014-]+\s+(?P<place>.{1,60})", re.IGNORECASE
)
_PARTS = re.compile(
    r"\s+[\u2013\u2014-]+\s+|\s*/\s*|,\s+|\s*[()]\s*|\s{2,}"
    r"|\.?\s+(?=(?:day|night|dawn|dusk|morning|afternoon|evening|tag|nacht|morgen|abend)$)",
    re.IGNORECASE,
)
_KEY = re.compile(r"\s{0,3}([^\W\d_][^:]{0,30}):(?:\s|$)")
_FIRST_KEYS = frozenset(
    ("title", "credit", "author", "authors", "written by", "draft date")
    + ("titel", "autor", "autorin", "autoren", "drehbuch")
)
_SECTION = re.compile(r"#{1,6}\s*[^\W\d]|=")  # also finds synopses and page breaks
_CENTRED = re.compile(r">\s*(.*?)\s*<")
_CUE_LINE = re.compile(r"[^\W\d_a-z][^a-z\n:!?]{1,40}(?:\([^()\n]{1,30}\))?\s*\^?")
_CUES = 2  # a text with this many names alone above words is a screenplay


def looks_like_fountain(text: str) -> bool:
    """Returns whether a text has a sign of a screenplay.

    Such signs are a title page, a heading, a boneyard, or names with speeches under them.
    """
    lines = split_lines(text)
    if _title_page(lines) or ("/*" in text and "*/" in text):
        return True
    above = True
    cues = 0
    for line, below in pairwise([*(line.strip() for line in lines), ""]):
        if _heading(without_emphasis(line)) or (above and _FORCED_HEADING.fullmatch(line) and line.isupper()):
            return True
        cues += above and bool(below) and _is_cue(line)
        above = not line
    return cues >= _CUES


def read_fountain(text: str, known: frozenset[str]) -> Read:
    """Returns what a screenplay says. known: the cast and its aliases, in small letters."""
    lines = split_lines(text)
    lines = lines[_title_page(lines) :]
    text = _without(_without("\n".join(lines), "/*", "*/", across=True), "[[", "]]", across=False)
    return Read(tuple(elements_of(_signs(text.split("\n")), known, articles=True)))


def place_of(heading: str) -> Place:
    """Returns the place in a heading's words, without INT. or EXT."""
    words = _SCENE_NUMBER.sub("", heading.strip())
    return _heading(words) or _place(words)


def _title_page(lines: Sequence[str]) -> int:
    """Returns the number of lines in the title page; 0 if there is none. It ends at the first empty line."""
    first = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
    key = _KEY.match(lines[first]) if first < len(lines) else None
    if key is None or key.group(1).strip().casefold() not in _FIRST_KEYS:
        return 0
    end = first + 1
    while end < len(lines) and lines[end].strip():
        key = _KEY.match(lines[end])
        if not (lines[end][:1].isspace() or (key and not key.group(1).isupper())):
            break  # the story begins without an empty line before it
        end += 1
    return end


def _without(text: str, opening: str, closing: str, across: bool) -> str:
    """Returns the text without everything between two signs. These cross an empty line only if `across` is true."""
    kept, start = [], 0
    while (begin := text.find(opening, start)) >= 0 and (end := text.find(closing, begin + 2)) >= 0:
        last = begin if across else text.rfind(opening, begin, end)
        if not across and re.search(r"\n\s*\n", text[last:end]):
            kept.append(text[start:end].replace(opening, ""))
        else:
            kept.append(text[start:last].replace(opening, ""))
        start = end + len(closing)
    return "".join((*kept, text[start:].replace(opening, "")))


def _signs(lines: Sequence[str]) -> Iterator[str | Element]:
    """Yields the lines after reading their signs: forced lines become elements, and lines set aside become empty."""
    for line in lines:
        bare = line.strip()
        centred = _CENTRED.fullmatch(bare)
        if bare.startswith("!") and bare[1:].strip():
            yield Text(without_emphasis(bare[1:]))
        elif heading := _heading(without_emphasis(bare).strip()) or _forced(bare):
            yield heading
        elif centred and not is_cut(centred.group(1)):
            yield Text(without_emphasis(centred.group(1)))
        elif (
            _SECTION.match(bare)
            or _FORCED_HEADING.fullmatch(bare)
            or (bare.startswith(">") and bare.isupper())
        ):
            yield ""
        elif bare.startswith("~"):
            yield bare[1:].strip()
        else:
            yield bare


def _heading(line: str) -> Place | None:
    match = _HEADING.fullmatch(_SCENE_NUMBER.sub("", line))
    if match is None:
        scene = _SCENE.fullmatch(line)
        if scene is None or not scene["place"].isupper():
            return None
        return _place(scene["place"], german=scene["german"] is not None)
    if not (match["dot"] or match["kind"].replace("\u00df", "").isupper()):
        return None
    words = match["place"].rstrip()
    if match["number"] and words.split()[-1] == match["number"]:  # scene numbers are on both margins
        words = words[: -len(match["number"])]
    return _place(words, match["german"] is not None, match["kind"][0] in "Ee")


def _forced(line: str) -> Place | None:
    match = _FORCED_HEADING.fullmatch(line)
    return place_of(match["place"]) if match and without_direction(match["place"])[0] else None


def _is_cue(line: str) -> bool:
    return (
        bool(_CUE_LINE.fullmatch(line))
        and without_marks(line) == (line, False)
        and not (is_cut(line) or is_direction(line))
    )


def _place(words: str, german: bool = False, outside: bool = False) -> Place:
    parts = (part.strip(" .:") for part in _PARTS.split(words))
    return Place(tuple(part for part in parts if part), german, outside)
