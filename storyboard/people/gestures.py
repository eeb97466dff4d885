"""More poses: larger gestures, and what two people do with each other.

A pose of two people gets `reach`: how far in front of the person the other one stands, in units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .figure import Body
from .poses import POSES, Pose, arm_from, chest, head_centre, seated, standing_feet


def pose_of(action: str, body: Body, reach: float = 0.0) -> tuple[Body, Pose]:
    """Returns the body for this action, lowered if it sits or lies, and its pose. KeyError for an unknown action."""
    if action == "sleeping":
        body = seated(body)
    elif action == "sitting":
        body = replace(body, leg=body.leg * 0.5 + 5)
    if action in PAIR_POSES:
        return body, PAIR_POSES[action](body, reach)
    return body, (POSES.get(action) or GESTURES[action])(body)


def _sitting(body: Body) -> Pose:
    hip, leg = body.hip * 0.5, body.leg
    knees = ((-hip - 7, -leg * 0.86), (hip + 9, -leg * 0.86))
    feet = ((-hip - 8, 0.0), (hip + 10, 0.0))
    y = chest(body, 1.02)
    return Pose(((-hip - 4, y), (hip + 6, y)), (-1, 1), feet, knees, gaze=(1.4, 0.4))


def _jumping(body: Body) -> Pose:
    _, y = head_centre(body)
    hip, leg = body.hip * 0.55, body.leg
    feet = ((-hip - 7, -leg * 0.24), (hip + 9, -leg * 0.34))
    knees = ((-hip - 9, -leg * 0.6), (hip + 12, -leg * 0.72))
    return Pose(
        ((-35, y - 2), (35, y - 6)), (1, -1), feet, knees, tilt=-3, gaze=(1, -1.5), mouth="laugh", lift=20
    )


def _cheering(body: Body) -> Pose:
    _, y = head_centre(body)
    return Pose(((-36, y - 10), (36, y - 10)), (1, -1), standing_feet(body), gaze=(0.6, -1.4), mouth="laugh")


def _pointing(body: Body) -> Pose:
    near = (44.0, chest(body, 0.12))
    return Pose((arm_from(body, -1, 0.12, 0.88), near), (-1, 1), standing_feet(body), shift=-3, gaze=(2.4, 0))


def _crying(body: Body) -> Pose:
    _, y = head_centre(body)
    y += body.head[1] * 1.06
    return Pose(
        ((-15, y), (17, y)), (-1, 1), standing_feet(body), tilt=5, eyes="closed", mouth="sad", tears=True
    )


def _laughing(body: Body) -> Pose:
    y = chest(body, 0.7)
    return Pose(((-10, y), (11, y)), (-1, 1), standing_feet(body), lean=-3, tilt=-8, eyes="closed", mouth="laugh",
                expression="happy")  # fmt: skip


def _thinking(body: Body) -> Pose:
    _, y = head_centre(body)
    near = (9.0, y + body.head[1] * 1.1)
    return Pose(
        ((8, chest(body, 0.72)), near), (-1, 1), standing_feet(body), tilt=4, gaze=(1.6, -2.2), mouth="smile"
    )


def _clapping(body: Body) -> Pose:
    y = chest(body, 0.42)
    return Pose(((-6, y), (8, y)), (-1, 1), standing_feet(body), gaze=(1, 0), mouth="laugh")


def _walking(body: Body) -> Pose:
    hip, leg = body.hip * 0.4, body.leg
    feet = ((-hip - leg * 0.26 - 3, -3.0), (hip + leg * 0.24 + 5, 0.0))
    knees = ((-hip - leg * 0.06, -leg * 0.52), (hip + leg * 0.2 + 2, -leg * 0.54))
    out = 0.36 if body.shoulder < 26 else 0.14
    far, near = arm_from(body, -1, out, 0.8), arm_from(body, 1, out, 0.72)
    return Pose((far, near), (-1, 1), feet, knees, lean=3, gaze=(2, 0))


def _hugging(body: Body, reach: float) -> Pose:
    hands = ((reach * 0.62, chest(body, 0.62)), (reach * 0.8, chest(body, 0.34)))
    return Pose(
        hands, (-1, 1), standing_feet(body), lean=4, tilt=4, eyes="closed", mouth="smile", expression="happy"
    )


def _holding_hands(body: Body, reach: float) -> Pose:
    near = (reach / 2, -body.leg - 8)
    return Pose((arm_from(body, -1, 0.14, 0.9), near), (-1, 1), standing_feet(body), gaze=(1.8, 0))


def _giving(body: Body, reach: float) -> Pose:
    near = (reach / 2 - 2, chest(body, 0.5))
    return Pose((arm_from(body, -1, 0.14, 0.9), near), (-1, 1), standing_feet(body), lean=2, gaze=(2.2, 0.6))


def _taking(body: Body, reach: float) -> Pose:
    y = chest(body, 0.5)
    return Pose(
        ((body.shoulder * 0.6, y + 6), (reach / 2 - 8, y)), (1, 1), standing_feet(body), gaze=(2.2, 0.8)
    )


GESTURES: dict[str, Callable[[Body], Pose]] = {
    "sitting": _sitting, "jumping": _jumping, "cheering": _cheering, "pointing": _pointing, "crying": _crying,
    "laughing": _laughing, "thinking": _thinking, "clapping": _clapping, "walking": _walking,
}  # fmt: skip
PAIR_POSES: dict[str, Callable[[Body, float], Pose]] = {
    "hugging": _hugging, "holding hands": _holding_hands, "giving": _giving, "taking": _taking,
}  # fmt: skip
SINGLE_ACTIONS = (*POSES, *GESTURES)
