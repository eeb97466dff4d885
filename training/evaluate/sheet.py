"""The contact sheet: drawn stories with their sentences. Where the classifier saw something else, it stands in red.

Looking at the sheet tells more than a number: which people are exchanged, and which places are lost. Uses pictures and
texts alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

THUMB, GAP, LINE = 176, 10, 14
LINES = (5, 9)  # the fewest and the most lines that there is room for under a picture
COMPLAINT_LINES = 2  # at most so many of these lines are in red
ACROSS, COLUMNS = 4, 3  # pictures in a row of a story, and stories side by side
Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont  # the types that `load_default` returns


@dataclass(frozen=True)
class SheetFrame:
    picture: Image.Image
    caption: str
    complaint: str = ""  # empty if the people and the place are right


def contact_sheet(stories: Sequence[tuple[str, Sequence[SheetFrame]]]) -> Image.Image:
    """Returns a sheet with one block for each story, with the story's title above it.

    Frames run from left to right, four in a row, with room for the longest text.
    """
    lines = max(LINES[0], *(len(_lines(frame)) for _, frames in stories for frame in frames))
    cell = (THUMB + GAP, THUMB + lines * LINE + GAP)
    rows = [-(-len(frames) // ACROSS) for _, frames in stories]
    block = (ACROSS * cell[0] + 2 * GAP, max(rows) * cell[1] + LINE + 2 * GAP)
    down = -(-len(stories) // COLUMNS)
    sheet = Image.new("RGB", (min(COLUMNS, len(stories)) * block[0], down * block[1]), "#fffaf2")
    for number, (title, frames) in enumerate(stories):
        left, top = number % COLUMNS * block[0] + GAP, number // COLUMNS * block[1] + GAP
        ImageDraw.Draw(sheet).text((left, top), title, fill="#8a7f78", font=_font())
        for place, frame in enumerate(frames):
            corner = (left + place % ACROSS * cell[0], top + LINE + GAP // 2 + place // ACROSS * cell[1])
            _paste(sheet, corner, frame)
    return sheet


def _paste(sheet: Image.Image, corner: tuple[int, int], frame: SheetFrame) -> None:
    left, top = corner
    sheet.paste(frame.picture.resize((THUMB, THUMB), Image.Resampling.LANCZOS), corner)
    pen = ImageDraw.Draw(sheet)
    for number, (line, colour) in enumerate(_lines(frame)):
        pen.text((left, top + THUMB + 2 + number * LINE), line, fill=colour, font=_font())


def _lines(frame: SheetFrame) -> list[tuple[str, str]]:
    """The lines under a picture, each with its colour."""
    seen = [(line, "#c0392b") for line in wrapped(frame.complaint, THUMB, _font())[:COMPLAINT_LINES]]
    said = [(line, "#3a3330") for line in wrapped(frame.caption, THUMB, _font())[: LINES[1] - len(seen)]]
    return said + seen


def wrapped(text: str, width: int, font: Font) -> list[str]:
    """Returns a text in lines of at most `width` pixels. A word that is wider has its own line."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines if text else []


def _font() -> Font:
    return ImageFont.load_default(size=11)
