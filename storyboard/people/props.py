"""Things that people hold or use, drawn in the frame of the body that holds them (facing right)."""

from __future__ import annotations

from .canvas import Colour, Pen, light, rgb, shade
from .figure import Body
from .poses import Pose, chest, head_centre

WOOD = rgb("a8693a")
CREAM = rgb("fff6df")
RED = rgb("d8453f")
_HANDLE = rgb("6b4630")


def draw_prop_behind(figure: Pen, trunk: Pen, body: Body, pose: Pose, action: str, flip: float) -> None:
    """Draws what is behind the body: umbrella, cushion, easel, chair, the dust of a run, the notes of a dance."""
    if action == "sheltering":
        _umbrella(trunk, body, pose)
    elif action == "sleeping":
        _cushion(trunk, body)
    elif action == "painting":
        _easel(figure, body)
    elif action == "running":
        _dust(figure)
    elif action == "sitting":
        _chair(figure, body)
    elif action == "dancing":
        _notes(figure, body, flip)


def draw_prop_in_hand(
    figure: Pen, trunk: Pen, body: Body, pose: Pose, action: str, prop: str | None, flip: float
) -> None:
    """Draws what is in front of the body."""
    if action == "sleeping":
        _blanket(figure, body)
        _sleep_letters(figure, body, flip)
    elif action == "painting":
        _palette(trunk, *pose.hands[0])
        _brush(trunk, *pose.hands[1])
    elif action == "sheltering":
        x, y = pose.hands[1]
        trunk.limb([(x, y + 15), (x, y - 17)], 3.6, _HANDLE)
    elif action == "watering":
        _can(figure, *pose.hands[1])
        _flower(figure, body)
    elif prop in _HELD:
        x = (
            (pose.hands[0][0] + pose.hands[1][0]) / 2
            if action in ("reading", "carrying")
            else pose.hands[1][0]
        )
        _HELD[prop](trunk, x, pose.hands[1][1])


def _book(pen: Pen, x: float, y: float) -> None:
    cover = rgb("cf3f4f")
    for side in (-1, 1):
        pen.poly(
            [(x, y - 12), (x + side * 17, y - 17), (x + side * 17, y + 8), (x, y + 13)], CREAM, line=True
        )
        pen.poly([(x, y - 7), (x + side * 19, y - 12), (x + side * 19, y + 11), (x, y + 15)],
                 cover if side > 0 else shade(cover, 0.14))  # fmt: skip
        pen.box(x + (5 if side > 0 else -14), y - 3, 9, 8, rgb("f8cf5a"), r=2)
    pen.limb([(x, y - 7), (x, y + 14)], 3, shade(cover, 0.45))


def _apple(pen: Pen, x: float, y: float) -> None:
    pen.limb([(x + 1, y - 13), (x + 3, y - 19)], 3.4, WOOD)
    pen.blob([(x + 3, y - 18), (x + 12, y - 21), (x + 10, y - 14)], rgb("5fae4b"))
    pen.blob([(x, y - 12), (x + 9, y - 14), (x + 12, y - 5), (x + 6, y + 5), (x, y + 3), (x - 6, y + 5),
              (x - 12, y - 5), (x - 9, y - 14)], RED, line=True)  # fmt: skip
    pen.oval(x - 5, y - 8, 2.6, 3.2, light(RED, 0.55))


def _cake(pen: Pen, x: float, y: float) -> None:
    pen.box(x - 12, y - 12, 24, 17, rgb("fbe2b0"), r=3, line=True)
    pen.box(x - 12, y - 5, 24, 4, rgb("f28aa8"))
    pen.blob([(x - 14, y - 11), (x - 10, y - 17), (x + 10, y - 17), (x + 14, y - 11), (x + 8, y - 7), (x + 3, y - 10),
              (x - 3, y - 7), (x - 8, y - 10)], rgb("f28aa8"))  # fmt: skip
    pen.oval(x, y - 19, 4, 4, RED)


def _sandwich(pen: Pen, x: float, y: float) -> None:
    pen.poly([(x - 13, y + 3), (x + 14, y + 3), (x + 1, y - 19)], rgb("f0c27a"), line=True)
    pen.poly([(x - 9, y - 1), (x + 10, y - 1), (x + 1, y - 14)], rgb("ffedc2"))
    pen.limb([(x - 13, y + 4), (x + 14, y + 4)], 4.5, rgb("66b04c"))
    pen.limb([(x - 12, y + 8), (x + 13, y + 8)], 4.5, rgb("f0c27a"))


