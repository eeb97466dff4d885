"""Hats, scarves and things pinned into hair, drawn over the hair of a head that faces right.

Everything is made for a head of 23 by 24 units, and is stretched to the given head.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .canvas import Colour, Pen, Point, light, rgb, shade
from .figure import Part


class Hat(NamedTuple):
    """A hat. `hides`: "top" leaves only low hair visible, "all" leaves none, "nothing" hides no hair, as a pin."""

    draw: Callable[[Pen, Colour], None]
    hides: str = "top"
    height: float = 40.0  # above the middle of the head
    back: Callable[[Pen, Colour], None] | None = None


def draw_headwear(pen: Pen, hat: Part, head: Point, top: float) -> None:
    """Draws the hat on a head whose hair reaches `top` units above the head's middle."""
    shape = HATS[hat.name]
    lift = -max(0.0, min(top, 40.0) - 33.0) if shape.hides == "nothing" and hat.name != "headband" else 0.0
    shape.draw(pen.at(0, lift, stretch=(head[0] / 23, head[1] / 24)), hat.colour)


def draw_behind_head(pen: Pen, hat: Part, head: Point) -> None:
    """Draws the part of the hat that is behind body and face."""
    back = HATS[hat.name].back
    if back is not None:
        back(pen.at(0, 0, stretch=(head[0] / 23, head[1] / 24)), hat.colour)


def _cap(pen: Pen, tint: Colour) -> None:
    _dome(pen, tint, 35)
    pen.blob(
        [(2, -17), (20, -18), (36, -15), (43, -10), (34, -9), (18, -11.5), (4, -11)],
        shade(tint, 0.2),
        line=True,
    )
    pen.limb([(-1, -34), (-3, -22), (-2, -15)], 1.8, shade(tint, 0.2))
    pen.oval(-1, -35, 3, 2.4, shade(tint, 0.3))


def _dome(pen: Pen, tint: Colour, top: float) -> None:
    pen.blob([(-26, -11), (-26, -21), (-16, -top + 3), (0, -top), (16, -top + 3), (26, -21), (26, -11), (14, -13),
              (0, -14), (-14, -13)], tint, line=True)  # fmt: skip


def _beanie(pen: Pen, tint: Colour) -> None:
    _dome(pen, tint, 37)
    pen.limb([(-9, -33), (-10, -22)], 2, shade(tint, 0.18))
    pen.limb([(1, -35), (1, -22)], 2, shade(tint, 0.18))
    pen.limb([(11, -33), (12, -22)], 2, shade(tint, 0.18))
    pen.limb([(-22, -14), (-10, -17.4), (0, -18.2), (10, -17.4), (22, -14)], 10, light(tint, 0.25), line=True)


def _bobble_hat(pen: Pen, tint: Colour) -> None:
    pen.oval(0, -42, 8, 8, light(tint, 0.7), line=True)
    _dome(pen, tint, 37)
    pen.poly([(-24, -27), (-20, -31), (0, -34), (20, -31), (24, -27), (0, -29)], light(tint, 0.7))
    pen.limb([(-22, -14), (-10, -17.4), (0, -18.2), (10, -17.4), (22, -14)], 10, light(tint, 0.7), line=True)


def _top_hat(pen: Pen, tint: Colour) -> None:
    pen.poly([(-20, -18), (-21, -57), (0, -59), (21, -57), (20, -18), (0, -15)], tint, line=True)
    pen.poly(
        [(-20, -20), (0, -17), (20, -20), (20.3, -28), (0, -25), (-20.3, -28)], light(shade(tint, 0.1), 0.45)
    )
    _brim(pen, shade(tint, 0.12), 33)


def _brim(pen: Pen, tint: Colour, wide: float) -> None:
    pen.blob([(-wide, -17), (-wide * 0.5, -20), (0, -19), (wide * 0.5, -20), (wide, -17), (wide * 0.6, -12), (0, -12.5),
              (-wide * 0.6, -12)], tint, line=True)  # fmt: skip


