"""Animals that stand upright and wear clothes: heads, ears, muzzles, markings and tails.

Everything is drawn around the centre of a head that faces right. Ears are drawn first, because they are behind the
skull.
"""

from __future__ import annotations

from collections.abc import Callable

from .canvas import Colour, Pen, Point, brightness, light, mix, rgb, shade
from .faces import INK, draw_brows, draw_eyes, draw_mouth
from .figure import Body
from .poses import Pose

_PINK = rgb("f0a3a8")

# Half width and half height of each head, in units.
ANIMALS: dict[str, Point] = {
    "cat": (26, 22),
    "dog": (24, 23),
    "rabbit": (23, 23),
    "fox": (27, 22),
    "bear": (26, 24),
}
EARS_HEIGHT = {"cat": 44.0, "dog": 30.0, "rabbit": 70.0, "fox": 46.0, "bear": 36.0}
MARKINGS = ("plain fur", "striped fur", "spotted fur", "an eye patch", "a white face")


def draw_ears(pen: Pen, kind: str, body: Body) -> None:
    """Draws the ears that are behind the skull."""
    _EARS[kind](pen, body.skin, body.hair)


def draw_animal_head(pen: Pen, kind: str, marking: str, body: Body, expression: str, pose: Pose) -> None:
    """Draws skull, markings and face. `body.skin` is the fur, `body.hair` the colour of the markings."""
    rx, ry = body.head
    fur = body.skin
    draw_ears(pen, kind, body)
    if kind == "fox":
        pen.blob([(0, -ry), (rx * 0.7, -ry * 0.8), (rx, -2), (rx + 5, 11), (rx * 0.6, 18), (0, ry + 2), (-rx * 0.6, 18),
                  (-rx - 5, 11), (-rx, -2), (-rx * 0.7, -ry * 0.8)], fur, line=True)  # fmt: skip
    else:
        pen.blob([(0, -ry), (rx * 0.72, -ry * 0.78), (rx, 0), (rx * 0.92, ry * 0.6), (rx * 0.46, ry * 0.96), (0, ry),
                  (-rx * 0.46, ry * 0.96), (-rx * 0.92, ry * 0.6), (-rx, 0), (-rx * 0.72, -ry * 0.78)], fur,
                 line=True)  # fmt: skip
    _MARKS[marking](pen, rx, ry, body.hair)
    if kind == "dog":
        _flaps(pen, fur)
    _MUZZLES[kind](pen, fur, marking == "a white face")
    draw_eyes(pen, expression, pose, rx * 0.94, fur)
    if expression != "happy":
        brow = light(fur, 0.45) if brightness(fur) < 90 else fur
        draw_brows(pen, expression, body.head, brow, pose.eyes)
    draw_mouth(pen, expression, pose.mouth, ry * 0.66 + (1.5 if kind in ("dog", "bear") else 0.5), 3.6)
    if kind == "rabbit" and expression == "happy" and pose.mouth is None:
        pen.box(1.4, ry * 0.66 - 1.4, 4.4, 4.6, rgb("fffdf6"), r=1)


def draw_tail(pen: Pen, kind: str, body: Body) -> None:
    """Draws the tail behind a standing body whose feet are at height 0."""
    x, y = -body.hip * 0.7, -body.leg - 2
    fur = body.skin
    if kind == "cat":
        pen.limb([(x, y), (x - 14, y + 8), (x - 24, y - 4), (x - 20, y - 22)], 7.5, fur, line=True)
    elif kind == "dog":
        pen.limb([(x, y), (x - 12, y - 6), (x - 20, y - 20)], 8.5, fur, line=True)
    elif kind == "fox":
        pen.blob([(x + 2, y - 2), (x - 12, y - 4), (x - 27, y - 20), (x - 24, y + 2), (x - 12, y + 11), (x + 2, y + 8)],
                 fur, line=True)  # fmt: skip
        pen.blob([(x - 27, y - 19), (x - 20, y - 10), (x - 22, y), (x - 25.5, y - 6)], light(fur, 0.85))
    elif kind == "rabbit":
        pen.oval(x - 7, y + 2, 8.5, 8, light(fur, 0.6), line=True)
    else:
        pen.oval(x - 5, y + 1, 6, 6, fur, line=True)


def _pointed(pen: Pen, fur: Colour, inner: Colour, tip: Colour | None, out: float, up: float) -> None:
    for side in (-1, 1):
        pen.poly([(side * 6, -17), (side * out, -up), (side * 25, -6)], fur, line=True)
        pen.poly([(side * 11, -18), (side * (out - 1.5), -up + 8), (side * 21, -9)], inner)
        if tip:
            a, b = (
                (side * (6 + (out - 6) * 0.62), -17 - (up - 17) * 0.62),
                (side * (25 - (25 - out) * 0.62), -6 - (up - 6) * 0.62),
            )
            pen.poly([a, (side * out, -up), b], tip)


def _cat_ears(pen: Pen, fur: Colour, marking: Colour) -> None:
    _pointed(pen, fur, mix(fur, _PINK, 0.7), None, 21, 42)


def _fox_ears(pen: Pen, fur: Colour, marking: Colour) -> None:
    _pointed(pen, fur, light(fur, 0.7), rgb("3f2c33"), 22, 44)


