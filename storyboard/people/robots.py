"""Robot heads of several shapes. A robot's face is light on a dark screen, with the same expressions as other faces."""

from __future__ import annotations

from collections.abc import Callable

from .canvas import Colour, Pen, Point, light, rgb, shade
from .figure import Body
from .poses import Pose

_SCREEN = rgb("2d4150")
_GLOW = rgb("ffe27a")

# Half width and half height of each shape of head, in units.
SHAPES: dict[str, Point] = {
    "screen": (29, 22), "dome": (25, 24), "bucket": (23, 23), "television": (30, 21), "cyclops": (25, 24),
    "lantern": (22, 25),
}  # fmt: skip


def draw_robot_head(pen: Pen, shape: str, body: Body, expression: str, pose: Pose) -> None:
    """Draws the whole head. `body.skin` is the metal, `body.hair` the colour of knobs and trimmings."""
    _SHELLS[shape](pen, body.head, body.skin, body.hair)
    if shape == "cyclops":
        _one_eye(pen, expression, pose)
    else:
        _two_eyes(pen, expression, pose)
    _draw_mouth(pen, expression, pose, 13.0 if shape == "cyclops" else 9.0)


def _screen(pen: Pen, head: Point, metal: Colour, knob: Colour) -> None:
    rx, ry = head
    pen.limb([(0, -ry), (0, -ry - 10)], 4, shade(metal, 0.45))
    pen.oval(0, -ry - 13, 6, 6, knob, line=True)
    for side in (-1, 1):
        pen.box(side * (rx + 2) - 4, -8, 8, 18, knob, r=3, line=True)
    pen.box(-rx, -ry, 2 * rx, 2 * ry, metal, r=9, line=True)
    pen.box(-rx + 5, -ry + 5, 2 * rx - 10, 2 * ry - 10, _SCREEN, r=7)


def _dome(pen: Pen, head: Point, metal: Colour, knob: Colour) -> None:
    rx, ry = head
    for side in (-1, 1):
        pen.oval(side * (rx + 1), 2, 6, 8, knob, line=True)
    pen.blob([(-rx, ry - 4), (-rx - 1, -4), (-rx * 0.7, -ry), (0, -ry - 6), (rx * 0.7, -ry), (rx + 1, -4), (rx, ry - 4),
              (0, ry)], metal, line=True)  # fmt: skip
    pen.blob([(-rx * 0.5, -ry + 1), (0, -ry - 2), (rx * 0.3, -ry), (-rx * 0.1, -ry + 5)], light(metal, 0.5))
    pen.box(-rx + 4, -13, 2 * rx - 8, 29, _SCREEN, r=12)


def _bucket(pen: Pen, head: Point, metal: Colour, knob: Colour) -> None:
    rx, ry = head
    pen.limb([(-9, -ry), (-14, -ry - 12)], 3.4, shade(metal, 0.45))
    pen.limb([(9, -ry), (14, -ry - 12)], 3.4, shade(metal, 0.45))
    for side in (-1, 1):
        pen.oval(side * 15, -ry - 14, 4.4, 4.4, knob, line=True)
    pen.poly([(-rx + 3, -ry), (rx - 3, -ry), (rx + 3, ry), (-rx - 3, ry)], metal, line=True)
    pen.poly([(-rx + 3, -ry), (rx - 3, -ry), (rx - 2.2, -ry + 7), (-rx + 2.2, -ry + 7)], knob)
    pen.box(-rx + 3, -12, 2 * rx - 6, 28, _SCREEN, r=4)
    for x in (-rx + 2, rx - 2):
        pen.oval(x, ry - 4, 2, 2, light(metal, 0.5))


def _television(pen: Pen, head: Point, metal: Colour, knob: Colour) -> None:
    rx, ry = head
    for side in (-1, 1):
        pen.limb([(side * 2, -ry), (side * 17, -ry - 19)], 3, shade(metal, 0.5))
        pen.oval(side * 17, -ry - 19, 3.4, 3.4, knob, line=True)
    pen.box(-rx, -ry, 2 * rx, 2 * ry, metal, r=4, line=True)
    pen.box(-rx + 4, -ry + 4, 2 * rx - 17, 2 * ry - 8, _SCREEN, r=6)
    for y in (-10, 0):
        pen.oval(rx - 7, y, 3.6, 3.6, knob)
    for y in (9, 13):
        pen.limb([(rx - 10, y), (rx - 4, y)], 2, shade(metal, 0.4))


