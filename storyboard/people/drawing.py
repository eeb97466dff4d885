"""Draws one person in a pose: body, clothes, head, and what is held.

In a mask, a person is skin, hair and clothes, including the hands. Things that are held, the easel and the blanket have
the label THINGS and belong to nobody. They and the shadow (0) hide what is behind them.
"""

from __future__ import annotations

from dataclasses import replace

from .animals import ANIMALS, draw_tail
from .beards import GREAT_BEARDS
from .canvas import Colour, Pen, light, shade
from .clothes import draw_behind, draw_torso
from .figure import Body, Figure, Outfit
from .gestures import pose_of
from .heads import draw_back_of_head, draw_head
from .limbs import draw_arms, draw_hands, draw_legs
from .poses import head_centre
from .props import draw_prop_behind, draw_prop_in_hand

THINGS = 255  # the label of things in a mask


def draw_figure(
    pen: Pen,
    who: Figure,
    action: str,
    prop: str | None = None,
    expression: str = "happy",
    facing: str = "right",
    reach: float = 0.0,
) -> None:
    """Draws a person with the feet at the pen's origin. `pen.label` is the person's number in the mask.

    `reach`: in an action of two people, how far away the other person stands, in units.
    """
    wear = who.outfit
    body, pose = pose_of(action, who.body, reach)
    who = replace(who, body=body)
    expression = pose.expression or expression
    flip = 1 if facing == "right" else -1
    figure = pen.at(flip * pose.shift, -pose.lift, flip=flip)
    trunk = figure.at(0, -body.leg, turn=pose.lean).at(0, body.leg)
    hx, hy = head_centre(body)
    head = trunk.at(hx, hy, turn=pose.tilt)

    draw_prop_behind(figure.labelled(THINGS), trunk.labelled(THINGS), body, pose, action, flip)
    draw_back_of_head(head, who)
    draw_behind(trunk, body, wear)
    if action != "sleeping":
        if who.head.kind in ANIMALS:
            draw_tail(figure, who.head.kind, body)
        draw_legs(figure, who, pose)
    draw_torso(trunk, body, wear)
    neck = light(wear.top, 0.2) if wear.has("roll neck") else shade(body.skin, 0.2)
    trunk.box(-6, -(body.leg + body.torso) - 5, 12, 9, neck, r=4)
    draw_head(head, who, expression, pose)
    if wear.has("scarf") and who.head.beard not in GREAT_BEARDS:
        _scarf_over_chin(trunk, body, wear)
    draw_arms(trunk, body, wear, pose)
    draw_prop_in_hand(figure.labelled(THINGS), trunk.labelled(THINGS), body, pose, action, prop, flip)
    draw_hands(trunk, who, pose, action)


def draw_shadow(pen: Pen, who: Figure, action: str, facing: str, colour: Colour) -> None:
    """Draws the soft spot on the ground under a person."""
    body = who.body
    shift = pose_of(action, body)[1].shift * (1 if facing == "right" else -1)
    wide = 40 if action == "sleeping" else body.hip + 13
    pen.oval(shift, 1, wide, 6, colour)


def _scarf_over_chin(pen: Pen, body: Body, wear: Outfit) -> None:
    y = -(body.leg + body.torso) + 2
    w = min(body.shoulder * 0.8, 19)
    pen.box(-w, y - 4, 2 * w, 10, wear.colour_of("scarf") or wear.top, r=5)
