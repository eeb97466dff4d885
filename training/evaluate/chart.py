"""Line charts side by side, drawn with Pillow: enough for a figure of two systems. Works on numbers alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

PANEL = (460, 320)
MARGIN = (64, 20, 34, 44)  # left, right, top and bottom, in pixels
COLOURS = ("#c0392b", "#2c6e91", "#5f7f3a", "#7a5195")
INK, GRID = "#3a3330", "#e2dcd4"


@dataclass(frozen=True)
class Line:
    """A line of a chart, with one value for each of x = 1, 2, ..."""

    name: str
    values: Sequence[float]


def chart(panels: Sequence[tuple[str, Sequence[Line]]], across: str) -> Image.Image:
    """Returns a chart with one panel for each (title, lines). All panels have the same x axis, and y starts at zero."""
    sheet = Image.new("RGB", (PANEL[0] * len(panels), PANEL[1]), "white")
    for number, (title, lines) in enumerate(panels):
        panel = Image.new("RGB", PANEL, "white")
        _panel(ImageDraw.Draw(panel), title, lines, across)
        sheet.paste(panel, (number * PANEL[0], 0))
    return sheet


def _panel(pen: ImageDraw.ImageDraw, title: str, lines: Sequence[Line], across: str) -> None:
    font = ImageFont.load_default(size=13)
    left, right, top, bottom = MARGIN
    width, height = PANEL[0] - left - right, PANEL[1] - top - bottom
    most = max(max(line.values) for line in lines) or 1.0
    length = max(2, *(len(line.values) for line in lines))

    def place(x: float, y: float) -> tuple[float, float]:
        return left + (x - 1) / (length - 1) * width, top + height - max(0.0, y) / most * height

    pen.text((left, 8), title, fill=INK, font=font)
    for share in (0, 0.25, 0.5, 0.75, 1):
        _, y = place(1, share * most)
        pen.line([(left, y), (left + width, y)], fill=GRID)
        pen.text((left - 8, y), f"{share * most:.3g}", fill=INK, font=font, anchor="rm")
    for x in (1, round(length / 2), length):
        pen.text((place(x, 0)[0], top + height + 8), str(x), fill=INK, font=font, anchor="mt")
    pen.text((left + width / 2, top + height + 26), across, fill=INK, font=font, anchor="mt")
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        points = [place(x, y) for x, y in enumerate(line.values, start=1)]
        pen.line(points, fill=colour, width=2)
        pen.text((left + 10, top + 6 + 18 * number), line.name, fill=colour, font=font)
