"""Animals on four or two legs that stand beside people. They are drawn facing right, with their feet at 0.

`fur`, `feather`, `wool` or `skin` is an animal's main colour.
"""

from __future__ import annotations

from storyboard.people.canvas import Colour, Pen, light, rgb, shade

INK = rgb("33252e")
_WHITE = rgb("fffdf6")
_BEAK = rgb("f0a030")


def _eye(pen: Pen, x: float, y: float, r: float = 3.0) -> None:
    pen.oval(x, y, r, r * 1.2, INK)
    pen.oval(x + r * 0.3, y - r * 0.4, r * 0.4, r * 0.4, _WHITE)


def dog(pen: Pen, fur: Colour) -> None:
    pen.limb([(-24, -30), (-34, -38), (-37, -50)], 7, fur, line=True)
    for x in (-19, -9, 11, 20):
        pen.limb([(x, -22), (x, -4)], 8.5, shade(fur, 0.12) if x in (-9, 11) else fur, line=True)
        pen.oval(x + 2, -3, 6, 3.6, light(fur, 0.4), line=True)
    pen.blob([(-27, -32), (-16, -41), (12, -40), (24, -34), (24, -20), (8, -15), (-18, -16),
              (-27, -22)], fur, line=True)  # fmt: skip
    pen.blob([(10, -56), (22, -64), (36, -58), (40, -46), (32, -36), (18, -36), (10, -44)], fur, line=True)
    pen.oval(36, -44, 9, 7, light(fur, 0.5), line=True)
    pen.oval(43, -47, 3.6, 3, INK)
    pen.blob([(13, -60), (20, -58), (19, -44), (13, -38), (8, -46)], shade(fur, 0.4), line=True)
    _eye(pen, 29, -52)
    pen.limb([(33, -40), (37, -39), (41, -41)], 2, INK)
    pen.limb([(12, -37), (22, -33)], 5, rgb("d8433f"))


def cat(pen: Pen, fur: Colour) -> None:
    pen.limb([(-18, -14), (-32, -16), (-38, -32), (-33, -44)], 6.5, fur, line=True)
    pen.blob([(-21, -4), (-20, -24), (-6, -38), (12, -36), (18, -20), (18, -2), (0, 0)], fur, line=True)
    for x in (2, 12):
        pen.limb([(x, -18), (x, -4)], 8, fur, line=True)
        pen.oval(x + 2, -3, 5.4, 3.6, light(fur, 0.6))
    for side in (-1, 1):
        pen.poly([(12 + side * 4, -58), (12 + side * 15, -70), (12 + side * 16, -48)], fur, line=True)
        pen.poly([(12 + side * 8, -58), (12 + side * 13.5, -65), (12 + side * 14, -53)], rgb("f0a3a8"))
    pen.oval(12, -46, 18, 15, fur, line=True)
    for x in (7, 19):
        _eye(pen, x, -47, 2.6)
    pen.oval(14, -39, 6.4, 4.4, light(fur, 0.65))
    pen.poly([(11.5, -42), (16.5, -42), (14, -39)], rgb("d9707c"))
    for x in (-1, 1):
        for y in (-40, -37):
            pen.limb(
                [(14 + x * 9, y), (14 + x * 18, y - 1)], 1.4, light(fur, 0.85) if sum(fur) < 330 else INK
            )


def bird(pen: Pen, feather: Colour) -> None:
    for x in (-3, 5):
        pen.limb([(x, -9), (x, 0), (x + 5, 0)], 2.4, _BEAK)
    pen.poly([(-16, -18), (-32, -26), (-30, -12)], shade(feather, 0.25), line=True)
    pen.blob([(-18, -14), (-12, -27), (2, -34), (16, -32), (20, -22), (12, -9), (-6, -7)], feather, line=True)
    pen.blob([(6, -10), (16, -18), (16, -26), (8, -20)], light(feather, 0.55))
    pen.blob([(-14, -17), (-2, -25), (5, -19), (-4, -11)], shade(feather, 0.25), line=True)
    pen.poly([(19, -28), (29, -24), (19, -21)], _BEAK, line=True)
    _eye(pen, 13, -27, 2.4)