def _basket(pen: Pen, x: float, y: float) -> None:
    straw = rgb("c98b45")
    pen.limb(
        [(x - 15, y - 4), (x - 10, y - 24), (x, y - 28), (x + 10, y - 24), (x + 15, y - 4)],
        4,
        shade(straw, 0.2),
    )
    for dx, colour in ((-9, RED), (0, rgb("f4c33f")), (9, rgb("6db04a"))):
        pen.oval(x + dx, y - 6, 6.5, 6.5, colour)
    pen.blob([(x - 20, y - 4), (x + 20, y - 4), (x + 17, y + 10), (x + 12, y + 15), (x - 12, y + 15), (x - 17, y + 10)],
             straw, line=True)  # fmt: skip
    pen.limb([(x - 17, y + 3), (x + 17, y + 3)], 3.6, light(straw, 0.4))


def _parcel(pen: Pen, x: float, y: float) -> None:
    blue = rgb("3f9bc4")
    pen.box(x - 19, y - 17, 38, 31, blue, r=2, line=True)
    pen.box(x - 4, y - 17, 8, 31, rgb("ffe07a"))
    pen.box(x - 19, y - 6, 38, 7, rgb("ffe07a"))
    for side in (-1, 1):
        pen.blob([(x, y - 17), (x + side * 11, y - 25), (x + side * 13, y - 17)], rgb("f2c12f"), line=True)


def _pumpkin(pen: Pen, x: float, y: float) -> None:
    orange = rgb("ef8a2b")
    pen.limb([(x, y - 12), (x, y - 20), (x + 5, y - 26)], 6, rgb("5f8f3e"))
    pen.blob([(x - 1, y - 17), (x - 13, y - 25), (x - 14, y - 16)], rgb("6fa548"))
    pen.oval(x, y, 20, 16, orange, line=True)
    pen.oval(x - 12, y, 5, 12.5, shade(orange, 0.22))
    pen.oval(x + 12, y, 5, 12.5, shade(orange, 0.22))
    pen.oval(x, y, 7, 15, light(orange, 0.25))


_HELD = {
    "book": _book,
    "apple": _apple,
    "cake": _cake,
    "sandwich": _sandwich,
    "basket": _basket,
    "parcel": _parcel,
    "pumpkin": _pumpkin,
}


def _umbrella(pen: Pen, body: Body, pose: Pose) -> None:
    x, y = pose.hands[1]
    _, hy = head_centre(body)
    rim = hy - body.crown + 2
    canopy: Colour = rgb("e2504a")
    cx = x - 17
    pen.limb([(x, y + 14), (x, rim + 4), (cx, rim - 20)], 3.6, _HANDLE, curve=False)
    pen.blob([(cx - 39, rim + 4), (cx - 34, rim - 10), (cx - 18, rim - 22), (cx, rim - 26), (cx + 18, rim - 22),
              (cx + 34, rim - 10), (cx + 39, rim + 4), (cx + 26, rim), (cx + 13, rim + 4), (cx, rim),
              (cx - 13, rim + 4), (cx - 26, rim)], canopy, line=True)  # fmt: skip
    for side in (-1, 1):
        pen.poly(
            [(cx, rim - 25), (cx + side * 15, rim - 22.5), (cx + side * 26, rim), (cx + side * 13, rim + 3)],
            CREAM,
        )
    pen.limb([(cx, rim - 27), (cx, rim - 31)], 4, _HANDLE)


def _cushion(pen: Pen, body: Body) -> None:
    x, y = head_centre(body)
    blue = rgb("7fb2dc")
    wide = body.head[0] + 17
    pen.blob([(x - wide, y - 14), (x, y - 19), (x + wide, y - 14), (x + wide - 3, y + 10), (x + wide - 1, y + 34),
              (x, y + 38), (x - wide + 1, y + 34), (x - wide + 3, y + 10)], blue, line=True)  # fmt: skip


def _blanket(pen: Pen, body: Body) -> None:
    colour = rgb("e58b4a")
    wide = max(33.0, body.hip + 13)
    top = -16 - body.torso * 0.22
    pen.blob([(-wide + 6, top + 4), (0, top), (wide - 6, top + 4), (wide, -8), (wide + 2, 1), (0, 3), (-wide - 2, 1),
              (-wide, -8)], colour, line=True)  # fmt: skip
    pen.poly([(-wide + 5, top + 5), (0, top + 2), (wide - 5, top + 5), (wide - 3, top + 12), (0, top + 9),
              (-wide + 3, top + 12)], CREAM)  # fmt: skip
    for x in (-wide * 0.55, 0, wide * 0.55):
        pen.oval(x, -6, 4.4, 4.4, rgb("fbd37a"))


def _sleep_letters(pen: Pen, body: Body, flip: float) -> None:
    _, y = head_centre(body)
    y -= body.head[1]
    for dx, dy, r in ((24, -14, 5), (35, -28, 7)):
        # Mirrored a second time, so that a Z stays a Z.
        points = [
            (dx + side * flip * r, y + dy + row * r) for side, row in ((-1, -1), (1, -1), (-1, 1), (1, 1))
        ]
        pen.limb(points, 7.5, rgb("fffaf0"), curve=False)
        pen.limb(points, 3.6, rgb("4a5fa5"), curve=False)


