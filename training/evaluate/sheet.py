"""The contact sheet: drawn stories with their sentences, and in red what the classifier saw where it is not that.

Looking at it tells more than a number: which people are swapped, which places are lost. Knows pictures and texts only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

THUMB, GAP, LINE = 176, 10, 14
TEXT_LINES = 5  # under a picture, the red one included
ACROSS, COLUMNS = 4, 3  # pictures in a row of a story, stories side by side
CELL = (THUMB + GAP, THUMB + TEXT_LINES * LINE + GAP)


@dataclass(frozen=True)
class SheetFrame:
    picture: Image.Image
    caption: str
    complaint: str = ""  # empty: everybody and the place are as they should be


def contact_sheet(stories: Sequence[tuple[str, Sequence[SheetFrame]]]) -> Image.Image:
    """One block a story, its title above; frames run left to right, four in a row."""
    rows = [-(-len(frames) // ACROSS) for _, frames in stories]
    block = (ACROSS * CELL[0] + 2 * GAP, max(rows) * CELL[1] + LINE + 2 * GAP)
    down = -(-len(stories) // COLUMNS)
    sheet = Image.new("RGB", (min(COLUMNS, len(stories)) * block[0], down * block[1]), "#fffaf2")
    for number, (title, frames) in enumerate(stories):
        left, top = number % COLUMNS * block[0] + GAP, number // COLUMNS * block[1] + GAP
        ImageDraw.Draw(sheet).text((left, top), title, fill="#8a7f78", font=_font())
        for place, frame in enumerate(frames):
            corner = (left + place % ACROSS * CELL[0], top + LINE + GAP // 2 + place // ACROSS * CELL[1])
            _paste(sheet, corner, frame)
    return sheet


def _paste(sheet: Image.Image, corner: tuple[int, int], frame: SheetFrame) -> None:
    left, top = corner
    sheet.paste(frame.picture.resize((THUMB, THUMB), Image.Resampling.LANCZOS), corner)
    pen = ImageDraw.Draw(sheet)
    said = [(line, "#3a3330") for line in _wrapped(frame.caption)[: TEXT_LINES - 1]]
    seen = [(line, "#c0392b") for line in _wrapped(frame.complaint)[:2]]
    for number, (line, colour) in enumerate((said + seen)[:TEXT_LINES]):
        pen.text((left, top + THUMB + 2 + number * LINE), line, fill=colour, font=_font())


def _wrapped(text: str) -> list[str]:
    font, lines = _font(), [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > THUMB:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines if text else []


def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size=11)
