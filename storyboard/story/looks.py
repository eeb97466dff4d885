"""The looks a story can be shown in: a finish over its pictures, on the board and in every export.

Knows neither torch, gradio nor stories. A look is made of brightness and one curve a colour, because a browser's
filter can do exactly that: the page gets the same numbers, so a story looks on the board as it does on paper.
Pictures in the store are never changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

BRIGHTNESS = (0.299, 0.587, 0.114)  # of red, green and blue, as Pillow's "L"
# By look, for red, green and blue: the values (0 to 255) at equal steps of brightness, straight lines between.
CURVES = {
    "grey": ((0, 255), (0, 255), (0, 255)),
    # A wash of blue-black on warm paper: dark things close up, light ones stay open.
    "ink": (
        (22, 29, 54, 109, 178, 236, 252),
        (30, 36, 60, 112, 177, 231, 246),
        (52, 57, 77, 120, 174, 218, 231),
    ),
}


def finished(picture: Image.Image, look: str) -> Image.Image:
    """Returns an RGB picture in a look, one of `story.LOOKS`; the one that came in where that is "colour"."""
    if look not in CURVES:
        return picture
    grey = picture.convert("L")
    return Image.merge("RGB", [grey.point(_table(curve)) for curve in CURVES[look]])


def _table(curve: Sequence[int]) -> list[int]:
    """A curve as what each of the 256 brightnesses becomes."""
    table = []
    for value in range(256):
        place = value / 255 * (len(curve) - 1)
        before = min(int(place), len(curve) - 2)
        height = curve[before] + (curve[before + 1] - curve[before]) * (place - before)
        table.append(round(height))
    return table