def _easel(pen: Pen, body: Body) -> None:
    x = body.shoulder + 27
    y = chest(body, 0.16)
    for dx in (-9, 9):
        pen.limb([(x, y - 18), (x + dx * 1.3, 0)], 4.4, WOOD)
    pen.box(x - 17, y - 21, 34, 38, CREAM, r=2, line=True)
    pen.blob([(x - 14, y + 13), (x - 6, y + 1), (x + 2, y + 8), (x + 14, y + 2), (x + 14, y + 14), (x - 14, y + 14)],
             rgb("6fb36b"))  # fmt: skip
    pen.oval(x + 5, y - 9, 6.5, 6.5, rgb("f2a63c"))
    pen.limb([(x - 16, y + 19), (x + 16, y + 19)], 4.4, WOOD)


def _palette(pen: Pen, x: float, y: float) -> None:
    pen.oval(x - 2, y - 4, 15, 10, rgb("d9a566"), line=True)
    for dx, dy, colour in ((-10, -5, RED), (-3, -9, rgb("f2c53d")), (5, -8, rgb("4c9bd0"))):
        pen.oval(x + dx, y + dy, 3.2, 2.8, colour)


def _brush(pen: Pen, x: float, y: float) -> None:
    pen.limb([(x - 6, y + 4), (x + 9, y - 6)], 3.6, WOOD)
    pen.limb([(x + 9, y - 6), (x + 12, y - 8)], 5, rgb("e8604a"))


def _can(pen: Pen, x: float, y: float) -> None:
    tin = rgb("4aa3b5")
    pen.limb([(x + 13, y + 20), (x + 24, y + 6)], 5, tin, line=True)
    pen.limb([(x + 21, y + 4), (x + 28, y + 9)], 4.4, shade(tin, 0.2))
    pen.limb([(x - 9, y + 13), (x - 6, y + 1), (x + 6, y + 1), (x + 9, y + 13)], 4, shade(tin, 0.3))
    pen.box(x - 11, y + 10, 23, 20, tin, r=4, line=True)
    for dx, dy in ((28, 18), (32, 28), (27, 36)):
        pen.oval(x + dx, y + dy, 2.6, 3.8, rgb("6cc3ee"))


def _flower(pen: Pen, body: Body) -> None:
    x, top = body.shoulder + 30, -22
    pen.limb([(x, -8), (x, top - 6)], 4, rgb("4d9a46"))
    pen.blob([(x, -13), (x + 12, -22), (x + 9, -11)], rgb("5fae4b"))
    for dx, dy in ((-7, 0), (7, 0), (0, -7), (0, 7)):
        pen.oval(x + dx, top - 12 + dy, 5.4, 5.4, rgb("f17fb0"))
    pen.oval(x, top - 12, 4.6, 4.6, rgb("ffd65a"))
    pen.poly([(x - 11, -14), (x + 11, -14), (x + 8, 1), (x - 8, 1)], rgb("c9693f"), line=True)


def _chair(pen: Pen, body: Body) -> None:
    """A chair as seen from the front: the parts that are visible beside a sitting person."""
    w, seat = max(body.hip, body.shoulder) + 15, -body.leg + 4
    back = seat - body.torso * 0.92
    for side in (-1, 1):
        pen.limb([(side * (w - 4), back), (side * (w - 4), -2)], 6, shade(WOOD, 0.16), line=True)
    pen.box(-w, back - 5, 2 * w, 11, WOOD, r=5, line=True)
    pen.box(-w, back + 16, 2 * w, 8, WOOD, r=3, line=True)
    pen.box(-w, seat - 5, 2 * w, 9, WOOD, r=3, line=True)


def _dust(pen: Pen) -> None:
    puff = rgb("f6ead4")
    for x, y, r in ((-32, -5, 6), (-39, -8, 4)):
        pen.oval(x, y, r, r * 0.8, puff)


def _notes(pen: Pen, body: Body, flip: float) -> None:
    _, top = head_centre(body)
    for spot, dy, colour in ((-34, 50, rgb("e0527a")), (38, 32, rgb("4a6fd0"))):
        note = pen.at(spot, top + dy, flip=flip)  # mirrored a second time, because a mirrored note is wrong
        for extra, tone in ((3.0, rgb("fffaf0")), (0.0, colour)):
            note.limb([(2, 0), (2, -17), (8, -13)], 3.6 + extra, tone, curve=False)
            note.oval(-1.5, 0, 4.8 + extra / 2, 4.2 + extra / 2, tone)
