"""Heads of the cast: hair, ears, beard, glasses, and a face with its expression.

Every function draws around the centre of the head, facing right. Hair is what tells people apart from afar, so each
style is one big shape of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from .canvas import OUTLINE, Colour, Pen, dark, light, mix, rgb, shade
from .cast import MapleCharacter

INK = rgb("33252e")
WHITE = rgb("fffdf6")
_TONGUE = rgb("e8606a")
_MOUTH = rgb("6b1f2b")


def draw_back_hair(pen: Pen, who: MapleCharacter) -> None:
    """What lies behind body and face."""
    back = _BACK.get(who.name)
    if back is not None:
        back(pen, who.body.hair)


def draw_head(
    pen: Pen, who: MapleCharacter, expression: str, gaze, eyes: str | None, mouth: str | None
) -> None:
    if who.name == "Toggle":
        _robot_head(pen, who, expression, gaze, eyes, mouth)
        return
    body = who.body
    rx, ry = body.head
    skin = body.skin
    _ears(pen, rx, skin)
    pen.blob(_skull(rx, ry), skin, line=True)
    _FRONT[who.name](pen, body.hair)
    _cheeks(pen, rx, ry, skin)
    pen.oval(5.5, ry * 0.24, 3.4, 2.8, mix(skin, rgb("b4502f"), 0.38))
    _eyes(pen, expression, gaze, eyes, rx)
    _brows(pen, expression, rx, ry, shade(body.hair, 0.35) if who.name == "Nana" else dark(body.hair), eyes)
    if who.name == "Otto":
        _beard(pen, body.hair)
    _mouth(pen, expression, mouth, ry)
    if who.name == "Nana":
        _glasses(pen)


def _skull(rx: float, ry: float):
    return [
        (0, -ry), (rx * 0.72, -ry * 0.74), (rx, -ry * 0.05), (rx * 0.86, ry * 0.55), (rx * 0.42, ry * 0.95),
        (0, ry), (-rx * 0.42, ry * 0.95), (-rx * 0.86, ry * 0.55), (-rx, -ry * 0.05), (-rx * 0.72, -ry * 0.74),
    ]  # fmt: skip


def _ears(pen: Pen, rx: float, skin: Colour) -> None:
    for side in (-1, 1):
        pen.oval(side * (rx + 0.5), 3, 4.5, 5.5, shade(skin, 0.12) if side < 0 else skin, line=True)


def _cheeks(pen: Pen, rx: float, ry: float, skin: Colour) -> None:
    blush = mix(skin, rgb("e8543f"), 0.34)
    for x in (-rx * 0.56, rx * 0.74):
        pen.oval(x, ry * 0.38, 4.6, 3.4, blush)


def _eyes(pen: Pen, expression: str, gaze, override: str | None, rx: float) -> None:
    spots = (-rx * 0.3 + 2.5, rx * 0.42 + 2.5)
    gx, gy = gaze
    for x in spots:
        if override == "closed":
            pen.limb([(x - 4.4, 0.5), (x, 3.6), (x + 4.4, 0.5)], 3.0, INK)
        elif expression == "surprised":
            pen.oval(x, -0.5, 6.4, 7.6, WHITE, line=False)
            pen.oval(x + gx * 0.9, -0.5 + gy * 0.8, 3.3, 4.0, INK)
        else:
            pen.oval(x + gx * 0.7, gy * 0.7, 3.5, 4.6, INK)
            pen.oval(x + gx * 0.7 + 1.1, gy * 0.7 - 1.7, 1.5, 1.6, WHITE)


def _brows(pen: Pen, expression: str, rx: float, ry: float, colour: Colour, eyes: str | None) -> None:
    inner, outer = {"sad": (-3.2, 1.6), "cross": (3.0, -2.2), "surprised": (-4.4, -3.4)}.get(
        expression, (-0.6, 0.2)
    )
    if eyes == "closed":
        inner, outer = 0.0, 0.6
    top = -ry * 0.38
    for x, side in ((-rx * 0.3 + 2.5, 1), (rx * 0.42 + 2.5, -1)):
        pen.limb([(x - side * 5, top + outer), (x + side * 4, top + inner)], 3.0, colour)


def _mouth(pen: Pen, expression: str, override: str | None, ry: float) -> None:
    x, y = 3.0, ry * 0.58
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


# ---- Rosa: a cloud of red curls -------------------------------------------------------------------------------------


def _rosa_back(pen: Pen, hair: Colour) -> None:
    curls = ((-24, -8, 13), (-26, 9, 12), (-19, 24, 11), (24, -8, 13), (26, 9, 12), (19, 24, 11), (-14, -24, 14),
             (14, -24, 14), (0, -29, 14))  # fmt: skip
    for x, y, r in curls:
        pen.oval(x, y, r + OUTLINE, r + OUTLINE, dark(hair))
    pen.oval(0, -2, 30, 30, hair)
    for x, y, r in curls:
        pen.oval(x, y, r, r, hair)
    for x, y, r in ((-26, 9, 8), (-19, 24, 7), (26, 9, 8), (19, 24, 7)):
        pen.oval(x, y + 2, r, r, shade(hair, 0.2))


def _rosa_front(pen: Pen, hair: Colour) -> None:
    for x, y, r in ((-17, -15, 9), (-6, -21, 10), (8, -21, 10), (18, -14, 8)):
        pen.oval(x, y, r, r, hair)
    for x, y, r in ((-9, -27, 6), (12, -27, 6)):
        pen.oval(x, y, r, r, light(hair, 0.25))


# ---- Milo: a high flat top ------------------------------------------------------------------------------------------


def _milo_front(pen: Pen, hair: Colour) -> None:
    pen.blob([(-21, -5), (-23, -20), (-24, -40), (-14, -44), (0, -43), (14, -45), (24, -41), (23, -20), (21, -5),
              (15, -15), (0, -17), (-15, -14)], hair, line=True)  # fmt: skip
    pen.blob([(-15, -38), (0, -38), (15, -39), (14, -31), (0, -30), (-14, -30)], light(hair, 0.2))


# ---- Nana: a silver bun and glasses ---------------------------------------------------------------------------------


def _nana_back(pen: Pen, hair: Colour) -> None:
    pen.oval(0, -32, 14, 12, hair, line=True)
    pen.oval(-3, -34, 7, 5, light(hair, 0.6))


def _nana_front(pen: Pen, hair: Colour) -> None:
    pen.blob([(-26, 6), (-28, -8), (-20, -23), (0, -28), (20, -23), (28, -8), (26, 6), (20, -2), (17, -12), (4, -17),
              (-6, -12), (-19, -6)], hair, line=True)  # fmt: skip
    pen.oval(0, -23, 12, 2.4, shade(hair, 0.16))


def _glasses(pen: Pen) -> None:
    frame = rgb("b5423c")
    for x in (-4.7, 12.6):
        ring = [(x + 8 * c, 0.5 + 8 * s) for c, s in _RING]
        pen.limb([*ring, ring[0]], 2.6, frame)
    pen.limb([(-12.5, 0), (-22, -2)], 2.6, frame)


_RING = [(1, 0), (0.81, 0.59), (0.31, 0.95), (-0.31, 0.95), (-0.81, 0.59), (-1, 0), (-0.81, -0.59), (-0.31, -0.95),
         (0.31, -0.95), (0.81, -0.59)]  # fmt: skip


# ---- Otto: bald, with a great beard ---------------------------------------------------------------------------------


def _otto_front(pen: Pen, hair: Colour) -> None:
    for side in (-1, 1):
        pen.oval(side * 25, -3, 4.2, 7, hair)
    pen.oval(-7, -17, 7, 3.2, light(rgb("f3b795"), 0.5))


def _beard(pen: Pen, hair: Colour) -> None:
    pen.blob([(-27, 0), (-22, 9), (-12, 9), (3, 6), (15, 9), (24, 9), (27, 0), (29, 18), (21, 34), (10, 40), (0, 44),
              (-10, 40), (-21, 34), (-29, 18)], hair, line=True)  # fmt: skip
    pen.blob(
        [(-20, 22), (-8, 34), (0, 38), (10, 33), (20, 22), (10, 28), (0, 30), (-10, 28)], light(hair, 0.16)
    )
    pen.blob([(3, 5.5), (13, 8), (19, 12), (10, 14), (3, 11), (-5, 14), (-14, 12), (-7, 8)], shade(hair, 0.3))


# ---- Pip: a yellow tuft ---------------------------------------------------------------------------------------------


def _pip_front(pen: Pen, hair: Colour) -> None:
    pen.blob([(-24, -2), (-25, -14), (-15, -24), (-9, -25), (-13, -36), (-2, -30), (3, -41), (9, -29), (19, -34),
              (16, -23), (24, -14), (24, -3), (19, -10), (10, -13), (2, -10), (-6, -14), (-17, -10)],
             hair, line=True)  # fmt: skip
    pen.blob([(-14, -19), (-4, -25), (8, -24), (14, -19), (4, -20), (-6, -20)], light(hair, 0.5))


# ---- Juno: long straight violet hair --------------------------------------------------------------------------------


def _juno_back(pen: Pen, hair: Colour) -> None:
    pen.blob([(0, -31), (20, -25), (28, -4), (29, 26), (33, 56), (30, 66), (14, 68), (0, 66), (-14, 68), (-30, 66),
              (-33, 56), (-29, 26), (-28, -4), (-20, -25)], hair, line=True)  # fmt: skip
    pen.blob([(-24, 26), (-22, 60), (-14, 62), (-14, 26)], shade(hair, 0.35))
    pen.blob([(24, 26), (22, 60), (14, 62), (14, 26)], shade(hair, 0.35))


def _juno_front(pen: Pen, hair: Colour) -> None:
    pen.blob([(-24, 14), (-27, -8), (-18, -26), (0, -31), (18, -26), (27, -8), (24, 14), (20, 6), (19, -8), (10, -10),
              (0, -9), (-10, -10), (-17, -8), (-20, 6)], hair)  # fmt: skip
    pen.blob([(-14, -20), (0, -25), (14, -21), (12, -17), (0, -20), (-12, -16)], light(hair, 0.35))


# ---- Toggle: a screen for a face ------------------------------------------------------------------------------------


def _robot_head(pen: Pen, who: MapleCharacter, expression: str, gaze, eyes, mouth) -> None:
    rx, ry = who.body.head
    metal, knob = who.body.skin, who.body.hair
    pen.limb([(0, -ry), (0, -ry - 10)], 4, shade(metal, 0.45))
    pen.oval(0, -ry - 13, 6, 6, knob, line=True)
    for side in (-1, 1):
        pen.box(side * (rx + 2) - 4, -8, 8, 18, knob, r=3, line=True)
    pen.box(-rx, -ry, 2 * rx, 2 * ry, metal, r=9, line=True)
    pen.box(-rx + 5, -ry + 5, 2 * rx - 10, 2 * ry - 10, rgb("2d4150"), r=7)
    glow = rgb("ffe27a")
    gx, gy = gaze
    for side in (-1, 1):
        x, y = side * 11 + gx, -4 + gy * 0.6
        if eyes == "closed":
            pen.limb([(x - 5, y), (x, y + 3), (x + 5, y)], 3.2, glow)
        elif expression == "surprised":
            pen.oval(x, y, 6.4, 7.4, glow)
            pen.oval(x, y, 3.2, 4, rgb("2d4150"))
        else:
            pen.oval(x, y, 4.4, 5.4, glow)
        if eyes != "closed" and expression in ("sad", "cross"):
            tip = 4 if expression == "cross" else -4
            pen.limb([(x - side * 6, y - 7 + tip * 0.7), (x + side * 5, y - 7 - tip * 0.5)], 3.2, glow)
    _robot_mouth(pen, expression, eyes, mouth, glow)


def _robot_mouth(pen: Pen, expression: str, eyes, mouth, glow: Colour) -> None:
    y = 9
    if mouth == "chew" or (expression == "surprised" and eyes != "closed"):
        pen.oval(1, y, 4, 3.8, glow)
    elif eyes == "closed":
        pen.limb([(-4, y), (5, y)], 3.2, glow)
    elif expression == "sad":
        pen.limb([(-8, y + 3), (-4.5, y), (0, y - 1), (4.5, y), (8, y + 3)], 3.2, glow)
    elif expression == "cross":
        pen.limb([(-8, y + 1), (8, y + 1)], 3.2, glow)
    else:
        pen.limb([(-9, y - 2), (-5.5, y + 2), (0, y + 3.4), (5.5, y + 2), (9, y - 2)], 3.4, glow)


_BACK: dict[str, Callable[[Pen, Colour], None]] = {"Rosa": _rosa_back, "Nana": _nana_back, "Juno": _juno_back}
_FRONT: dict[str, Callable[[Pen, Colour], None]] = {
    "Rosa": _rosa_front,
    "Milo": _milo_front,
    "Nana": _nana_front,
    "Otto": _otto_front,
    "Pip": _pip_front,
    "Juno": _juno_front,
}