def _cyclops(pen: Pen, head: Point, metal: Colour, knob: Colour) -> None:
    rx, ry = head
    pen.limb([(0, -ry), (0, -ry - 8)], 4, shade(metal, 0.45))
    pen.blob([(0, -ry - 20), (6, -ry - 11), (0, -ry - 7), (-6, -ry - 11)], knob, line=True)
    for side in (-1, 1):
        pen.box(side * (rx + 1) - 4, -6, 8, 14, knob, r=3, line=True)
    pen.oval(0, 0, rx, ry, metal, line=True)
    pen.oval(-9, -15, 7, 4, light(metal, 0.5))
    pen.oval(2, -4, 15, 13.5, shade(metal, 0.45))


def _lantern(pen: Pen, head: Point, metal: Colour, knob: Colour) -> None:
    rx, ry = head
    ring = [(-5, -ry - 6), (-7, -ry - 14), (0, -ry - 19), (7, -ry - 14), (5, -ry - 6)]
    pen.limb(ring, 3.2, shade(metal, 0.45))
    pen.box(-rx + 1, -14, 2 * rx - 2, 33, _SCREEN, r=5, line=True)
    pen.poly([(-rx - 4, -13), (-rx * 0.4, -ry - 6), (rx * 0.4, -ry - 6), (rx + 4, -13)], metal, line=True)
    pen.box(-rx - 2, 17, 2 * rx + 4, 8, metal, r=3, line=True)
    for x in (-rx + 1, rx - 5):
        pen.box(x, -13, 4, 30, knob)


_SHELLS: dict[str, Callable[[Pen, Point, Colour, Colour], None]] = {
    "screen": _screen, "dome": _dome, "bucket": _bucket, "television": _television, "cyclops": _cyclops,
    "lantern": _lantern,
}  # fmt: skip


def _two_eyes(pen: Pen, expression: str, pose: Pose) -> None:
    gx, gy = pose.gaze
    for side in (-1, 1):
        x, y = side * 11 + gx, -4 + gy * 0.6
        if pose.eyes == "closed":
            pen.limb([(x - 5, y), (x, y + 3), (x + 5, y)], 3.2, _GLOW)
        elif expression == "surprised":
            pen.oval(x, y, 6.4, 7.4, _GLOW)
            pen.oval(x, y, 3.2, 4, _SCREEN)
        else:
            pen.oval(x, y, 4.4, 5.4, _GLOW)
        if pose.eyes != "closed" and expression in ("sad", "cross"):
            tip = 4 if expression == "cross" else -4
            pen.limb([(x - side * 6, y - 7 + tip * 0.7), (x + side * 5, y - 7 - tip * 0.5)], 3.2, _GLOW)


def _one_eye(pen: Pen, expression: str, pose: Pose) -> None:
    x, y = 2 + pose.gaze[0] * 1.4, -4 + pose.gaze[1] * 0.8
    pen.oval(2, -4, 12.5, 11, rgb("fffdf6"))
    if pose.eyes == "closed":
        pen.oval(2, -4, 12.5, 11, _SCREEN)
        pen.limb([(-6, -4), (2, 0), (10, -4)], 3.2, _GLOW)
        return
    wide = 8.2 if expression == "surprised" else 6.4
    pen.oval(x, y, wide, wide, rgb("3f8fb5"))
    pen.oval(x, y, 3.4, 3.4, _SCREEN)
    pen.oval(x + 1.6, y - 2, 1.5, 1.5, rgb("fffdf6"))
    tips = {"sad": (-12.5, -17.5), "cross": (-17.5, -11)}.get(expression)
    if tips:
        pen.limb([(-10, tips[0]), (14, tips[1])], 3.6, _SCREEN)


def _draw_mouth(pen: Pen, expression: str, pose: Pose, y: float) -> None:
    glow = _GLOW if y < 10 else _SCREEN
    if pose.mouth == "chew" or (expression == "surprised" and pose.eyes != "closed"):
        pen.oval(1, y, 4, 3.8, glow)
    elif pose.eyes == "closed":
        pen.limb([(-4, y), (5, y)], 3.2, glow)
    elif expression == "sad":
        pen.limb([(-8, y + 3), (-4.5, y), (0, y - 1), (4.5, y), (8, y + 3)], 3.2, glow)
    elif expression == "cross":
        pen.limb([(-8, y + 1), (8, y + 1)], 3.2, glow)
    else:
        pen.limb([(-9, y - 2), (-5.5, y + 2), (0, y + 3.4), (5.5, y + 2), (9, y - 2)], 3.4, glow)
