"""What is worn over clothes: scarves, bows, aprons, capes, bags and belts; and the fittings of robots."""

from __future__ import annotations

from collections.abc import Callable

from .canvas import Colour, Pen, light, rgb, shade
from .figure import Body, Outfit
from .measures import half_width, lines


def _apron(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, _ = lines(body)
    w, h = body.shoulder * 0.55, body.hip + 1
    y, hem = top + (waist - top) * 0.3, -body.leg * 0.52
    for side in (-1, 1):
        pen.limb([(side * w * 0.9, top), (side * w * 0.85, y + 3)], 4, tint)
    pen.blob([(-w, y), (0, y + 0.5), (w, y), (w + 1, waist - 2), (h, waist + 5), (h, hem - 4), (h * 0.7, hem),
              (-h * 0.7, hem), (-h, hem - 4), (-h, waist + 5), (-w - 1, waist - 2)],
             tint, line=True)  # fmt: skip
    pen.limb([(-h, waist + 1), (h, waist + 1)], 3.4, shade(tint, 0.3))
    pen.box(-w * 0.75, waist + 7, w * 1.5, 9, light(tint, 0.4), r=3)


def _bow(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    y = lines(body)[0] + 8
    for side in (-1, 1):
        pen.blob([(side * 2, y), (side * 8, y - 7), (side * 14, y - 6), (side * 14, y + 7), (side * 8, y + 7)],
                 tint, line=True)  # fmt: skip
    pen.oval(0, y, 4, 4.4, shade(tint, 0.25))


def _scarf(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    y = lines(body)[0] + 3
    w = min(body.shoulder * 0.8, 19)
    pen.blob(
        [(-6, y + 4), (8, y + 4), (9, y + 30), (6, y + 33), (-5, y + 33), (-7, y + 30)],
        tint,
        line=True,
    )
    pen.box(-7, y + 21, 15, 5, light(tint, 0.55))
    pen.box(-w, y - 7, 2 * w, 13, tint, r=6, line=True)


def _braces(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, _ = lines(body)
    w = body.shoulder * 0.58
    for side in (-1, 1):
        pen.limb([(side * w, top + 3), (side * w * 0.85, waist + 3)], 6, tint)
        pen.oval(side * w * 0.85, waist + 3, 3.2, 3.2, rgb("fffaee"))


def _dial(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    _, waist, _ = lines(body)
    pen.oval(0, waist - 5, 8.5, 8.5, rgb("fdf6e6"), line=True)
    pen.limb([(0, waist - 5), (3.5, waist - 9)], 3, rgb("ef6a4a"))


def _belt(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    _, waist, _ = lines(body)
    a = half_width(body, waist)
    pen.poly([(-a, waist - 4), (a, waist - 4), (a, waist + 3), (-a, waist + 3)], tint)


def _grille(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    _, waist, _ = lines(body)
    pen.box(-11, waist - 17, 22, 19, shade(body.skin, 0.2), r=4, line=True)
    for y in (-13, -8, -3):
        pen.limb([(-6.5, waist + y), (6.5, waist + y)], 2.4, tint)


def _heart_light(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    _, waist, _ = lines(body)
    y = waist - 8
    pen.oval(0, y, 11.5, 11, rgb("2d4150"), line=True)
    pen.blob(
        [(0, y + 7), (-7, y), (-6, y - 5), (-2.2, y - 5.4), (0, y - 2.8), (2.2, y - 5.4), (6, y - 5), (7, y)],
        tint,
    )


def _necklace(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top = lines(body)[0]
    for x, y in ((-12, 3), (-9, 7.5), (-4.8, 10.8), (0, 12), (4.8, 10.8), (9, 7.5), (12, 3)):
        pen.oval(x, top + y, 2.9, 2.9, tint, line=True)


def _straps_of_backpack(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, _ = lines(body)
    w = body.shoulder * 0.62
    for side in (-1, 1):
        pen.limb(
            [(side * w, top + 1), (side * (w + 1), top + 12), (side * (w + 3), waist - 8)],
            5,
            shade(tint, 0.16),
        )


def _backpack(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, hips = lines(body)
    w = max(body.shoulder, body.hip) + 13
    pen.blob([(-w + 6, top + 3), (-w * 0.5, top - 8), (w * 0.5, top - 8), (w - 6, top + 3), (w, waist - 12),
              (w - 2, hips),
              (0, hips + 4), (-w + 2, hips), (-w, waist - 12)], tint, line=True)  # fmt: skip


def _cape(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top = lines(body)[0]
    w = body.shoulder
    pen.blob([(-w, top + 3), (0, top - 1), (w, top + 3), (w + 14, -body.leg * 0.42), (w + 6, -body.leg * 0.2),
              (0, -body.leg * 0.34), (-w - 6, -body.leg * 0.2), (-w - 14, -body.leg * 0.42)],
             tint, line=True)  # fmt: skip


def _clasp(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    """The knot of a cape, as seen from the front."""
    top = lines(body)[0]
    for side in (-1, 1):
        pen.limb([(side * body.shoulder * 0.7, top), (0, top + 5)], 4.2, tint)
    pen.oval(0, top + 5, 3.4, 3.4, rgb("ffe08a"), line=True)


def _shoulder_bag(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, hips = lines(body)
    x = -body.hip - 1
    pen.limb([(body.shoulder * 0.6, top), (x + 4, hips - 10)], 3.2, shade(tint, 0.24))
    pen.box(x - 9, hips - 14, 22, 17, tint, r=4, line=True)
    pen.poly(
        [(x - 9, hips - 14), (x + 13, hips - 14), (x + 11, hips - 6), (x - 7, hips - 6)], light(tint, 0.25)
    )
    pen.oval(x + 2, hips - 6, 2, 2, rgb("ffe08a"))


def _medal(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, _ = lines(body)
    y = top + (waist - top) * 0.6
    for side in (-1, 1):
        pen.limb([(side * 9, top - 1), (0, y - 4)], 3.4, tint)
    pen.oval(0, y, 6, 6, rgb("f6c63c"), line=True)


def _belly(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    """The paler fur on the front of an animal that wears no top."""
    top, _, hips = lines(body)
    pen.oval(1, (top + hips) / 2 + 3, body.hip * 0.62, (hips - top) * 0.42, tint)


def _tie(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, _ = lines(body)
    pen.poly([(-3, top + 6), (3, top + 6), (4.6, waist - 12), (0, waist - 6), (-4.6, waist - 12)], tint,
             line=True, width=1.2)  # fmt: skip
    pen.poly([(-4, top), (4, top), (2.6, top + 6), (-2.6, top + 6)], shade(tint, 0.18))


Drawn = Callable[[Pen, Body, Outfit, Colour], None]
ACCESSORIES: dict[str, Drawn] = {
    "belly": _belly, "apron": _apron, "tie": _tie, "bow": _bow, "scarf": _scarf, "braces": _braces,
    "dial": _dial, "belt": _belt, "grille": _grille,  # fmt: skip
    "heart light": _heart_light, "necklace": _necklace, "backpack": _straps_of_backpack, "cloak": _clasp,
    "shoulder bag": _shoulder_bag, "medal": _medal,
}  # fmt: skip
BEHIND: dict[str, Drawn] = {"cape": _cape, "cloak": _cape, "backpack": _backpack}