def _straw_hat(pen: Pen, tint: Colour) -> None:
    pen.blob([(-26, -15), (-23, -31), (-10, -38), (10, -38), (23, -31), (26, -15)], tint, line=True)
    pen.poly([(-26, -16), (26, -16), (25, -25), (-25, -25)], rgb("c9504a"))
    _brim(pen, tint, 42)
    pen.limb([(-32, -15.5), (0, -15), (32, -15.5)], 1.8, shade(tint, 0.22))


def _cowboy_hat(pen: Pen, tint: Colour) -> None:
    pen.blob([(-25, -16), (-23, -37), (-12, -45), (0, -40), (12, -45), (23, -37), (25, -16)], tint, line=True)
    pen.poly([(-25.5, -18), (25.5, -18), (25, -25), (-25, -25)], shade(tint, 0.4))
    pen.blob([(-43, -27), (-34, -20), (-18, -18), (0, -17.5), (18, -18), (34, -20), (43, -27), (36, -14), (18, -11.5),
              (0, -11.5), (-18, -11.5), (-36, -14)], tint, line=True)  # fmt: skip


def _witch_hat(pen: Pen, tint: Colour) -> None:
    pen.blob(
        [(-22, -16), (-12, -40), (-8, -58), (-22, -66), (-2, -66), (10, -46), (22, -16)], tint, line=True
    )
    pen.poly([(-21, -18), (21, -18), (18, -26), (-18, -26)], light(shade(tint, 0.1), 0.5))
    pen.box(-5, -28, 10, 10, rgb("f6c63c"), r=2)
    _brim(pen, tint, 41)


def _beret(pen: Pen, tint: Colour) -> None:
    pen.blob([(-24, -12), (-37, -20), (-35, -31), (-16, -38), (6, -37), (23, -28), (26, -15), (14, -15), (0, -16),
              (-14, -15)], tint, line=True)  # fmt: skip
    pen.blob([(-29, -26), (-16, -33), (0, -33), (-12, -29)], light(tint, 0.25))
    pen.limb([(-4, -38), (-5, -43)], 3, shade(tint, 0.3))


def _chef_hat(pen: Pen, tint: Colour) -> None:
    for x, y, r in ((-19, -44, 14), (19, -44, 14), (0, -51, 16), (-8, -40, 14), (8, -40, 14)):
        pen.oval(x, y, r, r * 0.9, tint, line=True)
    for x, y, r in ((-17, -42, 12), (17, -42, 12), (0, -48, 14), (0, -38, 17)):
        pen.oval(x, y, r, r * 0.9, tint)
    pen.poly([(-24, -34), (24, -34), (25, -12), (0, -15), (-25, -12)], tint, line=True)
    for x in (-12, 0, 12):
        pen.limb([(x, -31), (x * 1.05, -17)], 1.8, shade(tint, 0.14))


def _party_hat(pen: Pen, tint: Colour) -> None:
    pen.poly([(-15, -23), (0, -26), (15, -23), (2, -60)], tint, line=True)
    for x, y in ((-6, -30), (6, -31), (1, -40), (0, -49)):
        pen.oval(x, y, 2.8, 2.8, light(tint, 0.75))
    pen.oval(2, -61, 5.5, 5.5, light(tint, 0.75), line=True)


def _crown(pen: Pen, tint: Colour) -> None:
    pen.poly(
        [(-20, -20), (-25, -42), (-12, -32), (0, -46), (12, -32), (25, -42), (20, -20), (0, -17)],
        tint,
        line=True,
    )
    pen.poly([(-20, -21), (0, -18), (20, -21), (21, -25), (0, -22), (-21, -25)], light(tint, 0.45))
    for x, y, jewel in ((-13, -28.5, "d8435a"), (0, -28, "3f8fd0"), (13, -28.5, "d8435a")):
        pen.oval(x, y, 2.8, 2.8, rgb(jewel))
    for x, y in ((-25, -42), (0, -46), (25, -42)):
        pen.oval(x, y, 3, 3, light(tint, 0.3), line=True)


def _headscarf_back(pen: Pen, tint: Colour) -> None:
    pen.blob([(0, -32), (20, -27), (29, -8), (29, 14), (33, 34), (22, 42), (0, 44), (-22, 42), (-33, 34), (-29, 14),
              (-29, -8), (-20, -27)], shade(tint, 0.16), line=True)  # fmt: skip


