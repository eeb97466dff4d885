"""Long hair: hanging, tied or piled up. Functions that end in `_back` draw what is behind body and face.

As in `short_hair.py`, everything is drawn for a head about 23 units wide and 24 high that faces right.
"""

from __future__ import annotations

from .canvas import OUTLINE, Colour, Pen, brightness, dark, gloss, light, rgb, shade

_TIE = rgb("d9486a")


def draw_curls_back(pen: Pen, hair: Colour, skin: Colour) -> None:
    curls = ((-24, -8, 13), (-26, 9, 12), (-19, 24, 11), (24, -8, 13), (26, 9, 12), (19, 24, 11), (-14, -24, 14),
             (14, -24, 14), (0, -29, 14))  # fmt: skip
    for x, y, r in curls:
        pen.oval(x, y, r + OUTLINE, r + OUTLINE, dark(hair))
    pen.oval(0, -2, 30, 30, hair)
    for x, y, r in curls:
        pen.oval(x, y, r, r, hair)
    for x, y, r in ((-26, 9, 8), (-19, 24, 7), (26, 9, 8), (19, 24, 7)):
        pen.oval(x, y + 2, r, r, shade(hair, 0.2))


def draw_curls(pen: Pen, hair: Colour, skin: Colour) -> None:
    for x, y, r in ((-17, -15, 9), (-6, -21, 10), (8, -21, 10), (18, -14, 8)):
        pen.oval(x, y, r, r, hair)
    for x, y, r in ((-9, -27, 6), (12, -27, 6)):
        pen.oval(x, y, r, r, gloss(hair, 0.25))


def draw_curls_low(pen: Pen, hair: Colour, skin: Colour) -> None:
    """Draws what a hat leaves visible of curls."""
    curls = ((-25, -4, 11), (-27, 9, 12), (-20, 24, 11), (25, -4, 11), (27, 9, 12), (20, 24, 11))
    for x, y, r in curls:
        pen.oval(x, y, r + OUTLINE, r + OUTLINE, dark(hair))
    for x, y, r in curls:
        pen.oval(x, y, r, r, hair)
    for x, y, r in ((-27, 10, 7), (-20, 25, 6), (27, 10, 7), (20, 25, 6)):
        pen.oval(x, y, r, r, shade(hair, 0.2))


def draw_bun_back(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.oval(0, -32, 14, 12, hair, line=True)
    pen.oval(-3, -34, 7, 5, light(hair, 0.6 if brightness(hair) > 200 else 0.25))


def draw_swept(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(-26, 6), (-28, -8), (-20, -23), (0, -28), (20, -23), (28, -8), (26, 6), (20, -2), (17, -12), (4, -17),
              (-6, -12), (-19, -6)], hair, line=True)  # fmt: skip
    pen.oval(0, -23, 12, 2.4, shade(hair, 0.16))


def draw_long_back(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(0, -31), (20, -25), (28, -4), (29, 26), (33, 56), (30, 66), (14, 68), (0, 66), (-14, 68), (-30, 66),
              (-33, 56), (-29, 26), (-28, -4), (-20, -25)], hair, line=True)  # fmt: skip
    pen.blob([(-24, 26), (-22, 60), (-14, 62), (-14, 26)], shade(hair, 0.35))
    pen.blob([(24, 26), (22, 60), (14, 62), (14, 26)], shade(hair, 0.35))


def draw_fringe(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(-24, 14), (-27, -8), (-18, -26), (0, -31), (18, -26), (27, -8), (24, 14), (20, 6), (19, -8), (10, -10),
              (0, -9), (-10, -10), (-17, -8), (-20, 6)], hair)  # fmt: skip
    pen.blob([(-14, -20), (0, -25), (14, -21), (12, -17), (0, -20), (-12, -16)], gloss(hair, 0.35))


def draw_parted(pen: Pen, hair: Colour, skin: Colour) -> None:
    """Hair that is parted in the middle and falls beside the face."""
    for side in (-1, 1):
        pen.blob([(0, -30), (side * 17, -27), (side * 27, -9), (side * 25, 17), (side * 20, 15), (side * 20.5, -2),
                  (side * 13, -13), (0, -22)], hair)  # fmt: skip
        pen.blob([(side * 6, -24), (side * 15, -21), (side * 20, -12), (side * 13, -17)], gloss(hair, 0.26))


def draw_bob_back(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(0, -31), (21, -25), (30, -5), (32, 16), (27, 26), (14, 28), (0, 27), (-14, 28), (-27, 26), (-32, 16),
              (-30, -5), (-21, -25)], hair, line=True)  # fmt: skip
    pen.blob([(-26, 8), (-24, 24), (-13, 26), (-13, 8)], shade(hair, 0.3))
    pen.blob([(26, 8), (24, 24), (13, 26), (13, 8)], shade(hair, 0.3))


def draw_wavy_back(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(0, -31), (21, -26), (31, -8), (29, 8), (36, 20), (32, 33), (38, 46), (31, 58), (18, 55),
              (10, 60), (0, 56),
              (-10, 60), (-18, 55), (-31, 58), (-38, 46), (-32, 33), (-36, 20), (-29, 8), (-31, -8), (-21, -26)],
             hair, line=True)  # fmt: skip
    for side in (-1, 1):
        pen.blob(
            [(side * 22, 20), (side * 27, 32), (side * 22, 50), (side * 14, 52), (side * 12, 20)],
            shade(hair, 0.28),
        )


