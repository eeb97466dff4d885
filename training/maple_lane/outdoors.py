"""The six places under the sky. Each function draws a still background, from -12 to 268 units wide so that it can pan.

Backgrounds are paler than people and have no outlines, so that figures stand out.
"""

from __future__ import annotations

from storyboard.people.canvas import Colour, Pen, light, mix, rgb, shade

L, R, W = -12, 268, 280


def _cloud(pen: Pen, x: float, y: float, s: float = 1.0, colour: Colour = (255, 253, 246)) -> None:
    for dx, dy, r in ((-16, 2, 10), (0, -4, 14), (16, 2, 11)):
        pen.oval(x + dx * s, y + dy * s, r * s, r * s * 0.8, colour)
    pen.box(x - 24 * s, y + 2 * s, 48 * s, 8 * s, colour, r=4 * s)


def _tree(pen: Pen, x: float, y: float, s: float, leaf: Colour, trunk: Colour) -> None:
    pen.poly([(x - 6 * s, y), (x - 4 * s, y - 50 * s), (x + 4 * s, y - 50 * s), (x + 6 * s, y)], trunk)
    for dx, dy, r in ((-20, -58, 22), (20, -58, 22), (0, -80, 27), (0, -56, 24)):
        pen.oval(x + dx * s, y + dy * s, r * s, r * s, leaf)
    for dx, dy, r in ((-8, -84, 10), (-24, -62, 8)):
        pen.oval(x + dx * s, y + dy * s, r * s, r * s, light(leaf, 0.25))


def park(pen: Pen) -> None:
    pen.box(L, 0, W, 200, rgb("c4e7f4"))
    _cloud(pen, 196, 34, 1.1)
    _cloud(pen, 96, 22, 0.7)
    pen.oval(40, 210, 150, 62, rgb("b4dc94"))
    pen.oval(230, 206, 130, 48, rgb("a3d284"))
    _tree(pen, 34, 192, 1.35, rgb("7fc06a"), rgb("b07d52"))
    _tree(pen, 236, 178, 0.85, rgb("93cb74"), rgb("b58a5e"))
    pen.box(L, 186, W, 82, rgb("93cc73"))
    pen.poly([(118, 186), (146, 186), (226, 268), (40, 268)], rgb("f0dfb4"))
    pen.oval(226, 206, 38, 9, rgb("8ecbe6"))  # pond
    pen.oval(218, 204, 20, 3.4, rgb("b8e2f1"))
    red = rgb("d9705f")
    for y in (150, 161):  # bench
        pen.box(70, y, 62, 7, red, r=3)
    pen.box(66, 174, 70, 7, shade(red, 0.2), r=3)
    for x in (74, 122):
        pen.box(x, 150, 6, 44, rgb("7d5a4a"), r=2)
    for x, y, c in ((14, 222, "f7d65b"), (30, 240, "ffffff"), (238, 232, "f58fae"), (250, 246, "f7d65b")):
        pen.oval(x, y, 4, 4, rgb(c))


def beach(pen: Pen) -> None:
    pen.box(L, 0, W, 120, rgb("bdeaf0"))
    pen.oval(214, 40, 24, 24, rgb("ffe28a"))
    _cloud(pen, 60, 30, 0.9)
    pen.box(L, 104, W, 80, rgb("4fb8c9"))
    pen.box(L, 104, W, 14, rgb("43a8bd"))
    for x, y, w in ((20, 132, 40), (120, 126, 50), (200, 144, 44), (70, 156, 54)):
        pen.box(x, y, w, 4, rgb("7ed2da"), r=2)
    pen.poly([(150, 70), (150, 108), (180, 108)], rgb("fffaf0"))  # sailing boat
    pen.poly([(145, 74), (145, 108), (126, 108)], rgb("f6a08a"))
    pen.poly([(122, 111), (186, 111), (176, 124), (132, 124)], rgb("d9604f"))
    pen.blob(
        [(L - 20, 182), (40, 174), (110, 182), (190, 174), (R + 20, 182), (R + 20, 300), (L - 20, 300)],
        rgb("f5dfa6"),
    )
    pen.blob([(L - 20, 180), (40, 172), (110, 180), (190, 172), (R + 20, 180), (R + 20, 186), (190, 180), (110, 188),
              (40, 180), (L - 20, 188)], rgb("fdf8ea"))  # fmt: skip
    pen.limb([(40, 206), (34, 112)], 5, rgb("fff4dc"))  # parasol
    for i, c in enumerate(("f2695c", "fff3dc", "f2695c", "fff3dc")):
        a, b = -8 + i * 21, 13 + i * 21
        pen.poly([(34, 78), (a, 118), (b, 118)], rgb(c))
    pen.oval(34, 118, 42, 5, rgb("d9544a"))
    pen.box(4, 202, 62, 12, rgb("f39bb0"), r=4)
    pen.box(4, 206, 62, 4, rgb("fff3dc"))
    pen.oval(232, 214, 13, 12, rgb("f2695c"))  # ball
    pen.oval(232, 214, 5, 12, rgb("fff3dc"))
    for x, y in ((90, 246), (170, 252), (14, 244), (250, 244)):
        pen.oval(x, y, 5, 2.4, rgb("e5c888"))


