"""Names of colours: the word for a colour of clothes, hair, skin or fur."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from random import Random
from types import MappingProxyType

from .canvas import Colour, rgb

CLOTH: Mapping[str, Colour] = MappingProxyType({
    "red": rgb("d23f3c"), "orange": rgb("ee8434"), "yellow": rgb("f4c93f"), "green": rgb("56a558"),
    "dark green": rgb("2c6144"), "turquoise": rgb("3cada6"), "light blue": rgb("8fc4ea"), "blue": rgb("3c76c6"),
    "dark blue": rgb("2a3f73"), "purple": rgb("8451a6"), "lilac": rgb("bda0dc"), "pink": rgb("f08bb0"),
    "brown": rgb("865638"), "beige": rgb("dcc39a"), "white": rgb("fbf6ea"), "grey": rgb("9a9ba6"),
    "black": rgb("34303b"),
})  # fmt: skip
HAIR: Mapping[str, Colour] = MappingProxyType({
    "black": rgb("2b2324"), "dark brown": rgb("4c3024"), "brown": rgb("7c4a2a"), "light brown": rgb("ab7a4c"),
    "auburn": rgb("8f3826"), "red": rgb("d4572c"), "blond": rgb("f0c558"), "fair": rgb("f4e2b0"),
    "grey": rgb("9c9ba3"), "white": rgb("e6e6ec"), "blue": rgb("4f80d2"), "pink": rgb("ef86b6"),
    "green": rgb("58aa6a"), "violet": rgb("6f4bb0"), "turquoise": rgb("40b3b0"),
})  # fmt: skip
SKIN: Mapping[str, Colour] = MappingProxyType({
    "very pale": rgb("fee6d6"), "pale": rgb("fad3b6"), "rosy": rgb("f4b99c"), "golden": rgb("ecc48e"),
    "olive": rgb("d8a878"), "tan": rgb("c98d5e"), "light brown": rgb("b1754a"), "brown": rgb("97603a"),
    "dark brown": rgb("7a4c30"), "very dark": rgb("5e3e2e"),
})  # fmt: skip
FUR: Mapping[str, Colour] = MappingProxyType({
    "black": rgb("45414c"), "grey": rgb("9d9da8"), "white": rgb("f7f2ea"), "cream": rgb("f3ddb4"),
    "golden": rgb("e3b05a"), "orange": rgb("e4833c"), "brown": rgb("9b6b44"), "dark brown": rgb("68483a"),
})  # fmt: skip

CLEAR_OF_SKIN = 26.0  # distance in CIELAB; cloth nearer to the colour of the skin would look like skin
_JITTER = 7  # largest difference of a sampled colour from the palette's colour, in each channel


def name_in(palette: Mapping[str, Colour], colour: Colour) -> str:
    """Returns the name of the colour in a palette that looks most like this colour."""
    seen = lab(colour)
    return min(palette, key=lambda name: math.dist(lab(palette[name]), seen))


def distance(one: Colour, other: Colour) -> float:
    """Returns how different two colours look, in CIELAB: 2 is just visible, 100 is the distance of white and black."""
    return math.dist(lab(one), lab(other))


def near(palette: Mapping[str, Colour], name: str, rng: Random) -> Colour:
    """Returns a random colour close to a palette's colour, for which `name` is still the nearest name."""
    red, green, blue = (min(255, max(0, c + rng.randint(-_JITTER, _JITTER))) for c in palette[name])
    colour = red, green, blue
    return colour if name_in(palette, colour) == name else palette[name]


@lru_cache(maxsize=65536)
def lab(colour: Colour) -> tuple[float, float, float]:
    """Returns CIELAB of an sRGB colour under D65. Equal distances in it look about equally large."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour))
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)