def draw_ponytail_back(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(-12, -28), (-26, -30), (-39, -20), (-44, -2), (-42, 20), (-35, 36), (-31, 18), (-28, 2), (-20, -12)],
             hair, line=True)  # fmt: skip
    pen.blob([(-30, -20), (-37, -8), (-38, 12), (-33, 2), (-27, -12)], gloss(hair, 0.24))
    pen.oval(-20, -22, 5.5, 6.5, _TIE, line=True)


def draw_pigtails_back(pen: Pen, hair: Colour, skin: Colour) -> None:
    for side in (-1, 1):
        pen.blob([(side * 20, -14), (side * 33, -18), (side * 43, -6), (side * 43, 12), (side * 36, 28),
                  (side * 29, 14),
                  (side * 24, 2)], hair, line=True)  # fmt: skip
        pen.blob([(side * 33, -10), (side * 39, 0), (side * 38, 12), (side * 32, 2)], gloss(hair, 0.24))


def draw_pigtails(pen: Pen, hair: Colour, skin: Colour) -> None:
    draw_swept(pen, hair, skin)
    for side in (-1, 1):
        pen.oval(side * 26, -9, 4.6, 5.4, _TIE, line=True)


def draw_plaits(pen: Pen, hair: Colour, skin: Colour) -> None:
    draw_swept_parted(pen, hair, skin)
    for side in (-1, 1):
        _plait(pen, hair, side * 25, side)


def draw_side_plait(pen: Pen, hair: Colour, skin: Colour) -> None:
    draw_swept(pen, hair, skin)
    _plait(pen, hair, -25, -1)


def draw_swept_parted(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(-24, 12), (-27, -8), (-19, -25), (0, -29), (19, -25), (27, -8), (24, 12), (20, 4), (17, -8), (8, -15),
              (0, -21), (-8, -15), (-17, -8), (-20, 4)], hair, line=True)  # fmt: skip
    pen.limb([(0, -28), (0, -21)], 1.8, shade(hair, 0.35))
    for side in (-1, 1):
        pen.blob([(side * 6, -23), (side * 15, -19), (side * 20, -9), (side * 12, -15)], gloss(hair, 0.22))


def _plait(pen: Pen, hair: Colour, x: float, side: float) -> None:
    knots = [(x + side * dx, y, r) for dx, y, r in ((0, 14, 7), (1.5, 24, 6.8), (1, 34, 6.2), (0, 43, 5.4))]
    for kx, ky, r in knots:
        pen.oval(kx, ky, r + OUTLINE, r * 0.9 + OUTLINE, dark(hair))
    for kx, ky, r in knots:
        pen.oval(kx, ky, r, r * 0.9, hair)
        pen.oval(kx - 1.5, ky - 1.5, r * 0.5, r * 0.36, gloss(hair, 0.24))
    pen.blob([(x - 3.5, 48), (x + 3.5, 48), (x + 5, 58), (x, 61), (x - 5, 58)], hair, line=True)
    pen.oval(x, 48.5, 4.4, 2.8, _TIE)


def draw_two_buns_back(pen: Pen, hair: Colour, skin: Colour) -> None:
    for side in (-1, 1):
        pen.oval(side * 19, -29, 11.5, 11, hair, line=True)
        pen.oval(side * 19 - 3, -32, 5, 4, gloss(hair, 0.3))


def draw_locs_back(pen: Pen, hair: Colour, skin: Colour) -> None:
    for x, end in ((-30, 34), (-23, 42), (-15, 46), (15, 46), (23, 42), (30, 34)):
        pen.limb([(x * 0.5, -22), (x * 0.98, -4), (x * 1.06, end - 14), (x, end)], 7.4, hair, line=True)
    pen.oval(0, -8, 24, 23, hair)


def draw_locs(pen: Pen, hair: Colour, skin: Colour) -> None:
    pen.blob([(-24, 6), (-28, -8), (-19, -27), (0, -32), (19, -27), (28, -8), (24, 6), (20, -4), (14, -13), (4, -16),
              (-5, -15), (-14, -13), (-20, -4)], hair, line=True)  # fmt: skip
    for x, foot in ((-17, -10), (-8, -15), (1, -17), (10, -16), (18, -9)):
        pen.limb(
            [(x * 0.5, -29), (x * 0.95, foot - 3)],
            1.9,
            shade(hair, 0.42) if brightness(hair) > 80 else gloss(hair, 0.2),
        )


def draw_undercut(pen: Pen, hair: Colour, skin: Colour) -> None:
    """Hair that is shaved on the far side and long on the near side."""
    pen.blob([(-23, 0), (-23, -13), (-13, -23), (-8, -14), (-19, -8)], shade(skin, 0.32))
    pen.blob([(-13, -26), (-2, -32), (14, -30), (27, -18), (31, 2), (31, 22), (25, 34), (20, 24), (21, 8), (19, -6),
              (8, -12), (-6, -14), (-14, -18)], hair, line=True)  # fmt: skip
    pen.blob([(-2, -25), (12, -24), (21, -14), (25, 4), (16, -10), (6, -18)], gloss(hair, 0.26))
