"""Clothes on a torso: draws an outfit on a given body.

Draws in the frame of the body: feet at height 0, hips lowered by the caller. `limbs.py` draws arms and legs.
"""

from __future__ import annotations

from .accessories import ACCESSORIES, BEHIND
from .canvas import Colour, Pen, light, shade
from .figure import Body, Outfit
from .garments import GARMENT_PARTS
from .measures import HEM, band, half_width, hem_of, lines, skirt_half_width
from .patterns import PATTERNS, PRINTS

_UNDER = {**PATTERNS}  # drawn below the skirt, the poncho and everything worn over clothes
_TROUSERS = ("trousers", "shorts", "leggings", "wide trousers")
_OVER = {**PRINTS, **GARMENT_PARTS, **ACCESSORIES}


def draw_behind(pen: Pen, body: Body, outfit: Outfit) -> None:
    """Draws what hangs behind the body."""
    for name, tint in outfit.parts:
        if name in BEHIND:
            BEHIND[name](pen, body, outfit, tint)
    if outfit.has("hood"):
        top, _, _ = lines(body)
        pen.oval(0, top + 3, body.shoulder * 0.95, 9, shade(outfit.top), line=True)


def draw_torso(pen: Pen, body: Body, outfit: Outfit) -> None:
    top, waist, hips = lines(body)
    w, h = body.shoulder, body.hip
    shirt = outfit.top
    torso = [(-w * 0.5, top - 3), (w * 0.5, top - 3), (w, top + 5), ((w + h) / 2 + 1, (top + hips) / 2), (h, hips - 3),
             (h * 0.6, hips + 2), (-h * 0.6, hips + 2), (-h, hips - 3), (-(w + h) / 2 - 1, (top + hips) / 2),
             (-w, top + 5)]  # fmt: skip
    if outfit.cut in _TROUSERS:
        pen.blob(torso, shirt, line=True)
        a = half_width(body, waist)
        pen.poly([(-a, waist + 3), (a, waist + 3), (h + 1, hips - 2), (h * 0.7, hips + 4), (-h * 0.7, hips + 4),
                  (-h - 1, hips - 2)], outfit.bottom, line=True)  # fmt: skip
    elif outfit.cut in ("bare", "poncho"):
        pen.blob(torso, outfit.bottom if outfit.cut == "poncho" else shirt, line=True)
    else:
        pen.blob(torso, shirt, line=True)
    for name, tint in outfit.parts:
        if name in _UNDER:
            _UNDER[name](pen, body, outfit, tint)
    if outfit.cut in HEM:
        _skirt(pen, body, outfit)
    if outfit.cut == "poncho":
        _poncho(pen, body, outfit)
    for name, tint in outfit.parts:
        if name in _OVER:
            _OVER[name](pen, body, outfit, tint)


def _skirt(pen: Pen, body: Body, outfit: Outfit) -> None:
    _, waist, _ = lines(body)
    hem = hem_of(body, outfit)
    colour = outfit.bottom
    a, b = skirt_half_width(body, outfit, waist), skirt_half_width(body, outfit, hem)
    if outfit.cut == "tutu":
        _tutu(pen, a, b, waist, hem, colour)
        return
    shape = [(-a, waist), (a, waist), ((a + b) / 2 + 1, (waist + hem) / 2), (b, hem - 3), (b - 4, hem + 1),
             (0, hem + 3), (-b + 4, hem + 1), (-b, hem - 3), (-(a + b) / 2 - 1, (waist + hem) / 2)]  # fmt: skip
    pen.poly(shape, colour, line=True)
    if outfit.cut not in ("skirt", "long skirt"):
        band(pen, body, waist - 6, waist + 3, colour)
    pen.poly([(-b, hem - 3), (-b + 4, hem + 1), (0, hem + 3), (b - 4, hem + 1), (b, hem - 3), (b - 1, hem - 7),
              (0, hem - 4), (-b + 1, hem - 7)], shade(colour, 0.22))  # fmt: skip


def _poncho(pen: Pen, body: Body, outfit: Outfit) -> None:
    top, _, hips = lines(body)
    w = body.hip + 12
    trim = outfit.colour_of("zigzag") or light(outfit.top, 0.5)
    pen.blob([(-9, top - 4), (9, top - 4), (body.shoulder + 3, top + 8), (w, hips - 8), (w - 5, hips), (0, hips + 8),
              (-w + 5, hips), (-w, hips - 8), (-body.shoulder - 3, top + 8)], outfit.top, line=True)  # fmt: skip
    pen.limb([(-w + 7, hips - 12), (-w * 0.55, hips - 3), (-w * 0.25, hips - 9), (0, hips + 1), (w * 0.25, hips - 9),
              (w * 0.55, hips - 3), (w - 7, hips - 12)], 4.2, trim, curve=False)  # fmt: skip
    pen.limb([(-10, top + 2), (0, top + 8), (10, top + 2)], 4.2, trim)


def _tutu(pen: Pen, a: float, b: float, waist: float, hem: float, colour: Colour) -> None:
    for drop, tone in ((5.0, shade(colour, 0.2)), (0.0, colour), (-5.0, light(colour, 0.25))):
        edge = [(b - i * b / 3.5, hem + drop + (3 if i % 2 else 0)) for i in range(8)]
        pen.poly([(-a, waist), (a, waist), *edge], tone, line=True, width=1.4)
