"""Faces: eyes, brows, mouth, cheeks and nose with their expressions; glasses, freckles and wrinkles.

Everything is drawn around the centre of a head that faces right.
"""

from __future__ import annotations

from .canvas import Colour, Pen, Point, brightness, dark, mix, rgb, shade
from .figure import Part
from .poses import Pose

INK = rgb("33252e")
WHITE = rgb("fffdf6")
_TEAR = rgb("7cc4f2")
_TONGUE = rgb("e8606a")
_MOUTH = rgb("6b1f2b")
# Brightness: on darker skin than the first, eyes get a white; brows of paler hair than the second are only shaded.
_DARK_SKIN, _PALE_HAIR = 105, 215


def eye_spots(rx: float) -> tuple[float, float]:
    """Returns the positions of the far and the near eye, in units to the right of the middle of the head."""
    return -rx * 0.3 + 2.5, rx * 0.42 + 2.5


def draw_tears(pen: Pen, spots: tuple[float, float]) -> None:
    """Draws two tears below each eye."""
    for x, side in zip(spots, (-1, 1), strict=True):
        for dx, dy, r in ((1.0, 8.0, 2.6), (3.4, 16.0, 3.2)):
            pen.blob([(x + side * dx, dy - r * 1.7), (x + side * dx + r, dy), (x + side * dx, dy + r),
                      (x + side * dx - r, dy)], _TEAR, line=True, width=1.2)  # fmt: skip


def draw_cheeks(pen: Pen, rx: float, ry: float, skin: Colour) -> None:
    blush = mix(skin, rgb("e8543f"), 0.34)
    for x in (-rx * 0.56, rx * 0.74):
        pen.oval(x, ry * 0.38, 4.6, 3.4, blush)


def draw_eyes(pen: Pen, expression: str, pose: Pose, rx: float, skin: Colour) -> None:
    gx, gy = pose.gaze
    for x in eye_spots(rx):
        if pose.eyes == "closed":
            pen.limb([(x - 4.4, 0.5), (x, 3.6), (x + 4.4, 0.5)], 3.0, INK)
        elif expression == "surprised":
            pen.oval(x, -0.5, 6.4, 7.6, WHITE, line=False)
            pen.oval(x + gx * 0.9, -0.5 + gy * 0.8, 3.3, 4.0, INK)
        else:
            if brightness(skin) < _DARK_SKIN:
                pen.oval(x + gx * 0.5, gy * 0.5, 5.0, 5.8, WHITE)
            pen.oval(x + gx * 0.7, gy * 0.7, 3.5, 4.6, INK)
            pen.oval(x + gx * 0.7 + 1.1, gy * 0.7 - 1.7, 1.5, 1.6, WHITE)


def draw_brows(pen: Pen, expression: str, head: Point, hair: Colour, eyes: str | None) -> None:
    rx, ry = head
    colour = shade(hair, 0.35) if brightness(hair) > _PALE_HAIR else dark(hair)
    inner, outer = {"sad": (-3.2, 1.6), "cross": (3.0, -2.2), "surprised": (-4.4, -3.4)}.get(
        expression, (-0.6, 0.2)
    )
    if eyes == "closed":
        inner, outer = 0.0, 0.6
    top = -ry * 0.38
    for x, side in zip(eye_spots(rx), (1, -1), strict=True):
        pen.limb([(x - side * 5, top + outer), (x + side * 4, top + inner)], 3.0, colour)


def draw_mouth(pen: Pen, expression: str, override: str | None, y: float, x: float = 3.0) -> None:
    kind = override
    if override in (None, "laugh", "smile") and expression != "happy":
        kind = expression
    if kind == "chew":
        pen.oval(x + 3, y, 4.6, 4.2, _MOUTH)
    elif kind == "sleep":
        pen.oval(x, y, 3.0, 2.6, _MOUTH)
    elif kind == "sad":
        pen.limb(
            [(x - 6, y + 3), (x - 3.5, y - 0.2), (x, y - 1.4), (x + 3.5, y - 0.2), (x + 6, y + 3)],
            3.0,
            _MOUTH,
        )
    elif kind == "cross":
        pen.limb([(x - 6, y + 1), (x + 6, y - 0.4)], 3.2, _MOUTH)
    elif kind == "surprised":
        pen.oval(x, y + 1, 3.8, 5.0, _MOUTH)
    else:
        wide = 8.5 if kind == "laugh" else 7.5
        deep = 8.0 if kind == "laugh" else 6.2
        pen.blob([(x - wide, y - 2.6), (x, y - 1.4), (x + wide, y - 2.6), (x + wide * 0.55, y + deep * 0.6),
                  (x, y + deep * 0.8), (x - wide * 0.55, y + deep * 0.6)], _MOUTH)  # fmt: skip
        pen.oval(x, y + deep * 0.42, wide * 0.42, 1.8, _TONGUE)


def draw_nose(pen: Pen, ry: float, skin: Colour) -> None:
    pen.oval(5.5, ry * 0.24, 3.4, 2.8, mix(skin, rgb("b4502f"), 0.38))