def street(pen: Pen) -> None:
    pen.box(L, 0, W, 200, rgb("f9d9c0"))
    _cloud(pen, 128, 18, 0.7, rgb("fff1e2"))
    houses = ((L, 70, "e3a59c", 58), (58, 62, "94b7cf", 36), (120, 70, "f0c978", 62), (190, 78, "a9c2a0", 40))
    for x, w, c, top in houses:
        wall = rgb(c)
        pen.box(x, top, w, 150, wall)
        pen.poly([(x - 2, top), (x + w / 2, top - 30), (x + w + 2, top)], shade(wall, 0.34))
        for row in (0, 1):
            for k in (0.2, 0.62):
                pen.box(x + w * k - 2, top + 14 + row * 42, 17, 24, rgb("fff3d0"), r=2)
                pen.box(x + w * k - 2, top + 24 + row * 42, 17, 3.4, shade(wall, 0.2))
        pen.box(x + w * 0.36, 152, 20, 42, shade(wall, 0.45), r=3)
    pen.box(L, 190, W, 24, rgb("d8cfc9"))
    pen.box(L, 212, W, 60, rgb("9a97a6"))
    for x in range(-6, 268, 46):
        pen.box(x, 247, 26, 6, rgb("f6eedd"))
    pen.limb([(18, 200), (18, 84)], 6, rgb("4b5a63"))  # lamp post
    pen.box(8, 62, 20, 24, rgb("ffe59b"), r=5)
    pen.poly([(5, 64), (18, 52), (31, 64)], rgb("4b5a63"))
    pen.box(232, 168, 20, 34, rgb("d9564e"), r=6)  # letter box
    pen.box(236, 178, 12, 4, rgb("5d2f33"))


def garden(pen: Pen) -> None:
    pen.box(L, 0, W, 200, rgb("fbe6cf"))
    pen.oval(50, 46, 24, 24, rgb("fff3c4"))
    pen.box(170, 66, 84, 122, rgb("d5ece6"))  # glass house
    pen.poly([(164, 68), (212, 34), (260, 68)], rgb("bfe0da"))
    for x in (170, 191, 212, 233, 252):
        pen.box(x - 2, 66, 4, 122, rgb("8fbfb4"))
    pen.box(168, 106, 88, 4, rgb("8fbfb4"))
    pen.limb([(164, 68), (212, 34), (260, 68)], 5, rgb("8fbfb4"), curve=False)
    pen.blob([(L - 10, 190), (L, 146), (24, 136), (60, 142), (90, 134), (130, 142), (160, 136), (176, 150), (180, 200)],
             rgb("a8cf86"))  # fmt: skip
    for x in range(-6, 268, 22):  # fence
        pen.poly([(x, 196), (x, 150), (x + 7, 141), (x + 14, 150), (x + 14, 196)], rgb("fffdf6"))
    for y in (158, 178):
        pen.box(L, y, W, 6, rgb("f1e8dc"))
    pen.box(L, 194, W, 80, rgb("b7d98c"))
    pen.box(L, 194, W, 13, rgb("a5764f"))
    flowers = ((4, "f28b3c"), (40, "ec6f9b"), (76, "f7c843"), (112, "a77fd0"), (148, "ec6f9b"), (184, "f7c843"),
               (220, "f28b3c"), (254, "a77fd0"))  # fmt: skip
    for i, (x, c) in enumerate(flowers):
        top = 166 if i % 2 else 154
        pen.limb([(x, 200), (x, top)], 4, rgb("6fa653"))
        pen.oval(x, top, 11, 11, rgb(c))
        pen.oval(x, top, 5, 5, rgb("fff0b8"))
    for x, y in ((20, 236), (128, 250), (236, 234)):
        pen.oval(x, y, 9, 3, rgb("a6cc78"))


