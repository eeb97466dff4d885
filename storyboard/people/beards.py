"""Beards and moustaches, drawn around the centre of a head that faces right, before its mouth is drawn."""

from __future__ import annotations

from collections.abc import Callable

from .canvas import Colour, Pen, Point, light, mix, shade


def draw_beard(pen: Pen, name: str, head: Point, hair: Colour, skin: Colour) -> None:
    """Draws the beard of that name. Beards are made for a head of 26 by 25 units, and are stretched to this head."""
    BEARDS[name](pen.at(0, 0, stretch=(head[0] / 26, head[1] / 25)), hair, skin)


def _bushy(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(-27, 0), (-22, 9), (-12, 9), (3, 6), (15, 9), (24, 9), (27, 0), (29, 18), (21, 34), (10, 40), (0, 44),
              (-10, 40), (-21, 34), (-29, 18)], hair, line=True)  # fmt: skip
    pen.blob(
        [(-20, 22), (-8, 34), (0, 38), (10, 33), (20, 22), (10, 28), (0, 30), (-10, 28)], light(hair, 0.16)
    )
    pen.blob([(3, 5.5), (13, 8), (19, 12), (10, 14), (3, 11), (-5, 14), (-14, 12), (-7, 8)], shade(hair, 0.3))


def _full(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(-26, -2), (-22, 8), (-13, 10), (3, 8), (15, 10), (23, 8), (26, -2), (26, 13), (18, 24), (8, 29), (0, 30),
              (-8, 29), (-18, 24), (-26, 13)], hair, line=True)  # fmt: skip
    _whiskers(pen, hair)


def _long(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(-26, -2), (-22, 8), (-13, 10), (3, 8), (15, 10), (23, 8), (26, -2), (26, 16), (20, 36),
              (12, 54), (3, 68),
              (-6, 54), (-17, 36), (-26, 16)], hair, line=True)  # fmt: skip
    for x in (-8, 3, 13):
        pen.limb([(x, 28), (2 + (x - 2) * 0.5, 50)], 2.2, shade(hair, 0.16))
    _whiskers(pen, hair)


def _whiskers(pen: Pen, hair: Colour) -> None:
    pen.blob(
        [(3, 6.5), (12, 8.5), (17, 13), (9, 13.5), (3, 11), (-4, 13.5), (-12, 13), (-7, 8.5)],
        shade(hair, 0.26),
    )


def _goatee(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(-7, 21), (3, 20), (13, 21), (11, 29), (3, 34), (-5, 29)], hair, line=True, width=1.6)


def _moustache(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(3, 7.5), (10, 7.5), (17, 9), (21, 6), (19, 12.5), (11, 14), (3, 11), (-5, 14), (-13, 12.5), (-15, 6),
              (-11, 9), (-4, 7.5)], hair, line=True, width=1.4)  # fmt: skip


def _stubble(pen: Pen, hair: Colour, skin: Colour) -> None:
    tone = mix(skin, hair, 0.3)
    pen.blob([(-25, 2), (-20, 9), (-9, 9), (3, 7), (14, 9), (21, 9), (25, 2), (22, 14), (11, 23.5), (0, 25),
              (-11, 23.5),
              (-22, 14)], tone)  # fmt: skip


BEARDS: dict[str, Callable[[Pen, Colour, Colour], None]] = {
    "bushy beard": _bushy, "beard": _full, "long beard": _long, "goatee": _goatee, "moustache": _moustache,
    "stubble": _stubble,
}  # fmt: skip
GREAT_BEARDS = ("bushy beard", "beard", "long beard")  # these hang over a scarf
