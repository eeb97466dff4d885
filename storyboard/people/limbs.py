"""Arms, hands, legs and shoes of a body in a pose, with sleeves and trousers."""

from __future__ import annotations

import math

from .canvas import Colour, Pen, Point, mix, rgb, shade, smooth
from .figure import Body, Figure, Outfit
from .poses import Pose, elbow, shoulder

# The part of the leg that is covered, and the width of the cloth relative to the leg.
_CUTS = {
    "trousers": (1.0, 1.0), "poncho": (1.0, 1.0), "wide trousers": (1.0, 1.1), "leggings": (0.8, 0.82),
    "shorts": (0.5, 1.0),
}  # fmt: skip
_BOOT = 9.0  # units by which a boot is higher than a shoe


def draw_legs(pen: Pen, who: Figure, pose: Pose) -> None:
    """Draws both legs and shoes, the far leg first."""
    body, wear = who.body, who.outfit
    covered, share = _CUTS.get(wear.cut, (0.0, 1.0))
    bare = wear.legs or body.skin
    if who.head.kind == "robot" and wear.legs is None:
        bare = mix(body.skin, rgb("3d6470"), 0.5)
    for index, side in ((0, -1), (1, 1)):
        hip: Point = (side * body.hip * 0.5, -body.leg)
        foot = pose.feet[index]
        ankle = (foot[0], foot[1] - 2 - body.leg_width / 2)
        knee = pose.knees[index] if pose.knees else ((hip[0] + ankle[0]) / 2, (hip[1] + ankle[1]) / 2)
        path = [hip, knee, ankle]
        width = body.leg_width
        if covered >= 1.0:
            pen.limb(path, width * share, wear.bottom if index else shade(wear.bottom, 0.1), line=True)
        else:
            pen.limb(path, width * 0.82, bare if index else shade(bare, 0.08), line=True)
        if covered == 0.5:
            pen.limb([hip, _between(hip, knee, 0.75)], width + 3, wear.bottom, line=True)
        elif covered == 0.8:
            pen.limb([hip, knee, _between(knee, ankle, 0.55)], width * share, wear.bottom, line=True)
        if wear.cut == "wide trousers":
            _draw_flare(pen, knee, ankle, width, wear.bottom)
        _draw_shoe(pen, foot, width, wear, body.skin)


def _draw_flare(pen: Pen, knee: Point, ankle: Point, width: float, colour: Colour) -> None:
    """The wide end of a trouser leg."""
    dx, dy = ankle[0] - knee[0], ankle[1] - knee[1]
    length = math.hypot(dx, dy) or 1.0
    nx, ny = -dy / length, dx / length
    (kx, ky), (ax, ay) = _between(ankle, knee, 0.75), (ankle[0] + dx / length * 2, ankle[1] + dy / length * 2)
    near, far = width * 0.5, width * 0.86
    pen.poly([(kx + nx * near, ky + ny * near), (kx - nx * near, ky - ny * near), (ax - nx * far, ay - ny * far),
              (ax + nx * far, ay + ny * far)], colour, line=True, width=1.6)  # fmt: skip


