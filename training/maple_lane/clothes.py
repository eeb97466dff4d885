"""Clothes on a torso: what an outfit's cut and extras look like on a given body.

Draws in the frame of the body (feet at 0, hips lowered by the caller); arms and legs are `figure.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable

from .canvas import Colour, Pen, Point, light, mix, rgb, shade
from .cast import Body, Outfit

_HEM = {"dress": 0.52, "coat": 0.5, "gown": 0.82, "skirt": 0.5}


def _lines(body: Body) -> tuple[float, float, float]:
    """Heights of shoulders, waist and hips."""
    return -(body.leg + body.torso) + 2, -body.leg - 9, -body.leg + 5


def half_width(body: Body, y: float) -> float:
    """Half width of the torso at height y."""
    top, _, hips = _lines(body)
    share = min(1.0, max(0.0, (y - top) / (hips - top)))
    return body.shoulder + (body.hip - body.shoulder) * share + 1.0


def draw_behind(pen: Pen, body: Body, outfit: Outfit) -> None:
    """What hangs behind the body."""
    top, _, _ = _lines(body)
    if "cape" in outfit.extras:
        w = body.shoulder
        pen.blob([(-w, top + 3), (0, top - 1), (w, top + 3), (w + 14, -body.leg * 0.42), (w + 6, -body.leg * 0.2),
                  (0, -body.leg * 0.34), (-w - 6, -body.leg * 0.2), (-w - 14, -body.leg * 0.42)],
                 outfit.accent, line=True)  # fmt: skip
    if "hood" in outfit.extras:
        pen.oval(0, top + 3, body.shoulder * 0.95, 9, shade(outfit.top), line=True)


def draw_torso(pen: Pen, body: Body, outfit: Outfit) -> None:
    top, waist, hips = _lines(body)
    w, h = body.shoulder, body.hip
    shirt = outfit.top
    torso = [(-w * 0.5, top - 3), (w * 0.5, top - 3), (w, top + 5), ((w + h) / 2 + 1, (top + hips) / 2), (h, hips - 3),
             (h * 0.6, hips + 2), (-h * 0.6, hips + 2), (-h, hips - 3), (-(w + h) / 2 - 1, (top + hips) / 2),
             (-w, top + 5)]  # fmt: skip
    if outfit.cut in ("trousers", "shorts"):
        pen.blob(torso, shirt, line=True)
        a = half_width(body, waist)
        pen.poly([(-a, waist + 3), (a, waist + 3), (h + 1, hips - 2), (h * 0.7, hips + 4), (-h * 0.7, hips + 4),
                  (-h - 1, hips - 2)], outfit.bottom, line=True)  # fmt: skip
    elif outfit.cut in ("bare", "poncho"):
        pen.blob(torso, outfit.bottom if outfit.cut == "poncho" else shirt, line=True)
    else:
        pen.blob(torso, shirt, line=True)
    for extra in outfit.extras:
        if extra in _UNDER:
            _UNDER[extra](pen, body, outfit)
    if outfit.cut in _HEM:
        _skirt(pen, body, outfit)
    if outfit.cut == "poncho":
        _poncho(pen, body, outfit)
    for extra in outfit.extras:
        if extra in _OVER:
            _OVER[extra](pen, body, outfit)


def _band(pen: Pen, body: Body, y0: float, y1: float, colour: Colour, inset: float = 0.0) -> None:
    a, b = half_width(body, y0) - inset, half_width(body, y1) - inset
    pen.poly([(-a, y0), (a, y0), (b, y1), (-b, y1)], colour)


def _skirt(pen: Pen, body: Body, outfit: Outfit) -> None:
    _, waist, _ = _lines(body)
    hem = -body.leg * (1 - _HEM[outfit.cut])
    flare = {"dress": 13, "skirt": 10, "coat": 7, "gown": 10}[outfit.cut] * (0.7 if body.hip > 24 else 1)
    colour = outfit.bottom
    a, b = half_width(body, waist), body.hip + flare
    if outfit.cut in ("coat", "gown"):
        a = half_width(body, waist) + 1
    shape = [(-a, waist), (a, waist), ((a + b) / 2 + 1, (waist + hem) / 2), (b, hem - 3), (b - 4, hem + 1),
             (0, hem + 3), (-b + 4, hem + 1), (-b, hem - 3), (-(a + b) / 2 - 1, (waist + hem) / 2)]  # fmt: skip
    pen.poly(shape, colour, line=True)
    if outfit.cut in ("coat", "gown", "dress"):
        _band(pen, body, waist - 6, waist + 3, colour)
    pen.poly([(-b, hem - 3), (-b + 4, hem + 1), (0, hem + 3), (b - 4, hem + 1), (b, hem - 3), (b - 1, hem - 7),
              (0, hem - 4), (-b + 1, hem - 7)], shade(colour, 0.22))  # fmt: skip


def _poncho(pen: Pen, body: Body, outfit: Outfit) -> None:
    top, _, hips = _lines(body)
    w = body.hip + 12
    pen.blob([(-9, top - 4), (9, top - 4), (body.shoulder + 3, top + 8), (w, hips - 8), (w - 5, hips), (0, hips + 8),
              (-w + 5, hips), (-w, hips - 8), (-body.shoulder - 3, top + 8)], outfit.top, line=True)  # fmt: skip
    pen.limb([(-w + 7, hips - 12), (-w * 0.55, hips - 3), (-w * 0.25, hips - 9), (0, hips + 1), (w * 0.25, hips - 9),
              (w * 0.55, hips - 3), (w - 7, hips - 12)], 4.2, outfit.accent, curve=False)  # fmt: skip
    pen.limb([(-10, top + 2), (0, top + 8), (10, top + 2)], 4.2, outfit.accent)


def _stripes(pen: Pen, body: Body, outfit: Outfit) -> None:
    top, waist, _ = _lines(body)
    step = (waist - top) / 3
    for i in range(3):
        y = top + 5 + i * step
        _band(pen, body, y, y + step * 0.48, outfit.accent, inset=0.6)


def _bib(pen: Pen, body: Body, outfit: Outfit) -> None:
    top, waist, _ = _lines(body)
    w = body.shoulder * 0.62
    y = top + (waist - top) * 0.34
    for side in (-1, 1):
        pen.limb([(side * w * 0.95, top + 1), (side * w * 0.8, y + 3)], 5, outfit.accent)
    pen.box(-w, y, 2 * w, waist + 4 - y, outfit.accent, r=3, line=True)
    _band(pen, body, waist, waist + 9, outfit.accent)
    pen.box(-w * 0.5, y + 7, w, 8, light(outfit.accent, 0.35), r=2)
    for side in (-1, 1):
        pen.oval(side * w * 0.78, y + 3.4, 2.4, 2.4, rgb("ffe08a"))


def _apron(pen: Pen, body: Body, outfit: Outfit) -> None:
    top, waist, _ = _lines(body)
    w, h = body.shoulder * 0.55, body.hip + 1
    y, hem = top + (waist - top) * 0.3, -body.leg * 0.52
    for side in (-1, 1):
        pen.limb([(side * w * 0.9, top), (side * w * 0.85, y + 3)], 4, outfit.accent)
    pen.blob([(-w, y), (0, y + 0.5), (w, y), (w + 1, waist - 2), (h, waist + 5), (h, hem - 4), (h * 0.7, hem),
              (-h * 0.7, hem), (-h, hem - 4), (-h, waist + 5), (-w - 1, waist - 2)],
             outfit.accent, line=True)  # fmt: skip
    pen.limb([(-h, waist + 1), (h, waist + 1)], 3.4, shade(outfit.accent, 0.3))
    pen.box(-w * 0.75, waist + 7, w * 1.5, 9, light(outfit.accent, 0.4), r=3)


def _buttons(pen: Pen, body: Body, outfit: Outfit) -> None:
    top, waist, _ = _lines(body)
    end = -body.leg * 0.6 if outfit.cut in ("coat", "gown") else waist
    colour = mix(outfit.accent, rgb("4a2c3e"), 0.0 if outfit.accent != outfit.top else 0.5)
    if outfit.cut == "coat":
        pen.limb([(0, top + 9), (0, end + 6)], 2.6, shade(outfit.top, 0.3))
    for i in range(3):
        pen.oval(4.5 if outfit.cut == "coat" else 0, top + 15 + (end - top - 18) * i / 2, 3, 3, colour)


def _star(pen: Pen, body: Body, outfit: Outfit) -> None:
    top, waist, _ = _lines(body)
    cy, r = (top + waist) / 2 + 3, 9.5
    points: list[Point] = []
    for i in range(10):
        radius = r if i % 2 == 0 else r * 0.48
        c, s = _TENTHS[i]
        points.append((radius * c, cy + radius * s))
    pen.poly(points, outfit.accent)


_TENTHS = [(0, -1), (0.59, -0.81), (0.95, -0.31), (0.95, 0.31), (0.59, 0.81), (0, 1), (-0.59, 0.81), (-0.95, 0.31),
           (-0.95, -0.31), (-0.59, -0.81)]  # fmt: skip


def _dots(pen: Pen, body: Body, outfit: Outfit) -> None:
    top, waist, _ = _lines(body)
    w = half_width(body, waist)
    hem = -body.leg * (1 - _HEM.get(outfit.cut, 0.0))
    spots = [(-0.55, top + 16), (0.5, top + 20), (-0.2, waist - 6)]
    if outfit.cut == "dress":
        spots += [
            (0.55, waist + 8),
            (-0.65, waist + 11),
            (0.0, waist + 19),
            (-0.8, hem - 11),
            (0.85, hem - 11),
        ]
    for x, y in spots:
        pen.oval(x * w, y, 3.0, 3.0, outfit.accent)


def _collar(pen: Pen, body: Body, outfit: Outfit) -> None:
    top, _, _ = _lines(body)
    for side in (-1, 1):
        pen.blob(
            [(0, top - 2), (side * 13, top), (side * 12, top + 8), (side * 4, top + 9)],
            outfit.accent,
            line=True,
        )


def _pouch(pen: Pen, body: Body, outfit: Outfit) -> None:
    _, waist, _ = _lines(body)
    w = body.hip * 0.75
    pen.poly([(-w * 0.7, waist - 14), (w * 0.7, waist - 14), (w, waist + 1), (-w, waist + 1)], outfit.accent)
    top = _lines(body)[0]
    for side in (-1, 1):
        pen.limb([(side * 4.5, top + 6), (side * 5, top + 17)], 3, rgb("fdf6e6"))


def _shirt(pen: Pen, body: Body, outfit: Outfit) -> None:
    top, waist, _ = _lines(body)
    inner = rgb("fdf6e6") if outfit.accent == rgb("f7c948") else outfit.accent
    pen.poly([(-9, top - 1), (9, top - 1), (0, waist - 6)], inner)
    for side in (-1, 1):
        pen.limb([(side * 9, top), (0, waist - 5)], 3, shade(outfit.top, 0.3))


def _bow(pen: Pen, body: Body, outfit: Outfit) -> None:
    y = _lines(body)[0] + 8
    for side in (-1, 1):
        pen.blob([(side * 2, y), (side * 8, y - 7), (side * 14, y - 6), (side * 14, y + 7), (side * 8, y + 7)],
                 outfit.accent, line=True)  # fmt: skip
    pen.oval(0, y, 4, 4.4, shade(outfit.accent, 0.25))


def _scarf(pen: Pen, body: Body, outfit: Outfit) -> None:
    y = _lines(body)[0] + 3
    w = min(body.shoulder * 0.8, 19)
    pen.blob(
        [(-6, y + 4), (8, y + 4), (9, y + 30), (6, y + 33), (-5, y + 33), (-7, y + 30)],
        outfit.accent,
        line=True,
    )
    pen.box(-7, y + 21, 15, 5, light(outfit.accent, 0.55))
    pen.box(-w, y - 7, 2 * w, 13, outfit.accent, r=6, line=True)


def _braces(pen: Pen, body: Body, outfit: Outfit) -> None:
    top, waist, _ = _lines(body)
    w = body.shoulder * 0.58
    for side in (-1, 1):
        pen.limb([(side * w, top + 3), (side * w * 0.85, waist + 3)], 6, outfit.accent)
        pen.oval(side * w * 0.85, waist + 3, 3.2, 3.2, rgb("fffaee"))


def _vest(pen: Pen, body: Body, outfit: Outfit) -> None:
    """An open jacket or cardigan: a strip of what is worn below shows in the middle."""
    top, waist, hips = _lines(body)
    end = hips if outfit.cut != "skirt" else waist + 2
    pen.poly([(-8, top - 1), (8, top - 1), (5, end), (-5, end)], outfit.accent)
    for side in (-1, 1):
        pen.limb([(side * 8.5, top), (side * 5.5, end)], 3.2, shade(outfit.top, 0.32))


def _waistcoat(pen: Pen, body: Body, outfit: Outfit) -> None:
    top, _, hips = _lines(body)
    w, h = body.shoulder, body.hip
    for side in (-1, 1):
        pen.blob([(side * w * 0.42, top), (side * (w - 3), top + 5), (side * (h + 1), hips - 4),
                  (side * h * 0.6, hips + 2), (side * 2.5, hips - 3), (side * 2.5, top + 18)],
                 outfit.accent, line=True)  # fmt: skip
    for i in range(2):
        pen.oval(-6, hips - 18 + 9 * i, 2.4, 2.4, rgb("ffe08a"))


def _dial(pen: Pen, body: Body, outfit: Outfit) -> None:
    _, waist, _ = _lines(body)
    pen.oval(0, waist - 5, 8.5, 8.5, rgb("fdf6e6"), line=True)
    pen.limb([(0, waist - 5), (3.5, waist - 9)], 3, rgb("ef6a4a"))


def _belt(pen: Pen, body: Body, outfit: Outfit) -> None:
    _, waist, _ = _lines(body)
    a = half_width(body, waist)
    pen.poly([(-a, waist - 4), (a, waist - 4), (a, waist + 3), (-a, waist + 3)], outfit.accent)


def _sailor(pen: Pen, body: Body, outfit: Outfit) -> None:
    top, waist, _ = _lines(body)
    for side in (-1, 1):
        pen.poly(
            [(0, top + 13), (side * 5, top - 2), (side * 14, top + 1), (side * 13, top + 11)], outfit.accent
        )
    pen.blob([(-4, top + 12), (4, top + 12), (5, top + 22), (-5, top + 22)], rgb("d8432f"))
    _band(pen, body, waist - 1, waist + 3, outfit.accent)


_UNDER: dict[str, Callable[[Pen, Body, Outfit], None]] = {"stripes": _stripes}
_OVER: dict[str, Callable[[Pen, Body, Outfit], None]] = {
    "bib": _bib, "apron": _apron, "buttons": _buttons, "star": _star, "dots": _dots, "collar": _collar,
    "pouch": _pouch, "shirt": _shirt, "bow": _bow, "scarf": _scarf, "braces": _braces, "vest": _vest,
    "waistcoat": _waistcoat, "dial": _dial, "belt": _belt, "sailor": _sailor,
}  # fmt: skip
