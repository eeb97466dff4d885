"""Patterns on a top or a dress: stripes, dots, checks, and prints on the chest."""

from __future__ import annotations

from collections.abc import Callable

from .canvas import Colour, Pen, Point, mix
from .figure import Body, Outfit
from .measures import HEM, band, half_width, hem_of, lines, skirt_half_width


def _stripes(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, _ = lines(body)
    step = (waist - top) / 3
    for i in range(3):
        y = top + 5 + i * step
        band(pen, body, y, y + step * 0.48, tint, inset=0.6)


def _star(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, _ = lines(body)
    cy, r = (top + waist) / 2 + 3, 9.5
    points: list[Point] = []
    for i in range(10):
        radius = r if i % 2 == 0 else r * 0.48
        c, s = _TENTHS[i]
        points.append((radius * c, cy + radius * s))
    pen.poly(points, tint)


_TENTHS = [(0, -1), (0.59, -0.81), (0.95, -0.31), (0.95, 0.31), (0.59, 0.81), (0, 1), (-0.59, 0.81), (-0.95, 0.31),
           (-0.95, -0.31), (-0.59, -0.81)]  # fmt: skip


def _dots(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, _ = lines(body)
    w = half_width(body, waist)
    hem = -body.leg * (1 - HEM.get(outfit.cut, 0.0))
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
        pen.oval(x * w, y, 3.0, 3.0, tint)


def _stripes_below(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    """Stripes on the skirt of a dress."""
    _, waist, _ = lines(body)
    hem = hem_of(body, outfit) - 5
    step = 13.0
    y = waist + 5
    while y + 6 < hem:
        a, b = (skirt_half_width(body, outfit, h) - 0.6 for h in (y, y + 6))
        pen.poly([(-a, y), (a, y), (b, y + 6), (-b, y + 6)], tint)
        y += step


def _checks(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, _ = lines(body)
    _stripes(pen, body, outfit, mix(outfit.top, tint, 0.55))
    step = (waist - top) / 3
    for x in (-0.66, -0.1, 0.46):
        a, b = half_width(body, top + 5), half_width(body, waist)
        pen.poly([(x * a, top + 4), ((x + 0.2) * a, top + 4), ((x + 0.2) * b, waist), (x * b, waist)],
                 mix(outfit.top, tint, 0.55))  # fmt: skip
        for i in range(3):
            y = top + 5 + i * step
            w = half_width(body, y)
            pen.poly(
                [(x * w, y), ((x + 0.2) * w, y), ((x + 0.2) * w, y + step * 0.48), (x * w, y + step * 0.48)],
                tint,
            )


def _checks_below(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    """Checks on the skirt of a dress."""
    _, waist, _ = lines(body)
    hem = hem_of(body, outfit) - 4
    soft = mix(outfit.bottom, tint, 0.55)
    _stripes_below(pen, body, outfit, soft)
    for x in (-0.7, -0.1, 0.5):
        a, b = (skirt_half_width(body, outfit, y) for y in (waist, hem))
        pen.poly([(x * a, waist), ((x + 0.2) * a, waist), ((x + 0.2) * b, hem), (x * b, hem)], soft)


def _scattered(body: Body, outfit: Outfit) -> list[Point]:
    """Returns the positions of small prints: on the chest, and on the skirt of a dress."""
    top, waist, _ = lines(body)
    w = half_width(body, waist)
    spots = [
        (-0.62 * w, top + 15),
        (0.05 * w, top + 12),
        (0.66 * w, top + 17),
        (-0.3 * w, waist - 8),
        (0.4 * w, waist - 5),
    ]
    if outfit.cut in ("dress", "gown", "robe", "sari"):
        hem = hem_of(body, outfit)
        rows = max(1, round((hem - waist - 10) / 15))
        for row in range(rows):
            y = waist + 11 + row * (hem - waist - 16) / rows
            wide = skirt_half_width(body, outfit, y) - 5
            spots += [(x * wide, y) for x in ((-0.8, -0.05, 0.7) if row % 2 else (-0.45, 0.35, 0.9))]
    return spots


def _all_over_dots(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    for x, y in _scattered(body, outfit):
        pen.oval(x, y, 3.0, 3.0, tint)


def _hearts(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    for x, y in _scattered(body, outfit):
        pen.poly(
            [
                (x, y + 4.4),
                (x - 4.6, y - 1),
                (x - 2.4, y - 3.8),
                (x, y - 1.6),
                (x + 2.4, y - 3.8),
                (x + 4.6, y - 1),
            ],
            tint,
        )


def _flowers(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    for x, y in _scattered(body, outfit):
        for dx, dy in ((-2.7, 0), (2.7, 0), (0, -2.7), (0, 2.7)):
            pen.oval(x + dx, y + dy, 2.2, 2.2, tint)
        pen.oval(x, y, 1.8, 1.8, (255, 226, 120) if tint[2] > 150 or tint[0] < 200 else (255, 250, 238))


def _heart(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, _ = lines(body)
    y = (top + waist) / 2 + 3
    pen.blob(
        [
            (0, y + 9),
            (-9.5, y),
            (-8, -6.5 + y),
            (-3, -7 + y),
            (0, -3.6 + y),
            (3, -7 + y),
            (8, -6.5 + y),
            (9.5, y),
        ],
        tint,
    )


def _zigzag(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, _ = lines(body)
    for y in (top + 14, top + 14 + (waist - top) * 0.36):
        w = half_width(body, y) - 3.4
        pen.limb([(w * (i / 3 - 1), y + (5 if i % 2 else -2)) for i in range(7)], 4.2, tint, curve=False)


Drawn = Callable[[Pen, Body, Outfit, Colour], None]
PATTERNS: dict[str, Drawn] = {"stripes": _stripes, "checks": _checks, "zigzag bands": _zigzag}
PRINTS: dict[str, Drawn] = {
    "star": _star, "dots": _dots, "stripes below": _stripes_below, "checks below": _checks_below,
    "dots all over": _all_over_dots, "hearts": _hearts, "flowers": _flowers, "heart": _heart,
}  # fmt: skip
