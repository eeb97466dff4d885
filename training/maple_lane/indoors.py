"""The six places under a roof. Each function draws a still background, from -12 to 268 units wide so that it can pan.

Backgrounds are paler than people and have no outlines, so that figures stand out.
"""

from __future__ import annotations

from storyboard.people.canvas import Colour, Pen, light, rgb, shade

L, R, W = -12, 268, 280


def _tiles(pen: Pen, top: float, a: Colour, b: Colour) -> None:
    """A floor of wide checks whose lines meet at a point behind the wall."""
    rows = ((top, top + 17), (top + 17, top + 41), (top + 41, 276))
    eye = top - 90
    pen.box(L, top, W, 276 - top, a)
    for row, (y0, y1) in enumerate(rows):
        for k in range(-8, 8):
            if (k + row) % 2 == 0:
                near, far = (y1 - eye) / 90 * 30, (y0 - eye) / 90 * 30
                pen.poly(
                    [
                        (128 + k * far, y0),
                        (128 + (k + 1) * far, y0),
                        (128 + (k + 1) * near, y1),
                        (128 + k * near, y1),
                    ],
                    b,
                )


def _boards(pen: Pen, top: float, wood: Colour) -> None:
    pen.box(L, top, W, 272 - top, wood)
    for y in (top + 13, top + 32, top + 58):
        pen.box(L, y, W, 3.4, shade(wood, 0.12))


def kitchen(pen: Pen) -> None:
    pen.box(L, 0, W, 200, rgb("fdf0c4"))
    pen.box(92, 26, 74, 66, rgb("fffaf0"), r=4)  # window
    pen.box(98, 32, 62, 54, rgb("bfe4ee"), r=2)
    pen.box(126, 32, 5, 54, rgb("fffaf0"))
    pen.blob([(90, 24), (168, 24), (166, 44), (148, 38), (129, 46), (110, 38), (92, 44)], rgb("ef8b76"))
    teal = rgb("6fb5ac")
    for x in (-8, 36, 176, 220):  # cupboards
        pen.box(x, 16, 42, 66, teal, r=3)
        pen.box(x + 6, 22, 30, 54, light(teal, 0.22), r=3)
        pen.oval(x + 33, 62, 3, 3, rgb("fff3d0"))
    pen.box(L, 128, W, 9, rgb("c98f5e"))
    pen.box(L, 137, W, 60, teal)
    for x in (-6, 42, 90, 200):
        pen.box(x, 143, 42, 50, light(teal, 0.18), r=3)
    pen.box(140, 126, 56, 71, rgb("e7e3dc"), r=3)  # stove
    pen.box(147, 154, 42, 30, rgb("59636e"), r=4)
    for x in (150, 163, 176, 187):
        pen.oval(x, 145, 3, 3, rgb("dc6a55"))
    pen.box(152, 108, 30, 19, rgb("dc5a4c"), r=4)  # pot
    pen.box(147, 106, 40, 5, shade(rgb("dc5a4c"), 0.25), r=2)
    pen.box(18, 108, 12, 20, rgb("8bbf6c"), r=4)
    pen.box(34, 113, 12, 15, rgb("f0b445"), r=4)
    _tiles(pen, 196, rgb("fbf3e2"), rgb("eccfae"))


def library(pen: Pen) -> None:
    pen.box(L, 0, W, 204, rgb("8a4d4c"))
    wood = rgb("b37b50")
    books = [rgb(c) for c in ("e0b45c", "7fa7a6", "d97d5f", "efe0bd", "9c86b3", "8fae76")]
    for start in (L, 84, 180):
        width = 88
        pen.box(start, 8, width, 196, wood)
        for row in range(4):
            y = 16 + row * 46
            pen.box(start + 6, y, width - 12, 38, rgb("6f3d3a"))
            k = row * 2 + start // 40
            x: float = start + 8
            while x < start + width - 16:
                w = (9, 12, 10, 8)[k % 4]
                h = (32, 27, 34, 29)[(k * 3 + row) % 4]
                pen.box(x, y + 38 - h, w, h, books[(k * 5 + row) % 6], r=1.5)
                x, k = x + w + 1.5, k + 1
    pen.limb([(60, 206), (82, 6)], 5, rgb("e7c48d"))  # ladder
    pen.limb([(84, 206), (106, 6)], 5, rgb("e7c48d"))
    for i in range(6):
        x, y = 64 + i * 3.6, 180 - i * 32
        pen.limb([(x, y), (x + 22, y)], 4.4, rgb("e7c48d"))
    _boards(pen, 202, rgb("c99a68"))
    pen.oval(128, 240, 112, 17, rgb("6d8f8c"))
    pen.oval(128, 240, 92, 11.5, rgb("86a8a2"))


