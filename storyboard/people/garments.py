"""Parts of a garment: collars, bibs, buttons, hoods, and what is visible between open fronts."""

from __future__ import annotations

from collections.abc import Callable

from .canvas import Colour, Pen, light, mix, rgb, shade
from .figure import Body, Outfit
from .measures import band, half_width, lines


def _bib(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, _ = lines(body)
    w = body.shoulder * 0.62
    y = top + (waist - top) * 0.34
    for side in (-1, 1):
        pen.limb([(side * w * 0.95, top + 1), (side * w * 0.8, y + 3)], 5, tint)
    pen.box(-w, y, 2 * w, waist + 4 - y, tint, r=3, line=True)
    band(pen, body, waist, waist + 9, tint)
    pen.box(-w * 0.5, y + 7, w, 8, light(tint, 0.35), r=2)
    for side in (-1, 1):
        pen.oval(side * w * 0.78, y + 3.4, 2.4, 2.4, rgb("ffe08a"))


def _buttons(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, _ = lines(body)
    end = -body.leg * 0.6 if outfit.cut in ("coat", "gown") else waist
    colour = mix(tint, rgb("4a2c3e"), 0.0 if tint != outfit.top else 0.5)
    if outfit.cut == "coat":
        pen.limb([(0, top + 9), (0, end + 6)], 2.6, shade(outfit.top, 0.3))
    for i in range(3):
        pen.oval(4.5 if outfit.cut == "coat" else 0, top + 15 + (end - top - 18) * i / 2, 3, 3, colour)


def _collar(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, _, _ = lines(body)
    for side in (-1, 1):
        pen.blob(
            [(0, top - 2), (side * 13, top), (side * 12, top + 8), (side * 4, top + 9)],
            tint,
            line=True,
        )


def _pouch(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    _, waist, _ = lines(body)
    w = body.hip * 0.75
    pen.poly([(-w * 0.7, waist - 14), (w * 0.7, waist - 14), (w, waist + 1), (-w, waist + 1)], tint)
    top = lines(body)[0]
    for side in (-1, 1):
        pen.limb([(side * 4.5, top + 6), (side * 5, top + 17)], 3, rgb("fdf6e6"))


def _shirt(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, _ = lines(body)
    inner = rgb("fdf6e6") if tint == rgb("f7c948") else tint
    pen.poly([(-9, top - 1), (9, top - 1), (0, waist - 6)], inner)
    for side in (-1, 1):
        pen.limb([(side * 9, top), (0, waist - 5)], 3, shade(outfit.top, 0.3))


def _vest(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    """An open jacket or cardigan: a strip of the garment below is visible in the middle."""
    top, waist, hips = lines(body)
    end = hips if outfit.cut != "skirt" else waist + 2
    pen.poly([(-8, top - 1), (8, top - 1), (5, end), (-5, end)], tint)
    for side in (-1, 1):
        pen.limb([(side * 8.5, top), (side * 5.5, end)], 3.2, shade(outfit.top, 0.32))


def _waistcoat(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, _, hips = lines(body)
    w, h = body.shoulder, body.hip
    for side in (-1, 1):
        pen.blob([(side * w * 0.42, top), (side * (w - 3), top + 5), (side * (h + 1), hips - 4),
                  (side * h * 0.6, hips + 2), (side * 2.5, hips - 3), (side * 2.5, top + 18)],
                 tint, line=True)  # fmt: skip
    for i in range(2):
        pen.oval(-6, hips - 18 + 9 * i, 2.4, 2.4, rgb("ffe08a"))


def _sailor(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, _ = lines(body)
    for side in (-1, 1):
        pen.poly([(0, top + 13), (side * 5, top - 2), (side * 14, top + 1), (side * 13, top + 11)], tint)
    pen.blob([(-4, top + 12), (4, top + 12), (5, top + 22), (-5, top + 22)], rgb("d8432f"))
    band(pen, body, waist - 1, waist + 3, tint)


def _soft_collar(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    """The collar of a shirt with its buttons."""
    top, waist, _ = lines(body)
    pen.limb([(0, top + 8), (0, waist)], 1.8, shade(outfit.top, 0.3))
    for i in range(3):
        pen.oval(0, top + 15 + i * (waist - top - 20) / 2, 1.9, 1.9, tint)
    for side in (-1, 1):
        pen.poly(
            [(0, top + 5), (side * 3, top - 4), (side * 11, top - 2), (side * 9, top + 8)],
            light(outfit.top, 0.32),
            line=True,
            width=1.4,
        )


def _ribs(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    """The knitted edge of a jumper."""
    top, waist, _ = lines(body)
    band(pen, body, waist - 3, waist + 3, shade(outfit.top, 0.2))
    pen.limb([(-9, top - 1), (0, top + 4), (9, top - 1)], 3.6, shade(outfit.top, 0.2))


def _roll_neck(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    top, waist, _ = lines(body)
    band(pen, body, waist - 2, waist + 3, shade(outfit.top, 0.2))
    pen.box(-14, top - 4, 28, 13, light(outfit.top, 0.25), r=6, line=True)


def _straps(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    """Bare shoulders with two straps."""
    top, _, _ = lines(body)
    w = body.shoulder
    skin = body.skin
    for side in (-1, 1):
        pen.blob(
            [
                (side * w * 0.56, top - 3),
                (side * w * 0.98, top + 4),
                (side * (w + 0.4), top + 12),
                (side * w * 0.72, top + 11),
            ],
            skin,
        )
    pen.blob(
        [(-w * 0.3, top - 3), (w * 0.3, top - 3), (w * 0.26, top + 5), (0, top + 9), (-w * 0.26, top + 5)],
        skin,
    )


def _wrap(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    """A kimono's crossed front and broad sash."""
    top, waist, _ = lines(body)
    pen.limb([(-9, top - 1), (6, waist - 6)], 4.4, light(tint, 0.4))
    pen.limb([(9, top - 1), (-5, waist - 8)], 4.4, light(tint, 0.4))
    a, b = half_width(body, waist - 9) + 1.5, half_width(body, waist + 5) + 1.5
    pen.poly([(-a, waist - 9), (a, waist - 9), (b, waist + 5), (-b, waist + 5)], tint, line=True)
    pen.box(-4, waist - 6, 8, 8, light(tint, 0.4), r=2)


def _drape(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    """The end of a sari over one shoulder."""
    top, waist, hips = lines(body)
    w = half_width(body, waist)
    pen.poly([(-body.shoulder + 1, top + 3), (-body.shoulder * 0.4, top - 2), (w - 1, waist - 5),
              (body.hip + 2, hips + 2),
              (w * 0.2, waist + 10), (-w * 0.5, waist - 10)], tint, line=True)  # fmt: skip
    pen.limb([(-body.shoulder * 0.5, top), (w - 2, waist - 4)], 2.6, light(tint, 0.5))
    for x in (-9, 0, 9):
        pen.limb([(x * 0.7, waist + 12), (x * 1.3, -body.leg * 0.2)], 2.0, shade(outfit.bottom, 0.2))


def _lapels(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    """The broad collar and the pockets of a jacket."""
    top, waist, _ = lines(body)
    for side in (-1, 1):
        pen.poly([(side * 6, top - 3), (side * 14, top), (side * 17, top + 12), (side * 10, top + 11),
                  (side * 6, top + 24)],
                 light(outfit.top, 0.28), line=True, width=1.6)  # fmt: skip
        x = side * (body.hip * 0.62)
        pen.limb([(x - 4, waist - 4), (x + 4, waist - 4)], 3, shade(outfit.top, 0.4))


def _knitted_front(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    """The buttoned edge of a cardigan."""
    top, waist, hips = lines(body)
    end = hips if outfit.cut != "skirt" else waist + 2
    for side in (-1, 1):
        pen.limb([(side * 10.5, top + 1), (side * 7.5, end)], 4.4, light(outfit.top, 0.3))
    for i in range(3):
        pen.oval(8.8 - i * 0.8, top + 17 + i * (end - top - 26) / 2, 2.1, 2.1, shade(outfit.top, 0.6))


def _rain_collar(pen: Pen, body: Body, outfit: Outfit, tint: Colour) -> None:
    """The rim of a raincoat's hood, and its two pockets."""
    top, waist, _ = lines(body)
    pen.limb([(-15, top - 1), (-8, top + 7), (0, top + 10), (8, top + 7),
              (15, top - 1)], 6, light(outfit.top, 0.35), line=True)  # fmt: skip
    for side in (-1, 1):
        x = side * body.hip * 0.66
        pen.box(x - 5.5, waist + 9, 11, 5, shade(outfit.top, 0.34), r=2)


Drawn = Callable[[Pen, Body, Outfit, Colour], None]
GARMENT_PARTS: dict[str, Drawn] = {
    "bib": _bib, "buttons": _buttons, "collar": _collar, "pouch": _pouch, "shirt": _shirt, "vest": _vest,
    "waistcoat": _waistcoat, "sailor": _sailor, "soft collar": _soft_collar, "ribs": _ribs, "roll neck": _roll_neck,
    "straps": _straps, "wrap": _wrap, "drape": _drape, "lapels": _lapels, "rain collar": _rain_collar,
    "knitted front": _knitted_front,  # fmt: skip
}  # fmt: skip