def _draw_shoe(pen: Pen, foot: Point, width: float, wear: Outfit, skin: Colour) -> None:
    x, y = foot
    w = width * 0.5
    boot = _BOOT if wear.footwear == "boots" else 0
    shape = [(x - w - 1, y - 8 - boot), (x + w, y - 8 - boot), (x + w + 1, y - 7), (x + w + 7, y - 4),
             (x + w + 7, y + 1), (x, y + 2), (x - w - 2, y + 1), (x - w - 2, y - 4)]  # fmt: skip
    pen.poly(shape, skin if wear.footwear in ("sandals", "bare feet") else wear.shoes, line=True)
    if wear.footwear == "trainers":
        pen.poly([(x - w - 2, y - 1.6), (x + w + 7, y - 1.6), (x + w + 7, y + 1), (x, y + 2), (x - w - 2, y + 1)],
                 rgb("fffaf0"))  # fmt: skip
        pen.limb([(x + w - 1, y - 6), (x + w + 3, y - 3.4)], 1.6, rgb("fffaf0"))
    elif wear.footwear == "sandals":
        pen.poly(
            [(x - w - 2, y - 1), (x + w + 7, y - 1), (x + w + 7, y + 1.6), (x - w - 2, y + 1.6)], wear.shoes
        )
        pen.limb([(x + w - 2, y - 6.5), (x + w + 3, y - 1)], 2.6, wear.shoes)
        pen.limb([(x - w - 1, y - 5), (x + w - 1, y - 6.5)], 2.2, wear.shoes)


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def draw_arms(pen: Pen, body: Body, wear: Outfit, pose: Pose) -> None:
    """Draws both arms in their sleeves, the far arm first."""
    colour = wear.top
    for index, side in ((0, -1), (1, 1)):
        start = shoulder(body, side)
        hand = pose.hands[index]
        bend = elbow(start, hand, body.arm, pose.bends[index])
        skin = body.skin if index else shade(body.skin, 0.06)
        sleeve = colour if index else shade(colour, 0.1)
        if wear.sleeves < 0.8:
            pen.limb([start, bend, hand], body.arm_width * 0.86, skin, line=True)
        if wear.sleeves >= 0.8:
            cuff = _between(bend, hand, 0.8)
            pen.limb([start, bend, cuff], body.arm_width, sleeve, line=True)
            _draw_bands(pen, (start, bend, cuff), body.arm_width, wear.colour_of("striped sleeves"))
        elif wear.sleeves > 0:
            end = _between(start, bend, 0.75)
            pen.limb([start, end], body.arm_width + 1.5, sleeve, line=True)
            _draw_bands(pen, (start, end), body.arm_width + 1.5, wear.colour_of("striped sleeves"))


def _draw_bands(pen: Pen, path: tuple[Point, ...], width: float, colour: Colour | None) -> None:
    """Draws stripes across a sleeve. The sleeve is a soft curve through the points."""
    if colour is None:
        return
    straight = [_between(path[0], path[-1], share / 6) for share in range(7)]
    curve = smooth(path, closed=False) if len(path) > 2 else straight
    run, next_band = 0.0, 7.0
    for (ax, ay), (bx, by) in zip(curve, curve[1:], strict=False):
        length = math.hypot(bx - ax, by - ay)
        if length and run + length / 2 >= next_band:
            nx, ny = (ay - by) / length * (width / 2 - 0.4), (bx - ax) / length * (width / 2 - 0.4)
            ux, uy = (bx - ax) / length * 1.9, (by - ay) / length * 1.9
            x, y = (ax + bx) / 2, (ay + by) / 2
            pen.poly([(x + nx - ux, y + ny - uy), (x + nx + ux, y + ny + uy), (x - nx + ux, y - ny + uy),
                      (x - nx - ux, y - ny - uy)], colour)  # fmt: skip
            next_band = run + length / 2 + 8.5
        run += length


def draw_hands(pen: Pen, who: Figure, pose: Pose, action: str) -> None:
    """Draws the hands, in front of what they hold."""
    body = who.body
    radius = body.arm_width * 0.56
    skin = who.outfit.colour_of("gloves") or body.skin
    for index in (0, 1):
        x, y = pose.hands[index]
        pen.oval(x, y, radius, radius, skin, line=True)
    if action == "pointing":
        x, y = pose.hands[1]
        pen.limb([(x, y - 1), (x + 10, y - 1.6)], 4, skin, line=True)
        pen.oval(x, y, radius, radius, skin)
    if action == "waving":
        x, y = pose.hands[1]
        for dx, dy in ((-5, -6), (0, -8.5), (5, -6)):
            pen.limb([(x, y), (x + dx, y + dy)], 4.2, skin, line=True)
        pen.oval(x, y, radius, radius, skin)