def classroom(pen: Pen) -> None:
    pen.box(L, 0, W, 200, rgb("dcebd6"))
    pen.box(38, 26, 180, 92, rgb("c48f5c"), r=4)  # blackboard
    pen.box(45, 33, 166, 78, rgb("3f7a66"))
    chalk = rgb("eaf5e6")
    pen.limb([(58, 96), (68, 52), (78, 96)], 4.4, chalk, curve=False)
    pen.limb([(63, 82), (73, 82)], 4, chalk)
    pen.limb([(120, 52), (120, 96)], 4.4, chalk)
    pen.limb([(120, 52), (132, 54), (134, 66), (121, 73), (136, 77), (137, 92), (120, 96)], 4.4, chalk)
    pen.limb([(194, 58), (184, 52), (175, 60), (173, 74), (175, 88), (184, 96), (194, 90)], 4.4, chalk)
    pen.oval(18, 48, 17, 17, rgb("fffaf0"))  # clock
    pen.limb([(18, 48), (18, 38)], 3.6, rgb("55606a"))
    pen.limb([(18, 48), (26, 52)], 3.6, rgb("55606a"))
    for i, c in enumerate(("f2a65a", "e77f8d", "f3d15c")):  # pictures
        pen.box(226, 30 + i * 30, 26, 24, rgb(c), r=2)
        pen.oval(239, 42 + i * 30, 6, 6, rgb("fffaf0"))
    pen.box(L, 150, W, 48, rgb("c5dcc0"))
    pen.box(8, 152, 74, 9, rgb("d29a5d"), r=2)  # desks
    pen.box(14, 160, 8, 42, rgb("a87a4a"))
    pen.box(68, 160, 8, 42, rgb("a87a4a"))
    pen.box(172, 152, 76, 9, rgb("d29a5d"), r=2)
    pen.box(178, 160, 8, 42, rgb("a87a4a"))
    pen.box(234, 160, 8, 42, rgb("a87a4a"))
    pen.oval(226, 134, 15, 15, rgb("72b5d8"))  # globe
    pen.oval(222, 131, 7, 8, rgb("8fc27a"))
    pen.box(216, 147, 20, 5, rgb("8a5b3b"))
    pen.box(22, 138, 30, 7, rgb("e0685c"))
    pen.box(25, 145, 26, 7, rgb("5b8fc0"))
    _boards(pen, 198, rgb("e3bd84"))


def bakery(pen: Pen) -> None:
    pen.box(L, 0, W, 204, rgb("fbd9d3"))
    for i in range(10):  # awning
        c = rgb("e9718a") if i % 2 == 0 else rgb("fff6ea")
        x = L + i * 28
        pen.box(x, 0, 28, 26, c)
        pen.oval(x + 14, 26, 14, 9, c)
    for y in (76, 118):
        pen.box(L, y, W, 7, rgb("b97f52"))
    crust = rgb("dda257")
    for x in (10, 54, 206, 248):  # loaves
        pen.oval(x, 66, 18, 11, crust)
        for dx in (-7, 2):
            pen.limb([(x + dx, 62), (x + dx + 4, 69)], 3.4, light(crust, 0.5))
    for x in (104, 124, 144, 164):
        pen.limb([(x, 72), (x + 6, 46)], 9, rgb("cf8d45"))
    for x, icing in ((4, "f7a8bd"), (40, "a9d8c5"), (76, "fff1c9"), (112, "f7a8bd"), (148, "a9d8c5"), (184, "fff1c9"),
                 (220, "f7a8bd"), (256, "a9d8c5")):  # fmt: skip
        pen.poly([(x - 9, 105), (x + 9, 105), (x + 7, 118), (x - 7, 118)], rgb("b9744a"))
        pen.oval(x, 103, 11, 8, rgb(icing))
    pen.box(L, 142, W, 8, rgb("fff6ea"))
    pen.box(L, 150, W, 54, rgb("c98a63"))
    for x in (-4, 64, 132, 200):
        pen.box(x, 156, 60, 40, rgb("dfa67c"), r=4)
    pen.box(20, 122 + 8, 36, 13, rgb("fff6ea"), r=3)  # cakes on the counter
    pen.box(24, 118, 28, 14, rgb("f28aa8"), r=4)
    pen.box(204, 130, 40, 13, rgb("8a4f3a"), r=4)
    pen.box(210, 120, 28, 12, rgb("fff1d6"), r=4)
    _tiles(pen, 202, rgb("fff4e6"), rgb("f2c3bb"))


