"""Heights of shoulders, waist, hips and hems of a body, for everything worn on it. Feet are at 0, up is negative."""

from __future__ import annotations

from .canvas import Colour, Pen
from .figure import Body, Outfit

# The part of the leg that a skirt covers. _FLARE: by how many units it is wider than the hips on each side.
HEM = {
    "dress": 0.52, "coat": 0.5, "gown": 0.82, "skirt": 0.5, "long skirt": 0.8, "tutu": 0.3, "tunic": 0.2,
    "robe": 0.86, "sari": 0.88,
}  # fmt: skip
_FLARE = {
    "dress": 13, "skirt": 10, "coat": 7, "gown": 10, "long skirt": 10, "tutu": 21, "tunic": 6, "robe": 3, "sari": 5,
}  # fmt: skip
_LOOSE = ("coat", "gown", "tunic", "robe", "sari")  # wider than the waist at their upper edge


def lines(body: Body) -> tuple[float, float, float]:
    """Returns the heights of shoulders, waist and hips."""
    return -(body.leg + body.torso) + 2, -body.leg - 9, -body.leg + 5


def half_width(body: Body, y: float) -> float:
    """Returns the half width of the torso at height y."""
    top, _, hips = lines(body)
    share = min(1.0, max(0.0, (y - top) / (hips - top)))
    return body.shoulder + (body.hip - body.shoulder) * share + 1.0


def band(pen: Pen, body: Body, y0: float, y1: float, colour: Colour, inset: float = 0.0) -> None:
    """Fills the torso between two heights."""
    a, b = half_width(body, y0) - inset, half_width(body, y1) - inset
    pen.poly([(-a, y0), (a, y0), (b, y1), (-b, y1)], colour)


def hem_of(body: Body, outfit: Outfit) -> float:
    """Returns the height at which a skirt, dress or coat ends."""
    return -body.leg * (1 - HEM[outfit.cut])


def skirt_half_width(body: Body, outfit: Outfit, y: float) -> float:
    """Returns the half width of a skirt, dress or coat at height y, from the waist to the hem."""
    _, waist, _ = lines(body)
    hem = hem_of(body, outfit)
    top = half_width(body, waist) + (1 if outfit.cut in _LOOSE else 0)
    bottom = body.hip + _FLARE[outfit.cut] * (0.7 if body.hip > 24 else 1)
    share = min(1.0, max(0.0, (y - waist) / (hem - waist)))
    return top if share == 0.0 else bottom if share == 1.0 else top + (bottom - top) * share