def draw_marks(
    pen: Pen, marks: tuple[str, ...], head: Point, skin: Colour, expression: str, pose: Pose
) -> None:
    """Draws what a face has besides its features: freckles, lashes, wrinkles, earrings, a beauty spot."""
    rx, ry = head
    for mark in marks:
        if mark == "lashes":
            if pose.eyes != "closed":
                _draw_lashes(pen, rx, -2.6 if expression == "surprised" else 0.0)
        else:
            _MARKS[mark](pen, rx, ry, skin)


def _freckles(pen: Pen, rx: float, ry: float, skin: Colour) -> None:
    spot = mix(skin, rgb("8f3f1e"), 0.55)
    for x, y in (
        (-0.62, 0.27),
        (-0.42, 0.36),
        (-0.7, 0.44),
        (-0.5, 0.5),
        (0.56, 0.27),
        (0.76, 0.36),
        (0.6, 0.46),
    ):
        pen.oval(x * rx, y * ry, 1.5, 1.5, spot)
    for x, y in ((-0.2, 0.2), (0.06, 0.12)):
        pen.oval(x * rx, y * ry, 1.4, 1.4, spot)


def _draw_lashes(pen: Pen, rx: float, up: float) -> None:
    for x, side in zip(eye_spots(rx), (-1, 1), strict=True):
        lid = [(x - side * 3.2, up - 4.2), (x + side * 0.6, up - 5.4), (x + side * 3.8, up - 3.4)]
        pen.limb(lid, 1.9, INK)
        pen.limb([lid[2], (x + side * 6.4, up - 4.2)], 1.9, INK)


def _wrinkles(pen: Pen, rx: float, ry: float, skin: Colour) -> None:
    line = mix(skin, rgb("7a3f2e"), 0.42)
    for y, half in ((-0.62, 0.34), (-0.74, 0.24)):
        pen.limb([(2 - half * rx, y * ry + 1), (2, y * ry), (2 + half * rx, y * ry + 1)], 1.8, line)
    for x, side in zip(eye_spots(rx), (-1, 1), strict=True):
        pen.limb([(x - 4, 6.4), (x, 7.8), (x + 4, 6.4)], 1.7, line)
        pen.limb([(x + side * 6, 0), (x + side * 9, -1.6)], 1.7, line)
        pen.limb([(x + side * 6, 2), (x + side * 9, 3)], 1.7, line)
    for side in (-1, 1):
        pen.limb(
            [(3 + side * 9.6, ry * 0.36), (3 + side * 11.4, ry * 0.52), (3 + side * 10.6, ry * 0.7)],
            1.8,
            line,
        )


def _earrings(pen: Pen, rx: float, ry: float, skin: Colour) -> None:
    for side in (-1, 1):
        pen.oval(side * (rx + 1.5), 12, 2.8, 3.6, rgb("f6c63c"), line=True)


def _beauty_spot(pen: Pen, rx: float, ry: float, skin: Colour) -> None:
    pen.oval(rx * 0.62, ry * 0.56, 1.7, 1.7, rgb("4a2a22"))


_MARKS = {"freckles": _freckles, "wrinkles": _wrinkles, "earrings": _earrings,
          "beauty spot": _beauty_spot}  # fmt: skip


def draw_glasses(pen: Pen, glasses: Part, head: Point) -> None:
    """Draws round, square or dark glasses. They are made for a head 24 units wide, and are stretched to this head."""
    fitted = pen.at(0, 0, stretch=(head[0] / 24, 1.0))
    name, frame = glasses
    if name == "round glasses":
        for x in (-4.7, 12.6):
            ring = [(x + 8 * c, 0.5 + 8 * s) for c, s in _RING]
            fitted.limb([*ring, ring[0]], 2.6, frame)
    elif name == "square glasses":
        for x in (-4.7, 12.6):
            fitted.limb(
                [(x - 8, -6), (x + 8, -6), (x + 8, 7), (x - 8, 7), (x - 8, -6)], 2.6, frame, curve=False
            )
    else:
        for x in (-5.2, 13.0):
            fitted.blob(
                [(x - 8.5, -5), (x, -6.5), (x + 8.5, -5), (x + 8, 4), (x, 8), (x - 8, 4)], rgb("2d2a38")
            )
            fitted.limb([(x - 5, 2), (x - 1, -3)], 2, rgb("6d6a86"))
        fitted.limb([(-13, -5), (21.5, -5)], 3.0, frame)
    fitted.limb([(-12.5, 0), (-22, -2)], 2.6, frame)
    if name == "square glasses":
        fitted.limb([(3, -2), (5, -2)], 2.6, frame)


_RING = [(1, 0), (0.81, 0.59), (0.31, 0.95), (-0.31, 0.95), (-0.81, 0.59), (-1, 0), (-0.81, -0.59), (-0.31, -0.95),
         (0.31, -0.95), (0.81, -0.59)]  # fmt: skip
