"""Short hair: styles that end above the shoulders and do not hang, from bald to flat top.

Hair is what tells people apart from afar. So each style is one large shape of its own, drawn around the centre of a
head about 23 units wide and 24 high that faces right.
"""

from __future__ import annotations

from .canvas import OUTLINE, Colour, Pen, dark, gloss, light, mix


def draw_bald(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.oval(-7, -17, 7, 3.2, light(skin, 0.5))


def draw_balding(pen: Pen, hair: Colour, skin: Colour) -> None:
    for side in (-1, 1):
        pen.oval(side * 25, -3, 4.2, 7, hair)
    pen.oval(-7, -17, 7, 3.2, light(skin, 0.5))


def draw_buzz(pen: Pen, hair: Colour, skin: Colour) -> None:
    tone = mix(hair, skin, 0.34)
    pen.blob([(-23, -1), (-23, -13), (-15, -23), (0, -26), (15, -23), (23, -13), (23, -1), (20, -8), (14, -15),
              (4, -17),
              (-6, -16), (-15, -14), (-20, -7)], tone, line=True)  # fmt: skip


def draw_short(pen: Pen, hair: Colour, skin: Colour) -> None:
    """Short hair, parted on the far side."""
    pen.blob([(-23, 3), (-27, -9), (-21, -24), (-7, -31), (11, -30), (23, -22), (27, -8), (23, 3), (20, -6), (15, -14),
              (3, -16), (-9, -22), (-15, -13), (-20, -6)], hair, line=True)  # fmt: skip
    pen.blob([(-6, -25), (4, -27), (15, -23), (12, -19), (3, -22)], gloss(hair, 0.22))


def draw_pixie(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(-22, 10), (-27, -4), (-22, -23), (-4, -31), (16, -28), (27, -10), (24, 9), (20, 4), (20, -5), (14, -11),
              (12, -9), (4, -14), (0, -9), (-8, -12), (-12, -6), (-19, -6), (-20, 4)], hair, line=True)  # fmt: skip
    pen.blob([(-12, -22), (2, -27), (14, -23), (4, -22)], gloss(hair, 0.25))


def draw_quiff(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(-22, 2), (-26, -10), (-22, -26), (-8, -33), (6, -43), (21, -45), (29, -35), (25, -23), (26, -9), (23, 2),
              (20, -7), (14, -14), (0, -16), (-14, -13), (-20, -6)], hair, line=True)  # fmt: skip
    pen.blob([(-4, -28), (8, -37), (21, -39), (14, -31), (4, -25)], gloss(hair, 0.24))


def draw_bowl(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(-25, 8), (-29, -4), (-24, -23), (0, -32), (24, -23), (29, -4), (25, 8), (20, 7), (20.5, -9), (0, -9.5),
              (-20.5, -9), (-20, 7)], hair, line=True)  # fmt: skip
    pen.blob([(-17, -20), (0, -26), (17, -20), (14, -16), (0, -20), (-14, -16)], gloss(hair, 0.3))


def draw_short_curls(pen: Pen, hair: Colour, skin: Colour) -> None:
    ring = (
        (-22, -7, 7),
        (-21, -17, 8),
        (-12, -25, 9),
        (0, -28, 9.5),
        (12, -25, 9),
        (21, -17, 8),
        (22.5, -7, 7),
    )
    for x, y, r in ring:
        pen.oval(x, y, r + OUTLINE, r + OUTLINE, dark(hair))
    for x, y, r in (*ring, (-11, -17, 7), (0, -20, 8), (11, -18, 7)):
        pen.oval(x, y, r, r, hair)
    for x, y, r in ((-13, -25, 4), (2, -28, 4.5), (14, -23, 3.6), (-3, -18, 3.6)):
        pen.oval(x, y, r, r, gloss(hair, 0.2))