def forest(pen: Pen) -> None:
    pen.box(L, 0, W, 268, rgb("8fc0ad"))
    for x, w in ((-4, 16), (66, 14), (122, 16), (172, 13), (226, 15)):
        pen.box(x, 0, w, 200, rgb("78aa9c"))
    pen.oval(128, -8, 190, 50, rgb("5a977f"))
    for x, w, lean in ((14, 30, 4), (92, 24, -3), (188, 26, 3), (248, 30, -4)):
        pen.poly([(x - w / 2 + lean, 0), (x + w / 2 + lean, 0), (x + w / 2 + 1, 180), (x + w / 2 + 9, 204),
                  (x - w / 2 - 9, 204), (x - w / 2 - 1, 180)], rgb("86624e"))  # fmt: skip
        pen.poly(
            [(x - w / 2 + lean, 0), (x - w / 2 + lean + 7, 0), (x - w / 2 + 6, 180), (x - w / 2 - 1, 200)],
            rgb("9b775f"),
        )
    for x, r in ((-4, 40), (60, 36), (124, 34), (190, 38), (258, 40)):
        pen.oval(x, 4, r, r * 0.8, rgb("4c8a70"))
    for x in (40, 140, 226):  # ferns
        for dx in (-16, -6, 6, 16):
            pen.limb([(x, 204), (x + dx * 0.6, 188), (x + dx * 1.4, 178)], 5, rgb("6fae7c"))
    pen.box(L, 198, W, 70, rgb("6a9a63"))
    pen.oval(128, 236, 120, 17, rgb("7cab70"))
    for x, y, s in ((54, 214, 1.0), (214, 212, 1.2), (232, 222, 0.8)):  # toadstools
        pen.box(x - 4 * s, y - 12 * s, 8 * s, 14 * s, rgb("fff2dc"), r=2)
        pen.blob(
            [(x - 14 * s, y - 10 * s), (x, y - 26 * s), (x + 14 * s, y - 10 * s), (x, y - 8 * s)],
            rgb("dc5a4c"),
        )
        for dx, dy in ((-5, -14), (5, -15)):
            pen.oval(x + dx * s, y + dy * s, 2.6 * s, 2.4 * s, rgb("fff2dc"))


def farm(pen: Pen) -> None:
    pen.box(L, 0, W, 200, rgb("a9d8f0"))
    _cloud(pen, 40, 34, 1.0)
    _cloud(pen, 150, 22, 0.7)
    pen.oval(60, 200, 160, 60, rgb("f3d77a"))
    pen.oval(240, 200, 130, 42, rgb("e9c866"))
    red = rgb("c9594c")
    pen.box(26, 66, 22, 116, rgb("d7dce0"))  # silo
    pen.oval(37, 66, 11, 13, rgb("b9c3cb"))
    pen.box(140, 98, 104, 92, red)  # barn
    pen.poly([(132, 102), (150, 66), (192, 44), (234, 66), (252, 102)], rgb("8c4a44"))
    pen.poly([(144, 102), (156, 74), (192, 56), (228, 74), (240, 102)], red)
    pen.box(178, 74, 28, 20, rgb("fff3e0"), r=2)
    pen.box(164, 126, 56, 64, rgb("fff3e0"))
    pen.box(169, 131, 46, 59, shade(red, 0.25))
    pen.limb([(169, 131), (215, 190)], 5, rgb("fff3e0"))
    pen.limb([(215, 131), (169, 190)], 5, rgb("fff3e0"))
    pen.box(L, 186, W, 82, rgb("ddb965"))
    for y in (198, 220, 246):
        pen.box(L, y, W, 6, rgb("cfa552"))
    for x in (0, 46, 92, 136):  # fence
        pen.box(x - 4, 152, 8, 48, rgb("a87f55"), r=2)
    for y in (160, 178):
        pen.box(L, y, 150, 6, rgb("b98f62"))
    pen.oval(96, 196, 22, 16, rgb("f0cf74"))  # hay
    pen.oval(96, 196, 12, 9, rgb("dcb455"))
    pen.oval(96, 196, 4, 3.4, rgb("f0cf74"))
    pen.oval(24, 214, 9, 4, mix(rgb("ddb965"), rgb("8a6a3a"), 0.3))