def bedroom(pen: Pen) -> None:
    pen.box(L, 0, W, 204, rgb("a9a5d6"))
    for x, y in ((14, 24), (66, 60), (108, 20), (238, 108), (24, 96), (176, 104), (100, 96)):
        pen.poly([(x, y - 6), (x + 2, y - 2), (x + 6, y), (x + 2, y + 2), (x, y + 6),
                  (x - 2, y + 2), (x - 6, y), (x - 2, y - 2)],
                 rgb("f3e3a0"))  # fmt: skip
    pen.box(150, 18, 84, 76, rgb("fff6ea"), r=5)  # window at night
    pen.box(157, 25, 70, 62, rgb("3f4f8c"), r=3)
    pen.oval(204, 46, 14, 14, rgb("fff0b4"))
    pen.oval(198, 43, 11, 12, rgb("3f4f8c"))
    for x, y in ((172, 40), (178, 72), (216, 74)):
        pen.oval(x, y, 2.4, 2.4, rgb("fff0b4"))
    pen.box(150, 92, 84, 6, rgb("e5d7c4"), r=2)
    wood = rgb("a8715a")
    pen.box(-6, 112, 12, 92, wood, r=5)  # bed
    pen.box(150, 146, 10, 58, wood, r=4)
    pen.box(2, 148, 150, 40, rgb("fdf5ea"), r=4)
    pen.box(6, 134, 42, 24, rgb("fffdf6"), r=9)
    patches = ("e88aa0", "f3cf7a", "83bfb5")
    for i in range(4):
        for row in (0, 1):
            pen.box(52 + i * 25, 146 + row * 22, 25, 22, rgb(patches[(i + row * 2) % 3]))
    pen.box(2, 188, 150, 9, wood)
    pen.box(196, 162, 48, 40, rgb("c08a68"), r=3)  # bedside table and lamp
    pen.box(202, 170, 36, 12, rgb("d7a683"), r=2)
    pen.box(217, 138, 6, 25, rgb("f3e6cf"))
    pen.poly([(204, 142), (236, 142), (229, 116), (211, 116)], rgb("ffd98a"))
    _boards(pen, 202, rgb("c4a08c"))
    pen.oval(128, 240, 106, 16, rgb("d98ba0"))
    pen.oval(128, 240, 86, 10.5, rgb("eab0bd"))


def station(pen: Pen) -> None:
    pen.box(L, 0, W, 210, rgb("d9e3e6"))
    pen.poly([(L, 0), (R, 0), (R, 24), (L, 24)], rgb("4f6f77"))  # roof
    for x in range(-12, 268, 28):
        pen.poly([(x, 24), (x + 28, 24), (x + 14, 38)], rgb("e7ba58"))
    train = rgb("5d8fc2")
    pen.box(L, 76, W, 108, train)
    pen.box(L, 76, W, 12, rgb("f4efe2"))
    pen.box(L, 144, W, 9, rgb("f2c75c"))
    for x in (-4, 44, 146, 194, 242):
        pen.box(x, 94, 38, 40, rgb("f4efe2"), r=5)
        pen.box(x + 4, 98, 30, 32, rgb("bfe3ee"), r=4)
    pen.box(94, 92, 42, 92, shade(train, 0.3), r=4)  # door
    pen.box(99, 98, 14, 40, rgb("bfe3ee"), r=3)
    pen.box(118, 98, 14, 40, rgb("bfe3ee"), r=3)
    pen.box(L, 182, W, 14, rgb("4a4f5c"))
    for x in (14, 54, 176, 216):
        pen.oval(x, 190, 12, 11, rgb("353a47"))
        pen.oval(x, 190, 5, 5, rgb("a9b1b9"))
    pen.box(20, 24, 6, 24, rgb("4f6f77"))  # clock
    pen.oval(23, 54, 18, 18, rgb("4f6f77"))
    pen.oval(23, 54, 14, 14, rgb("fffaf0"))
    pen.limb([(23, 54), (23, 45)], 3.4, rgb("353a47"))
    pen.limb([(23, 54), (30, 57)], 3.4, rgb("353a47"))
    pen.box(L, 198, W, 74, rgb("c9c2bb"))
    pen.box(L, 198, W, 9, rgb("f0cf5f"))
    for x in (32, 100, 168, 236):
        pen.box(x, 207, 3.4, 65, rgb("b5ada6"))