def _rabbit_ears(pen: Pen, fur: Colour, marking: Colour) -> None:
    for side, turn in ((-1, -9), (1, 7)):
        ear = pen.at(side * 9, -16, turn=turn)
        ear.blob([(-7, 2), (-9.5, -22), (-6, -46), (0, -51), (6, -46), (9.5, -22), (7, 2)], fur, line=True)
        ear.blob([(-3.5, -4), (-4.6, -22), (0, -43), (4.6, -22), (3.5, -4)], mix(fur, _PINK, 0.65))


def _bear_ears(pen: Pen, fur: Colour, marking: Colour) -> None:
    for side in (-1, 1):
        pen.oval(side * 19, -21, 10, 10, fur, line=True)
        pen.oval(side * 19, -20, 5.4, 5.4, mix(fur, _PINK, 0.45))


def _no_ears(pen: Pen, fur: Colour, marking: Colour) -> None:
    """Draws nothing: a dog's ears hang in front of its skull."""


def _flaps(pen: Pen, fur: Colour) -> None:
    for side in (-1, 1):
        pen.blob([(side * 13, -22), (side * 22, -22), (side * 32, -10), (side * 34, 8), (side * 27, 15), (side * 21, 4),
                  (side * 18, -10)], shade(fur, 0.32), line=True)  # fmt: skip


_EARS: dict[str, Callable[[Pen, Colour, Colour], None]] = {
    "cat": _cat_ears, "dog": _no_ears, "rabbit": _rabbit_ears, "fox": _fox_ears, "bear": _bear_ears,
}  # fmt: skip


def _small_muzzle(pen: Pen, fur: Colour, white: bool) -> None:
    pale = light(fur, 0.62)
    for side in (-1, 1):
        pen.oval(4 + side * 6, 10, 8.4, 7, pale)
    pen.blob([(0, 3.4), (4, 2.6), (8, 3.4), (4, 8)], rgb("d9707c"))
    tone = INK if brightness(fur) > 90 else light(fur, 0.7)
    for side in (-1, 1):
        for dy, end in ((8, 5), (11, 12)):
            pen.limb([(4 + side * 13, dy), (4 + side * 24, end)], 1.5, tone)


def _big_muzzle(pen: Pen, fur: Colour, white: bool) -> None:
    pen.oval(4, 11, 14.5, 11, light(fur, 0.55))
    pen.oval(4.6, 5, 5.6, 4.2, INK)
    pen.oval(3.4, 3.8, 1.6, 1.2, light(INK, 0.6))


def _fox_muzzle(pen: Pen, fur: Colour, white: bool) -> None:
    pale = light(fur, 0.86)
    for side in (-1, 1):
        pen.blob([(3, 4), (side * 14, 3), (side * 30, 11), (side * 17, 17), (3, 23), (3, 14)], pale)
    pen.blob([(-4, 2), (4, -1), (12, 2), (9, 10), (4, 13), (-1, 10)], fur)
    pen.oval(4.6, 8, 4.6, 3.6, INK)
    pen.oval(3.8, 7, 1.4, 1.1, light(INK, 0.6))


_MUZZLES: dict[str, Callable[[Pen, Colour, bool], None]] = {
    "cat": _small_muzzle, "rabbit": _small_muzzle, "dog": _big_muzzle, "bear": _big_muzzle, "fox": _fox_muzzle,
}  # fmt: skip


def _plain(pen: Pen, rx: float, ry: float, tone: Colour) -> None:
    """Draws nothing."""


def _stripes(pen: Pen, rx: float, ry: float, tone: Colour) -> None:
    for x in (-7, 1, 9):
        pen.poly([(x - 2.6, -ry + abs(x) * 0.14), (x + 2.6, -ry + abs(x) * 0.14), (x * 0.8, -ry * 0.5)], tone)
    for side in (-1, 1):
        for y in (3, 10):
            pen.poly(
                [(side * (rx - 0.4), y - 2.4), (side * (rx - 1), y + 2.4), (side * (rx - 10), y + 0.6)], tone
            )


def _spots(pen: Pen, rx: float, ry: float, tone: Colour) -> None:
    for x, y, r in (
        (-14, -13, 4.2),
        (-4, -18, 3.2),
        (13, -15, 4.4),
        (-20, 2, 3.4),
        (20, -3, 3.0),
        (-17, 12, 2.8),
    ):
        pen.oval(x, y, r, r * 0.9, tone)


def _eye_patch(pen: Pen, rx: float, ry: float, tone: Colour) -> None:
    pen.blob([(5, -14), (16, -17), (23, -6), (20, 6), (10, 7), (4, -2)], tone)


def _white_face(pen: Pen, rx: float, ry: float, tone: Colour) -> None:
    pen.blob(
        [
            (1, -ry + 0.6),
            (7, -ry + 0.8),
            (10, -8),
            (15, 4),
            (17, 14),
            (4, ry - 1),
            (-9, 14),
            (-7, 4),
            (-2, -8),
        ],
        tone,
    )


_MARKS: dict[str, Callable[[Pen, float, float, Colour], None]] = dict(
    zip(MARKINGS, (_plain, _stripes, _spots, _eye_patch, _white_face), strict=True)
)