def duck(pen: Pen, feather: Colour) -> None:
    for x in (-4, 6):
        pen.limb([(x, -9), (x, -1), (x + 6, -1)], 3, _BEAK)
    pen.blob([(-32, -28), (-20, -26), (-4, -28), (12, -26), (18, -16), (8, -7), (-14, -7),
              (-26, -16)], feather, line=True)  # fmt: skip
    pen.blob([(-14, -20), (2, -22), (6, -15), (-6, -11)], shade(feather, 0.18), line=True)
    pen.limb([(10, -22), (13, -34)], 10, feather, line=True)
    pen.oval(15, -40, 11, 10, feather, line=True)
    pen.limb([(11, -22), (13, -33)], 9, feather)
    pen.blob([(24, -42), (36, -40), (35, -36), (24, -36)], _BEAK, line=True)
    _eye(pen, 18, -42, 2.4)


def hen(pen: Pen, feather: Colour) -> None:
    for x in (-3, 6):
        pen.limb([(x, -10), (x, -1), (x + 5, -1)], 2.6, _BEAK)
    pen.blob([(-30, -40), (-22, -26), (-6, -28), (8, -40), (16, -34), (18, -18), (6, -8), (-14, -9),
              (-26, -22)], feather,
             line=True)  # fmt: skip
    for dx in (-4, 1, 6):
        pen.oval(12 + dx, -51, 3.6, 4.4, rgb("d8433f"), line=True)
    pen.oval(13, -42, 9.5, 9.5, feather, line=True)
    pen.blob([(3, -34), (8, -42), (18, -36), (14, -28)], feather)
    pen.poly([(21, -44), (30, -41), (21, -38)], _BEAK, line=True)
    pen.oval(20, -34, 3, 4, rgb("d8433f"))
    pen.blob([(-14, -24), (0, -26), (4, -18), (-6, -13)], shade(feather, 0.2), line=True)
    _eye(pen, 15, -43, 2.2)


def horse(pen: Pen, fur: Colour) -> None:
    mane = shade(fur, 0.55)
    pen.limb([(-38, -58), (-50, -48), (-50, -26)], 8, mane, line=True)
    for x in (-30, -18, 18, 28):
        pen.limb([(x, -44), (x, -8)], 9.5, shade(fur, 0.14) if x in (-18, 18) else fur, line=True)
        pen.box(x - 5.5, -9, 11.5, 9, mane, r=2, line=True)
    pen.blob([(-42, -58), (-28, -70), (14, -66), (34, -62), (36, -44), (14, -36), (-26, -36),
              (-42, -46)], fur, line=True)  # fmt: skip
    pen.limb([(30, -58), (42, -92)], 19, fur, line=True)
    pen.blob([(32, -108), (44, -112), (58, -98), (68, -82), (62, -74), (50, -78), (38, -86)], fur, line=True)
    pen.blob([(56, -88), (68, -84), (67, -75), (58, -74)], light(fur, 0.45))
    pen.poly([(34, -106), (37, -119), (43, -108)], fur, line=True)
    pen.limb([(38, -108), (27, -94), (24, -74)], 8, mane, line=True)
    _eye(pen, 49, -97, 2.8)
    pen.oval(63, -81, 1.6, 2, INK)


def sheep(pen: Pen, wool: Colour) -> None:
    for x in (-16, -7, 8, 17):
        pen.limb([(x, -20), (x, -3)], 6, rgb("4a3f48"), line=True)
    puffs = (
        (-22, -30, 12),
        (-12, -42, 12),
        (4, -44, 12),
        (18, -38, 11),
        (20, -24, 11),
        (6, -20, 12),
        (-12, -20, 12),
    )
    for x, y, r in puffs:
        pen.oval(x, y, r, r, wool, line=True)
    for x, y, r in (*puffs, (0, -31, 16)):
        pen.oval(x, y, r - 0.6, r - 0.6, wool)
    pen.blob([(20, -52), (34, -50), (38, -38), (30, -30), (20, -36)], rgb("4a3f48"), line=True)
    pen.oval(22, -54, 7, 5, wool, line=True)
    pen.oval(30, -43, 2.6, 3, _WHITE)
    pen.oval(31, -43, 1.5, 1.8, INK)


def frog(pen: Pen, skin: Colour) -> None:
    pen.blob([(-20, 0), (-22, -12), (-10, -22), (10, -22), (22, -12), (20, 0), (0, 1)], skin, line=True)
    pen.oval(0, -7, 11, 7, light(skin, 0.5))
    for side in (-1, 1):
        pen.oval(side * 9, -23, 6, 6, skin, line=True)
        pen.oval(side * 9, -23, 3.6, 3.8, _WHITE)
        pen.oval(side * 9 + 0.8, -23, 2, 2.4, INK)
        pen.oval(side * 19, -2, 7, 3, skin, line=True)
    pen.limb([(-9, -14), (0, -11), (9, -14)], 2, INK)
