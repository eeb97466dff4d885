"""Draws one character: body, clothes, head and what is held, in one pose.

In a mask a character is skin, hair and clothes, hands included; things held, the easel and the blanket are THINGS,
nobody's; they and nobody's shadow (0) hide what is behind them.
"""

from __future__ import annotations

from .canvas import Pen, Point, mix, rgb, shade
from .cast import Body, MapleCharacter, Outfit
from .clothes import draw_behind, draw_torso
from .heads import draw_back_hair, draw_head
from .poses import POSES, Pose, elbow, head_centre, seated, shoulder
from .props import draw_prop_behind, draw_prop_in_hand

THINGS = 255  # their label in a mask


def draw_figure(
    pen: Pen, who: MapleCharacter, outfit: str, action: str, prop: str | None, expression: str, facing: str
) -> None:
    """Draws with the feet at the pen's origin; `pen.label` is the character's number in the mask."""
    body, wear = who.body, who.wardrobe[outfit]
    if action == "sleeping":
        body = seated(body)
    pose = POSES[action](body)
    flip = 1 if facing == "right" else -1
    figure = pen.at(flip * pose.shift, 0, flip=flip)
    trunk = figure.at(0, -body.leg, turn=pose.lean).at(0, body.leg)
    hx, hy = head_centre(body)
    head = trunk.at(hx, hy, turn=pose.tilt)

    draw_prop_behind(figure.labelled(THINGS), trunk.labelled(THINGS), body, pose, action, flip)
    draw_back_hair(head, who)
    draw_behind(trunk, body, wear)
    if action != "sleeping":
        _legs(figure, body, wear, pose, who.name == "Toggle")
    draw_torso(trunk, body, wear)
    trunk.box(-6, -(body.leg + body.torso) - 5, 12, 9, shade(body.skin, 0.2), r=4)
    draw_head(head, who, expression, pose.gaze, pose.eyes, pose.mouth)
    if "scarf" in wear.extras:
        _scarf_over_chin(trunk, body, wear)
    _arms(trunk, body, wear, pose)
    draw_prop_in_hand(figure.labelled(THINGS), trunk.labelled(THINGS), body, pose, action, prop, flip)
    _hands(trunk, body, pose, action)


def draw_shadow(pen: Pen, who: MapleCharacter, action: str, facing: str, colour) -> None:
    """The soft spot on the ground under a character."""
    body = who.body
    shift = POSES[action](body).shift * (1 if facing == "right" else -1)
    wide = 40 if action == "sleeping" else body.hip + 13
    pen.oval(shift, 1, wide, 6, colour)


def _legs(pen: Pen, body: Body, wear: Outfit, pose: Pose, robot: bool) -> None:
    covered = {"trousers": 1.0, "shorts": 0.5, "poncho": 1.0}.get(wear.cut, 0.0)
    bare = wear.legs or body.skin
    if robot:
        bare = mix(body.skin, rgb("3d6470"), 0.5)
    for index, side in ((0, -1), (1, 1)):
        hip: Point = (side * body.hip * 0.5, -body.leg)
        foot = pose.feet[index]
        ankle = (foot[0], foot[1] - 2 - body.leg_width / 2)
        knee = pose.knees[index] if pose.knees else ((hip[0] + ankle[0]) / 2, (hip[1] + ankle[1]) / 2)
        path = [hip, knee, ankle]
        width = body.leg_width
        if covered >= 1.0:
            pen.limb(path, width, wear.bottom if index else shade(wear.bottom, 0.1), line=True)
        else:
            pen.limb(path, width * 0.82, bare if index else shade(bare, 0.08), line=True)
        if covered == 0.5:
            pen.limb([hip, _between(hip, knee, 0.75)], width + 3, wear.bottom, line=True)
        _shoe(pen, foot, width, wear)


def _shoe(pen: Pen, foot: Point, width: float, wear: Outfit) -> None:
    x, y = foot
    w = width * 0.5
    boot = 9 if "hood" in wear.extras and wear.cut == "coat" else 0
    shape = [(x - w - 1, y - 8 - boot), (x + w, y - 8 - boot), (x + w + 1, y - 7), (x + w + 7, y - 4),
             (x + w + 7, y + 1), (x, y + 2), (x - w - 2, y + 1), (x - w - 2, y - 4)]  # fmt: skip
    pen.poly(shape, wear.shoes, line=True)


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def _arms(pen: Pen, body: Body, wear: Outfit, pose: Pose) -> None:
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
        elif wear.sleeves > 0:
            pen.limb([start, _between(start, bend, 0.75)], body.arm_width + 1.5, sleeve, line=True)


def _hands(pen: Pen, body: Body, pose: Pose, action: str) -> None:
    radius = body.arm_width * 0.56
    for index in (0, 1):
        x, y = pose.hands[index]
        pen.oval(x, y, radius, radius, body.skin, line=True)
    if action == "waving":
        x, y = pose.hands[1]
        for dx, dy in ((-5, -6), (0, -8.5), (5, -6)):
            pen.limb([(x, y), (x + dx, y + dy)], 4.2, body.skin, line=True)
        pen.oval(x, y, radius, radius, body.skin)


def _scarf_over_chin(pen: Pen, body: Body, wear: Outfit) -> None:
    y = -(body.leg + body.torso) + 2
    w = min(body.shoulder * 0.8, 19)
    if body.shoulder < 30:  # a great beard covers it
        pen.box(-w, y - 4, 2 * w, 10, wear.accent, r=5)
