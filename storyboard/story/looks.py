"""The looks that a story can be shown in. A look changes how pictures appear on the board and in every export.

Imports neither torch nor Gradio and knows no stories. A look is made of brightness and one curve a colour, because a
browser's filter can compute exactly that. The page gets the same numbers, so a story looks the same on the board and on
paper. Pictures in the store are never changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

BRIGHTNESS = (0.299, 0.587, 0.114)  # of red, green and blue, as Pillow's "L"
# For each look, a curve for red, green and blue: values (0 to 255) at equal steps of brightness, with straight lines
# between them.
CURVES = {
    "grey": ((0, 255), (0, 255), (0, 255)),
    # A wash of blue-black ink on warm paper: dark areas get darker and lose detail, light areas keep theirs.
    "ink": (
        (22, 29, 54, 109, 178, 236, 252),
        (30, 36, 60, 112, 177, 231, 246),
        (52, 57, 77, 120, 174, 218, 231),
    ),
}


def finished(picture: Image.Image, look: str) -> Image.Image:
    """Returns an RGB picture in a look, one of `values.LOOKS`. For "colour" that is the given picture itself."""
    if look not in CURVES:
        return picture
    grey = picture.convert("L")
    return Image.merge("RGB", [grey.point(_table(curve)) for curve in CURVES[look]])


def _table(curve: Sequence[int]) -> list[int]:
    """Returns a curve as a table: the new value for each of the 256 levels of brightness."""
    table = []
    for value in range(256):
        place = value / 255 * (len(curve) - 1)
        before = min(int(place), len(curve) - 2)
        height = curve[before] + (curve[before + 1] - curve[before]) * (place - before)
        table.append(round(height))
    return table