def draw_afro_back(pen: Pen, hair: Colour, skin: Colour) -> None:
    puffs = ((-31, -2, 13), (-33, -18, 14), (-23, -34, 15), (-8, -42, 15), (8, -42, 15), (23, -34, 15), (33, -18, 14),
             (31, -2, 13), (-24, 10, 10), (24, 10, 10))  # fmt: skip
    for x, y, r in puffs:
        pen.oval(x, y, r + OUTLINE, r + OUTLINE, dark(hair))
    pen.oval(0, -15, 36, 32, hair)
    for x, y, r in puffs:
        pen.oval(x, y, r, r, hair)
    for x, y, r in ((-20, -36, 8), (2, -44, 8), (22, -34, 7)):
        pen.oval(x, y, r, r, gloss(hair, 0.16))


def draw_afro(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(-23, 0), (-26, -14), (-14, -27), (0, -29), (14, -27), (26, -14), (23, 0), (20, -9), (11, -16), (0, -17),
              (-11, -16), (-20, -9)], hair)  # fmt: skip


def draw_flat_top(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(-21, -5), (-23, -20), (-24, -40), (-14, -44), (0, -43), (14, -45), (24, -41), (23, -20), (21, -5),
              (15, -15), (0, -17), (-15, -14)], hair, line=True)  # fmt: skip
    pen.blob([(-15, -38), (0, -38), (15, -39), (14, -31), (0, -30), (-14, -30)], light(hair, 0.2))


def draw_tuft(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(-24, -2), (-25, -14), (-15, -24), (-9, -25), (-13, -36), (-2, -30), (3, -41), (9, -29), (19, -34),
              (16, -23), (24, -14), (24, -3), (19, -10), (10, -13), (2, -10), (-6, -14), (-17, -10)],
             hair, line=True)  # fmt: skip
    pen.blob([(-14, -19), (-4, -25), (8, -24), (14, -19), (4, -20), (-6, -20)], light(hair, 0.5))


def draw_spiky(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.poly([(-23, 1), (-31, -9), (-24, -14), (-32, -25), (-21, -25), (-23, -38), (-11, -31), (-7, -45), (2, -33),
              (12, -45), (14, -31), (26, -37), (22, -25), (33, -24), (25, -13), (31, -7), (23, 1), (20, -8), (13, -14),
              (7, -10), (1, -15), (-6, -10), (-12, -15), (-20, -8)], hair, line=True)  # fmt: skip
    pen.poly([(-13, -22), (-9, -32), (-2, -24), (6, -34), (10, -23), (2, -20)], gloss(hair, 0.25))


def draw_mohawk(pen: Pen, hair: Colour, skin: Colour) -> None:
    side = mix(hair, skin, 0.62)
    for s in (-1, 1):
        pen.blob([(s * 23, -1), (s * 23, -13), (s * 15, -22.5), (s * 9, -24), (s * 9, -17), (s * 17, -12),
                  (s * 20, -6)],
                 side)  # fmt: skip
    pen.blob([(-9, -13), (-12, -27), (-14, -42), (-6, -46), (-3, -53), (3, -48), (9, -53), (11, -45), (16, -41),
              (13, -27), (10, -13), (0, -17)], hair, line=True)  # fmt: skip
    pen.blob([(-6, -22), (-7, -39), (0, -43), (3, -26)], gloss(hair, 0.28))


def draw_cornrows(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(-23, 1), (-24.5, -12), (-16, -25), (0, -28.5), (16, -25), (24.5, -12), (23, 1), (20, -8), (13, -15),
              (0, -17), (-13, -15), (-20, -8)], hair, line=True)  # fmt: skip
    for x in (-15, -9, -3, 3, 9, 15):
        top = -26.5 + abs(x) * 0.28
        pen.limb([(x * 1.08, top + 3.5), (x * 1.12, -16.5 + abs(x) * 0.16)], 2.0, mix(skin, hair, 0.25))


def draw_under_hat(pen: Pen, hair: Colour, skin: Colour) -> None:
    """The sides of short hair, which a hat leaves visible."""
    for s in (-1, 1):
        pen.blob(
            [(s * 21, 7), (s * 26, 2), (s * 25, -12), (s * 19, -17), (s * 17, -11), (s * 20, -5)],
            hair,
            line=True,
        )
    pen.blob([(-20, -10), (-17, -19), (17, -19), (20, -10), (8, -14), (-8, -14)], hair)
