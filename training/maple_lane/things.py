"""Things and animals that stand beside people: their words, their usual colour, their size and their drawing.

A thing is drawn facing right, with its feet at 0. Small things stand nearer than people, and big things stand behind
them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from storyboard.people.canvas import Colour, Pen, light, rgb, shade

from . import animals_beside as animals

_WOOD = rgb("a8693a")
_DARK = rgb("453c4a")
_STEEL = rgb("b9bcc6")
_WHITE = rgb("fffaf0")


@dataclass(frozen=True)
class ThingKind:
    """A kind of thing. `half` is half its width in units.

    `nearer` is how far it stands in front of people's feet, in units.
    """

    name: str
    words: str
    colour: Colour
    half: float
    draw: Callable[[Pen, Colour], None]
    nearer: float = 2.0
    outdoors: bool = False  # True for things that would look wrong under a roof


def _ball(pen: Pen, tint: Colour) -> None:
    pen.oval(0, -14, 14, 14, tint, line=True)
    pen.blob([(-13, -18), (0, -22), (13, -18), (13, -10), (0, -14), (-13, -10)], _WHITE)
    pen.oval(-5, -21, 3.4, 2.6, light(tint, 0.6))


def _suitcase(pen: Pen, tint: Colour) -> None:
    pen.limb([(-9, -40), (-9, -47), (9, -47), (9, -40)], 4.4, shade(tint, 0.45), curve=False)
    pen.box(-25, -41, 50, 39, tint, r=5, line=True)
    for x in (-15, 11):
        pen.box(x, -41, 5, 39, shade(tint, 0.25))
    pen.box(-5, -26, 10, 6, rgb("f6d36b"), r=2)
    for x in (-20, 12):
        pen.box(x, -3, 8, 4, _DARK, r=2)


def _table(pen: Pen, tint: Colour) -> None:
    for x in (-30, 24):
        pen.box(x, -46, 6, 46, shade(tint, 0.2), line=True)
    pen.box(-40, -53, 80, 9, tint, r=3, line=True)
    pen.oval(-8, -61, 8, 7, _WHITE, line=True)
    pen.limb([(0, -62), (5, -61), (2, -57)], 2.6, _WHITE)
    pen.oval(17, -59, 6, 6, rgb("d8453f"), line=True)


def _chair(pen: Pen, tint: Colour) -> None:
    pen.box(-19, -78, 7, 78, shade(tint, 0.15), r=2, line=True)
    pen.box(13, -38, 6, 38, shade(tint, 0.15), r=2, line=True)
    pen.box(-20, -44, 40, 9, tint, r=3, line=True)
    for y in (-74, -62):
        pen.box(-19, y, 20, 6, tint, r=2, line=True)


def _car(pen: Pen, tint: Colour) -> None:
    pen.blob([(-60, -16), (-58, -34), (-40, -38), (-28, -58), (14, -58), (32, -38), (56, -34), (61, -16), (56, -10),
              (-56, -10)], tint, line=True)  # fmt: skip
    pen.poly([(-33, -38), (-24, -53), (-5, -53), (-5, -38)], rgb("c9e8f2"))
    pen.poly([(0, -38), (0, -53), (12, -53), (25, -38)], rgb("c9e8f2"))
    for x in (-34, 34):
        pen.oval(x, -12, 13, 13, _DARK, line=True)
        pen.oval(x, -12, 6, 6, _STEEL)
    pen.oval(55, -27, 4, 4, rgb("ffe27a"), line=True)
    pen.limb([(-14, -29), (-6, -29)], 2.6, shade(tint, 0.4))


def _bicycle(pen: Pen, tint: Colour) -> None:
    ring = [(1, 0), (0.7, 0.7), (0, 1), (-0.7, 0.7), (-1, 0), (-0.7, -0.7), (0, -1), (0.7, -0.7), (1, 0)]
    for x in (-27, 27):
        pen.limb([(x + 18 * c, -19 + 18 * s) for c, s in ring], 4, _DARK)
        for c, s in ((1, 0.3), (0.3, 1), (-0.7, 0.8)):
            pen.limb([(x - 16 * c, -19 - 16 * s), (x + 16 * c, -19 + 16 * s)], 1.2, _STEEL)
    for points in ([(-27, -19), (-12, -46), (17, -46), (27, -19)], [(-12, -46), (-2, -19),
                    (17, -46)], [(-27, -19), (-2, -19)]):  # fmt: skip
        pen.limb(points, 4.6, tint, curve=False)
    pen.limb([(-12, -46), (-14, -54)], 3.6, _DARK)
    pen.limb([(-21, -55), (-8, -55)], 5.6, _DARK)
    pen.limb([(17, -46), (14, -60), (22, -63)], 3.8, _DARK, curve=False)
    pen.oval(-2, -19, 4.6, 4.6, _STEEL, line=True)


def _boat(pen: Pen, tint: Colour) -> None:
    pen.limb([(0, -26), (0, -104)], 4.4, _WOOD, line=True)
    pen.poly([(4, -100), (4, -36), (40, -36)], _WHITE, line=True)
    pen.poly([(-4, -92), (-4, -36), (-32, -36)], light(tint, 0.5), line=True)
    pen.blob([(-50, -28), (0, -26), (52, -28), (38, -4), (0, 0), (-38, -4)], tint, line=True)
    pen.limb([(-42, -20), (0, -18), (44, -20)], 3.2, _WHITE)


def _kite(pen: Pen, tint: Colour) -> None:
    pen.limb([(0, -150), (-8, -118), (6, -96), (-4, -70)], 1.8, _WHITE)
    for x, y in ((-6, -124), (3, -104), (1, -86)):
        pen.poly([(x - 7, y - 3), (x, y), (x - 7, y + 4)], light(tint, 0.5))
        pen.poly([(x + 7, y - 3), (x, y), (x + 7, y + 4)], light(tint, 0.5))
    pen.poly([(0, -204), (23, -178), (0, -148), (-23, -178)], tint, line=True)
    pen.poly([(0, -204), (23, -178), (0, -178)], light(tint, 0.45))
    pen.poly([(0, -148), (-23, -178), (0, -178)], light(tint, 0.45))


def _flowers(pen: Pen, tint: Colour) -> None:
    for x, top in ((-16, -22), (-5, -32), (7, -24), (17, -30)):
        pen.limb([(x * 0.8, 0), (x, top)], 3.2, rgb("4d9a46"))
        pen.blob([(x * 0.9, top * 0.4), (x * 0.9 + 8, top * 0.6), (x * 0.9 + 3, top * 0.25)], rgb("5fae4b"))
        for dx, dy in ((-4, 0), (4, 0), (0, -4), (0, 4)):
            pen.oval(x + dx, top + dy, 3.9, 3.9, tint, line=True)
        for dx, dy in ((-4, 0), (4, 0), (0, -4), (0, 4)):
            pen.oval(x + dx, top + dy, 3.7, 3.7, tint)
        pen.oval(x, top, 3, 3, rgb("ffd65a"))


def _snowman(pen: Pen, tint: Colour) -> None:
    snow = rgb("f7fafd")
    for y, r in ((-24, 26), (-62, 19)):
        pen.oval(0, y, r, r * 0.95, snow, line=True)
    pen.limb([(-18, -64), (-36, -78)], 3, _WOOD)
    pen.limb([(18, -64), (36, -80)], 3, _WOOD)
    pen.oval(0, -92, 15, 14.5, snow, line=True)
    pen.box(-17, -110, 34, 6, _DARK, r=2, line=True)
    pen.box(-11, -125, 22, 17, _DARK, r=2, line=True)
    for x in (-5, 6):
        pen.oval(x, -95, 2, 2.4, _DARK)
    pen.poly([(1, -92), (17, -88), (2, -87)], rgb("ef8a2b"), line=True)
    pen.limb([(-13, -79), (0, -75), (13, -79)], 6, tint, line=True)
    pen.limb([(8, -77), (10, -62)], 6, tint, line=True)
    for y in (-62, -52):
        pen.oval(1, y, 2.2, 2.2, _DARK)


def _balloon(pen: Pen, tint: Colour) -> None:
    pen.limb([(0, -94), (5, -60), (-3, -30), (0, 0)], 1.8, _DARK)
    pen.oval(0, -3, 6, 3.6, _STEEL, line=True)
    pen.blob([(0, -98), (-15, -112), (-18, -130), (0, -148), (18, -130), (15, -112)], tint, line=True)
    pen.poly([(-4, -95), (4, -95), (0, -101)], shade(tint, 0.2))
    pen.oval(-7, -132, 4, 6, light(tint, 0.6))


def _present(pen: Pen, tint: Colour) -> None:
    ribbon = rgb("ffe07a")
    pen.box(-19, -32, 38, 32, tint, r=2, line=True)
    pen.box(-22, -39, 44, 9, light(tint, 0.2), r=2, line=True)
    pen.box(-4, -39, 8, 39, ribbon)
    for side in (-1, 1):
        pen.blob([(0, -39), (side * 12, -51), (side * 15, -42)], ribbon, line=True)


def _campfire(pen: Pen, tint: Colour) -> None:
    pen.blob([(-16, -6), (-18, -22), (-8, -32), (-6, -24), (0, -48), (9, -28), (13, -34), (18, -18),
              (15, -6)], tint, line=True)  # fmt: skip
    pen.blob([(-8, -6), (-8, -16), (0, -30), (8, -16), (8, -6)], rgb("ffd65a"))
    for x0, x1 in ((-24, 22), (24, -22)):
        pen.limb([(x0, -2), (x1, -9)], 8, _WOOD, line=True)


def _tent(pen: Pen, tint: Colour) -> None:
    pen.poly([(-56, 0), (0, -84), (56, 0)], tint, line=True)
    pen.poly([(-17, 0), (0, -70), (17, 0)], shade(tint, 0.5))
    pen.poly([(0, -84), (0, -60), (-24, 0), (-17, 0), (0, -70)], light(tint, 0.35))
    pen.limb([(0, -84), (-4, -91)], 2.6, _WOOD)
    pen.limb([(0, -84), (4, -91)], 2.6, _WOOD)


def _bucket(pen: Pen, tint: Colour) -> None:
    pen.limb([(-14, -27), (-8, -42), (8, -42), (14, -27)], 2.6, _STEEL)
    pen.poly([(-16, -28), (16, -28), (12, 0), (-12, 0)], tint, line=True)
    pen.oval(0, -28, 16, 4.4, shade(tint, 0.3), line=True)
    pen.limb([(-14, -20), (14, -20)], 3, light(tint, 0.4))


def _lamp(pen: Pen, tint: Colour) -> None:
    pen.oval(0, -2, 15, 4, _DARK, line=True)
    pen.limb([(0, -3), (0, -104)], 4.6, _DARK)
    pen.poly([(-12, -132), (12, -132), (21, -102), (-21, -102)], tint, line=True)
    pen.poly([(-9, -128), (-3, -128), (-7, -106), (-16, -106)], light(tint, 0.5))


def _bench(pen: Pen, tint: Colour) -> None:
    for x in (-36, 30):
        pen.box(x, -34, 6, 34, _DARK, r=2)
    for y in (-62, -50):
        pen.box(-44, y, 88, 8, tint, r=3, line=True)
    pen.box(-46, -36, 92, 9, tint, r=3, line=True)
    for x in (-36, 30):
        pen.box(x, -62, 6, 28, shade(tint, 0.4), r=2)


def _sign(pen: Pen, tint: Colour) -> None:
    pen.box(-3, -60, 6, 60, _WOOD, line=True)
    pen.poly([(-28, -76), (22, -76), (34, -65), (22, -54), (-28, -54)], tint, line=True)
    pen.limb([(-20, -65), (14, -65)], 3, light(tint, 0.6))


def _rocket(pen: Pen, tint: Colour) -> None:
    for side in (-1, 1):
        pen.poly([(side * 11, -30), (side * 27, -2), (side * 9, -10)], tint, line=True)
    pen.blob(
        [(0, -112), (13, -88), (17, -52), (12, -10), (-12, -10), (-17, -52), (-13, -88)],
        rgb("f2f1ec"),
        line=True,
    )
    pen.blob([(0, -112), (9, -96), (12, -84), (0, -87), (-12, -84), (-9, -96)], tint)
    pen.oval(0, -62, 8, 8, rgb("8fc4ea"), line=True)
    pen.box(-9, -10, 18, 7, _DARK, r=2)


def _drum(pen: Pen, tint: Colour) -> None:
    pen.box(-20, -30, 40, 28, tint, r=4, line=True)
    pen.oval(0, -30, 20, 6, _WHITE, line=True)
    for x in (-16, -4, 8):
        pen.limb([(x, -24), (x + 6, -6), (x + 11, -24)], 1.8, rgb("ffe07a"), curve=False)
    pen.limb([(-22, -50), (-4, -33)], 3, _WOOD)
    pen.limb([(22, -50), (6, -33)], 3, _WOOD)


_ALL = (
    ThingKind("dog", "a dog", rgb("b9814f"), 48, animals.dog, 4),
    ThingKind("cat", "a cat", rgb("e4833c"), 44, animals.cat, 4),
    ThingKind("bird", "a bird", rgb("4f8fd0"), 35, animals.bird, 5),
    ThingKind("duck", "a duck", rgb("f7d95f"), 40, animals.duck, 5, outdoors=True),
    ThingKind("hen", "a hen", rgb("f4ead8"), 34, animals.hen, 4, outdoors=True),
    ThingKind("horse", "a horse", rgb("9a6038"), 71, animals.horse, -10, outdoors=True),
    ThingKind("sheep", "a sheep", rgb("f7f1e4"), 41, animals.sheep, -2, outdoors=True),
    ThingKind("frog", "a frog", rgb("6fb34f"), 29, animals.frog, 6),
    ThingKind("ball", "a ball", rgb("d8453f"), 17, _ball, 5),
    ThingKind("suitcase", "a suitcase", rgb("a86a3f"), 28, _suitcase, 3),
    ThingKind("table", "a table", rgb("c08a52"), 43, _table, -8),
    ThingKind("chair", "a chair", rgb("b5713f"), 23, _chair, -4),
    ThingKind("car", "a car", rgb("d8453f"), 70, _car, -12, outdoors=True),
    ThingKind("bicycle", "a bicycle", rgb("3f7fc4"), 48, _bicycle, -4, outdoors=True),
    ThingKind("boat", "a boat", rgb("c9504a"), 57, _boat, -12, outdoors=True),
    ThingKind("kite", "a kite", rgb("ee5f8a"), 27, _kite, -6, outdoors=True),
    ThingKind("flowers", "some flowers", rgb("ee7fa8"), 28, _flowers, 6),
    ThingKind("snowman", "a snowman", rgb("d8453f"), 39, _snowman, -4, outdoors=True),
    ThingKind("balloon", "a balloon", rgb("d8453f"), 22, _balloon, 0),
    ThingKind("present", "a present", rgb("8451a6"), 25, _present, 4),
    ThingKind("campfire", "a campfire", rgb("ee7a30"), 31, _campfire, 5, outdoors=True),
    ThingKind("tent", "a tent", rgb("e0a53a"), 61, _tent, -14, outdoors=True),
    ThingKind("bucket", "a bucket", rgb("4f8fd0"), 20, _bucket, 4),
    ThingKind("lamp", "a lamp", rgb("f0c25a"), 25, _lamp, -4),
    ThingKind("bench", "a bench", rgb("b5713f"), 49, _bench, -12),
    ThingKind("sign", "a sign", rgb("e0c27a"), 38, _sign, -6, outdoors=True),
    ThingKind("rocket", "a rocket", rgb("d8453f"), 30, _rocket, -4),
    ThingKind("drum", "a drum", rgb("d8453f"), 25, _drum, 4),
)
THINGS_BESIDE: dict[str, ThingKind] = {kind.name: kind for kind in _ALL}
