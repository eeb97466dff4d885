"""Text in lines: which letters go where, in any script and direction, and drawing them on a picture.

Knows neither stories nor paper. Lines are broken at spaces, and between Chinese and Japanese characters. HarfBuzz joins
and places letters. The Unicode bidirectional algorithm orders right-to-left text. Lengths are in units of the em until
something is drawn, so the same layout serves every size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import uharfbuzz as hb
from fontTools.unicodedata import script
from fpdf.bidi import BidiParagraph
from PIL import Image

from storyboard.exports.fonts import FontChain, Typeface

LEADING = 1.4  # ems from one baseline to the next
ASCENT = 1.08  # ems from the top of a line to its baseline

_SHARED_SCRIPTS = ("Zyyy", "Zinh", "Zzzz")
_NEVER_FIRST = frozenset("、。，．：；？！」』）】》〉”’…ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.:;?!)]}%»")
_NEVER_LAST = frozenset("「『（【《〈“‘([{«")
_UNSPACED = ("Hani", "Hira", "Kana", "Bopo")


@dataclass(frozen=True)
class Run:
    """A piece of text of one typeface, script and direction, in reading order."""

    text: str
    typeface: Typeface
    script: str  # four letters, as in ISO 15924
    rtl: bool
    width: float


@dataclass(frozen=True)
class Line:
    """Runs from left to right as they stand on paper.

    `rtl`: whether the paragraph is right-to-left, and so right-aligned.
    """

    runs: tuple[Run, ...]
    rtl: bool

    @property
    def width(self) -> float:
        return sum(run.width for run in self.runs)


@dataclass(frozen=True)
class _Letter:
    text: str  # with its marks
    typeface: Typeface
    script: str
    level: int  # embedding level of the bidirectional algorithm; odd levels are right-to-left


def break_lines(text: str, width: float, fonts: FontChain) -> tuple[Line, ...]:
    """Returns `text` in lines that are at most `width` wide, in ems. A single letter may be wider.

    Letters that no font has are left out.
    """
    letters, rtl = _letters(text, fonts)
    lines: list[Line] = []
    start = 0
    while start < len(letters):
        end = _line_end(letters, start, width)
        line = letters[start:end]
        while line and line[-1].text.isspace():
            line = line[:-1]
        if line:
            lines.append(Line(_runs(line), rtl))
        start = end
    return tuple(lines)


def fitting(
    text: str, width: float, height: float, sizes: Sequence[float], fonts: FontChain
) -> tuple[tuple[Line, ...], float]:
    """Returns the lines of `text` and the size used: the first of `sizes` at which they fit into `width` by `height`.

    `sizes`: from largest to smallest. If the text does not fit even at the last size, it is cut, and its last line ends
    in an ellipsis.
    """
    for size in sizes:
        lines = break_lines(text, width / size, fonts)
        if len(lines) * LEADING * size <= height:
            return lines, size
    kept = max(1, int(height / (LEADING * size)))
    shown = "".join(run.text for line in lines[:kept] for run in line.runs)
    while len(lines) > kept:
        shown = shown[: -max(1, len(shown) // 20)].rstrip()
        lines = break_lines(f"{shown}\u2026", width / size, fonts)
    return lines, size


def height(lines: Sequence[Line], size: float) -> float:
    """Returns how tall the lines are at that size, in the unit of `size`."""
    return len(lines) * LEADING * size


def draw_lines(
    picture: Image.Image,
    lines: Sequence[Line],
    box: tuple[float, float, float],
    size: float,
    colour: str = "black",
    align: str = "start",
) -> None:
    """Draws lines on an RGB picture. `box`: left, top and width in pixels. `size`: pixels per em.

    `align`: "start" is the side where a paragraph of that direction begins, "centre" is the middle.
    """
    left, top, width = box
    for number, line in enumerate(lines):
        x = left + _indent(line, width / size, align) * size
        _draw_line(picture, line, x, top + (number * LEADING + ASCENT) * size, size, colour)


def _indent(line: Line, width: float, align: str) -> float:
    room = width - line.width
    return room / 2 if align == "centre" else room if line.rtl else 0.0


def start_of(line: Line, width: float, centred: bool = False) -> float:
    """Returns the distance in ems from the left edge of a column to the start of the line.

    `width`: the column's width in ems.
    """
    return _indent(line, width, "centre" if centred else "start")


def _letters(text: str, fonts: FontChain) -> tuple[list[_Letter], bool]:
    paragraph = BidiParagraph(text, preserve_bn_chars=True)
    levels = {one.character_index: one.embedding_level for one in paragraph.characters}
    letters: list[_Letter] = []
    index = 0
    current = _first_script(text)
    for cluster, typeface in fonts.assign(text):
        own = script(cluster[0])
        current = current if own in _SHARED_SCRIPTS else own
        if typeface is not None:
            letters.append(_Letter(cluster, typeface, current, levels[index]))
        index += len(cluster)
    return letters, paragraph.base_embedding_level == 1


def _first_script(text: str) -> str:
    return next((one for one in map(script, text) if one not in _SHARED_SCRIPTS), "Latn")


def _line_end(letters: list[_Letter], start: int, width: float) -> int:
    """Returns the index at which the line that begins at `start` ends, which is where the next line begins."""
    best = None
    advances = _advances(letters[start : start + int(width * 8) + 8])
    used = 0.0
    for index, advance in enumerate(advances, start=start):
        if index > start and _may_break(letters[index - 1].text, letters[index].text):
            best = index
        used += advance
        if used > width and not letters[index].text.isspace():
            return best or max(index, start + 1)
    return start + len(advances)


def _advances(letters: list[_Letter]) -> list[float]:
    """Returns how far each letter moves the pen, in ems."""
    advances = []
    for run in _split(letters):
        place = {}
        index = 0
        for number, letter in enumerate(run):
            for _ in letter.text:
                place[index] = number
                index += 1
        widths = [0.0] * len(run)
        first = run[0]
        text = "".join(letter.text for letter in run)
        for glyph in shape(text, first.typeface, first.script, first.level % 2 == 1):
            widths[place[glyph.cluster]] += glyph.advance
        advances += widths
    return advances


def _may_break(before: str, after: str) -> bool:
    if before.isspace():
        return not after.isspace()
    if after.isspace() or after[0] in _NEVER_FIRST or before[0] in _NEVER_LAST:
        return False
    if before in ("-", "\u2010", "\u2013", "\u2014"):
        return True
    return script(before[0]) in _UNSPACED or script(after[0]) in _UNSPACED


def _split(letters: list[_Letter]) -> list[list[_Letter]]:
    """Returns neighbouring letters of the same typeface, script and level as lists."""
    runs: list[list[_Letter]] = []
    for letter in letters:
        last = runs[-1][-1] if runs else None
        if last and (last.typeface, last.script, last.level) == (
            letter.typeface,
            letter.script,
            letter.level,
        ):
            runs[-1].append(letter)
        else:
            runs.append([letter])
    return runs


def _runs(letters: list[_Letter]) -> tuple[Run, ...]:
    """Returns the runs of one line from left to right.

    This is rule L2 of the bidirectional algorithm, for whole runs.
    """
    split = _split(letters)
    order = list(range(len(split)))
    levels = [run[0].level for run in split]
    for level in range(max(levels), 0, -1):
        order = _reversed_where(order, [levels[index] >= level for index in order])
    return tuple(_run(split[index]) for index in order)


def _reversed_where(items: list[int], chosen: list[bool]) -> list[int]:
    """Returns `items` with every stretch of chosen neighbours reversed."""
    result: list[int] = []
    stretch: list[int] = []
    for item, inside in zip(items, chosen, strict=True):
        if inside:
            stretch.insert(0, item)
        else:
            result += [*stretch, item]
            stretch = []
    return result + stretch


def _run(letters: list[_Letter]) -> Run:
    text = "".join(letter.text for letter in letters)
    first = letters[0]
    rtl = first.level % 2 == 1
    width = sum(glyph.advance for glyph in shape(text, first.typeface, first.script, rtl))
    return Run(text, first.typeface, first.script, rtl, width)


@dataclass(frozen=True)
class Glyph:
    """A shape of a font, and where it is drawn. Lengths are in ems."""

    number: int  # the number of the shape in its font
    cluster: int  # index in the text of the letter that it shows
    advance: float  # how far the glyph moves the pen
    x: float  # where it is drawn, relative to the pen
    y: float


def shape(text: str, typeface: Typeface, script_name: str, rtl: bool) -> list[Glyph]:
    """Returns the glyphs of a run, from left to right."""
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.script = script_name
    buffer.direction = "rtl" if rtl else "ltr"
    buffer.guess_segment_properties()
    hb.shape(typeface.font, buffer)
    em = typeface.face.upem
    return [
        Glyph(info.codepoint, info.cluster, place.x_advance / em, place.x_offset / em, place.y_offset / em)
        for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
    ]


def _draw_line(picture: Image.Image, line: Line, x: float, baseline: float, size: float, colour: str) -> None:
    drawing = hb.RasterDraw()
    pad = int(size)
    pen = 0.0
    for run in line.runs:
        scale = size / run.typeface.face.upem
        for glyph in shape(run.text, run.typeface, run.script, run.rtl):
            drawing.transform = (scale, 0, 0, scale, (pen + glyph.x) * size + pad, glyph.y * size)
            drawing.draw_glyph(run.typeface.font, glyph.number)
            pen += glyph.advance
    drawing.extents = hb.RasterExtents(
        x_origin=0, y_origin=-pad, width=int(pen * size) + 2 * pad + 1, height=3 * pad, stride=0
    )
    image = drawing.render()
    extents = image.extents
    # The image's rows are stored from bottom to top.
    mask = Image.frombytes(
        "L", (extents.width, extents.height), bytes(image.buffer), "raw", "L", extents.stride, -1
    )
    picture.paste(colour, (round(x) - pad, round(baseline) - 2 * pad), mask)
