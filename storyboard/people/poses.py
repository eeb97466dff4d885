"""How a body stands for each action: joints in picture units, feet at (0, 0), facing right.

A pose only places hands, feet and head. `drawing.py` draws the person, and `props.py` what is held. Every pose stays
within about 44 units of its spot on either side, so that three people fit on a stage.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from .canvas import Point
from .figure import Body


@dataclass(frozen=True)
class Pose:
    """A pose. `hands` and `feet` are (far, near); near is the side that the character faces.

    Elbows bend outwards (+1) or in.
    """

    hands: tuple[Point, Point]
    bends: tuple[float, float]
    feet: tuple[Point, Point]
    knees: tuple[Point, Point] | None = None
    shift: float = 0.0  # of the whole body, in units, to leave room for a prop
    lean: float = 0.0  # of the body, in degrees, forwards
    tilt: float = 0.0  # of the head, in degrees
    gaze: Point = (0.0, 0.0)
    eyes: str | None = None  # replaces the eyes of the expression
    mouth: str | None = None
    lift: float = 0.0  # height above the ground, in units
    expression: str | None = None  # replaces the expression that was asked for
    tears: bool = False


def seated(body: Body) -> Body:
    """Returns the body on the ground, with its legs under a blanket."""
    return replace(body, leg=9.0)


def shoulder(body: Body, side: int) -> Point:
    return side * body.shoulder * 0.87, -(body.leg + body.torso) + 9


def chest(body: Body, share: float) -> float:
    """Returns the height of the point `share` of the way from the shoulders (0) to the hips (1)."""
    return -(body.leg + body.torso) + 9 + share * (body.torso - 9)


def head_centre(body: Body) -> Point:
    return 0.0, -(body.leg + body.torso + body.head[1] * 0.90)


def elbow(start: Point, hand: Point, length: float, bend: float) -> Point:
    """Returns the position of the elbow if both halves of the arm have the length `length` / 2."""
    dx, dy = hand[0] - start[0], hand[1] - start[1]
    reach = math.hypot(dx, dy) or 1e-6
    # A soft arm bends little and gets shorter instead, so that elbows stay in the person's part of the stage.
    out = min(11.0, math.sqrt(max(0.0, length**2 - reach**2)) / 2)
    return (start[0] + hand[0]) / 2 + bend * out * dy / reach, (
        start[1] + hand[1]
    ) / 2 - bend * out * dx / reach


def arm_from(body: Body, side: int, dx: float, dy: float) -> Point:
    """Returns the position of a hand (dx, dy) arm lengths away from its shoulder. dx counts outwards."""
    x, y = shoulder(body, side)
    return x + side * dx * body.arm, y + dy * body.arm


def standing_feet(body: Body) -> tuple[Point, Point]:
    """Returns the positions of both feet of a standing person."""
    return (-body.hip * 0.55, 0.0), (body.hip * 0.55, 0.0)


def _standing(body: Body) -> Pose:
    out = 0.22 if body.shoulder < 26 else 0.08
    return Pose((arm_from(body, -1, out, 0.9), arm_from(body, 1, out, 0.9)), (-1, 1), standing_feet(body),
    gaze=(1.6, 0))  # fmt: skip


def _waving(body: Body) -> Pose:
    _, y = head_centre(body)
    return Pose(
        (arm_from(body, -1, 0.12, 0.88), (39.0, y + 1)), (-1, -1), standing_feet(body), shift=-4, tilt=-4
    )


def _reading(body: Body) -> Pose:
    y = chest(body, 0.62)
    return Pose(((-17, y), (17, y)), (-1, 1), standing_feet(body), tilt=3, gaze=(0, 2.5), mouth="smile")


def _eating(body: Body) -> Pose:
    _, y = head_centre(body)
    hand = (body.head[0] * 0.5 + 2, y + body.head[1] * 1.12)
    return Pose(
        (arm_from(body, -1, 0.12, 0.88), hand), (-1, 1), standing_feet(body), mouth="chew", gaze=(1.5, 1.5)
    )


def _dancing(body: Body) -> Pose:
    _, y = head_centre(body)
    far, near = (-37.0, y + 16), (36.0, y - 8)
    hip = body.hip * 0.5
    feet = ((-hip + 3, 0.0), (hip + body.leg * 0.42, -body.leg * 0.3))
    knees = ((-hip - 1, -body.leg * 0.5), (hip + body.leg * 0.34, -body.leg * 0.68))
    return Pose((far, near), (1, -1), feet, knees, shift=-4, lean=-5, tilt=7, mouth="laugh")


def _sleeping(body: Body) -> Pose:
    y = chest(body, 0.82)
    return Pose(((-9, y), (9, y)), (-1, 1), standing_feet(body), tilt=13, eyes="closed", mouth="sleep")


def _run_hand(body: Body, side: int) -> Point:
    return arm_from(body, side, 0.3 if body.shoulder < 26 else 0.1, 0.5 if side < 0 else 0.42)


def _running(body: Body) -> Pose:
    hip, leg = body.hip * 0.4, body.leg
    feet = ((-hip - leg * 0.44 - 5, -leg * 0.36), (hip + leg * 0.26 + 4, 0.0))
    knees = ((-hip - 1, -leg * 0.38), (hip + leg * 0.34 + 3, -leg * 0.58))
    far, near = _run_hand(body, -1), _run_hand(body, 1)
    return Pose((far, near), (-1, 1), feet, knees, shift=-2, lean=9, gaze=(2, 0), mouth="laugh")


def _watering(body: Body) -> Pose:
    near = (body.shoulder + 2, chest(body, 0.66))
    return Pose(
        (arm_from(body, -1, 0.12, 0.88), near), (-1, 1), standing_feet(body), shift=-12, gaze=(2.2, 2.2)
    )


def _painting(body: Body) -> Pose:
    near = (body.shoulder + 4, chest(body, 0.22))
    return Pose(((-6, chest(body, 0.75)), near), (-1, 1), standing_feet(body), shift=-13, gaze=(2.4, 0))


def _carrying(body: Body) -> Pose:
    y = chest(body, 0.78)
    return Pose(((-17, y), (17, y)), (-1, 1), standing_feet(body), gaze=(1.5, 0))


def _umbrella(body: Body) -> Pose:
    return Pose(
        (arm_from(body, -1, 0.12, 0.88), (body.shoulder + 4, chest(body, 0.3))),
        (-1, 1),
        standing_feet(body),
        shift=-3,
    )


POSES: dict[str, Callable[[Body], Pose]] = {
    "waving": _waving,
    "reading": _reading,
    "eating": _eating,
    "dancing": _dancing,
    "sleeping": _sleeping,
    "running": _running,
    "watering": _watering,
    "painting": _painting,
    "carrying": _carrying,
    "sheltering": _umbrella,
    "standing": _standing,
}