def _headscarf(pen: Pen, tint: Colour) -> None:
    chin = [(-27, 4), (-26, 22), (-20, 34), (-6, 40), (8, 40), (21, 34), (26, 22), (27, 4), (20, 8), (15, 18), (8, 23),
            (0, 24), (-8, 23), (-15, 18), (-20, 8)]  # fmt: skip
    pen.blob(chin, tint, line=True)
    pen.blob([(-25, 12), (-28, -8), (-20, -27), (0, -33), (20, -27), (28, -8), (25, 12), (20, 8), (19.5, -4), (12, -13),
              (0, -15.5), (-12, -13), (-19.5, -4), (-20, 8)], tint, line=True)  # fmt: skip
    for side in (-1, 1):
        pen.blob([(side * 20.6, 5), (side * 27, 4), (side * 26.2, 18), (side * 17, 17)], tint)
    pen.limb([(-19, -19), (0, -25), (19, -19)], 2, light(tint, 0.28))
    pen.limb([(-20, 22), (-6, 31), (12, 31), (21, 22)], 2, shade(tint, 0.25))
    pen.limb([(-12, 35), (3, 36)], 2, shade(tint, 0.25))


def _turban(pen: Pen, tint: Colour) -> None:
    pen.blob([(-26, -8), (-32, -22), (-25, -38), (-6, -47), (8, -47), (26, -37), (32, -22), (26, -8),
              (14, -12), (0, -17),
              (-14, -12)], tint, line=True)  # fmt: skip
    for points in ([(-27, -12), (-4, -24), (12, -43)], [(27, -12), (4, -24), (-14, -42)], [(-30, -22),
                    (-12, -32), (0, -45)],
                   [(30, -22), (14, -31), (4, -38)]):  # fmt: skip
        pen.limb(points, 2.2, shade(tint, 0.24))
    pen.blob([(0, -17), (-6, -25), (0, -33), (6, -25)], light(tint, 0.4))


def _headband(pen: Pen, tint: Colour) -> None:
    pen.limb([(-25.5, -12), (-14, -18.5), (0, -20.5), (14, -18.5), (25.5, -12)], 6.4, tint, line=True)


def _hair_bow(pen: Pen, tint: Colour) -> None:
    bow = pen.at(12, -29, turn=14)
    for side in (-1, 1):
        bow.blob(
            [(side * 2, 0), (side * 10, -9), (side * 17, -7), (side * 17, 7), (side * 10, 8)], tint, line=True
        )
    bow.oval(0, 0, 4.4, 4.8, shade(tint, 0.25))


def _flower(pen: Pen, tint: Colour) -> None:
    for dx, dy in ((-6.5, -2), (6.5, -2), (0, -7), (-4, 5.5), (4, 5.5)):
        pen.oval(16 + dx, -23 + dy, 5.4, 5.4, tint, line=True)
    for dx, dy in ((-6.5, -2), (6.5, -2), (0, -7), (-4, 5.5), (4, 5.5)):
        pen.oval(16 + dx, -23 + dy, 5.2, 5.2, tint)
    pen.oval(16, -23, 4, 4, rgb("ffd65a"))


HATS: dict[str, Hat] = {
    "cap": Hat(_cap), "beanie": Hat(_beanie), "bobble hat": Hat(_bobble_hat, height=52),
    "top hat": Hat(_top_hat, height=62), "straw hat": Hat(_straw_hat), "cowboy hat": Hat(_cowboy_hat, height=48),
    "witch's hat": Hat(_witch_hat, height=70), "beret": Hat(_beret, height=45),
    "chef's hat": Hat(_chef_hat, height=68), "party hat": Hat(_party_hat, "nothing", 70),
    "headscarf": Hat(_headscarf, "all", 36, _headscarf_back), "turban": Hat(_turban, "all", 50),
    "crown": Hat(_crown, "nothing", 51), "headband": Hat(_headband, "nothing", 30),
    "hair bow": Hat(_hair_bow, "nothing", 42), "flower": Hat(_flower, "nothing", 38),
}  # fmt: skip
