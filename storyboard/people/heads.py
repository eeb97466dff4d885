"""Heads: a skull with hair and face, a robot's shell, or an animal's head; and what is behind them.

Draws around the centre of the head, facing right. Each kind has its shapes in a module of its own.
"""

from __future__ import annotations

from .animals import ANIMALS, draw_animal_head
from .beards import draw_beard
from .canvas import Colour, Pen, shade
from .faces import (
    draw_brows,
    draw_cheeks,
    draw_eyes,
    draw_glasses,
    draw_marks,
    draw_mouth,
    draw_nose,
    draw_tears,
    eye_spots,
)
from .figure import Figure
from .hair import STYLES, draw_back_hair, draw_hair
from .headwear import HATS, draw_behind_head, draw_headwear
from .poses import Pose
from .robots import draw_robot_head


def draw_back_of_head(pen: Pen, who: Figure) -> None:
    """Draws what is behind body and face."""
    head, body = who.head, who.body
    if head.kind == "human" and not _hides(who, "all"):
        draw_back_hair(pen, head.hair, body.head, body.hair, body.skin, _hides(who, "top"))
    if head.hat:
        draw_behind_head(pen, head.hat, body.head)


def draw_head(pen: Pen, who: Figure, expression: str, pose: Pose) -> None:
    """Draws a head of any kind, with hat and glasses, in the frame of the head."""
    head, body = who.head, who.body
    if head.kind == "human":
        _draw_human(pen, who, expression, pose)
    elif head.kind in ANIMALS:
        draw_animal_head(pen, head.kind, head.hair, body, expression, pose)
    else:
        draw_robot_head(pen, head.hair, body, expression, pose)
    if pose.tears:
        draw_tears(pen, (-11.0, 11.0) if head.kind == "robot" else eye_spots(body.head[0]))
    if head.glasses:
        draw_glasses(pen, head.glasses, body.head)
    if head.hat and (head.kind != "human" or not _hides(who, "all")):
        top = STYLES[head.hair].crown if head.kind == "human" else 30.0
        draw_headwear(pen, head.hat, body.head, top)


def _hides(who: Figure, how_much: str) -> bool:
    return who.head.hat is not None and HATS[who.head.hat.name].hides == how_much


def _draw_human(pen: Pen, who: Figure, expression: str, pose: Pose) -> None:
    head, body = who.head, who.body
    rx, ry = body.head
    _ears(pen, rx, body.skin)
    pen.blob(_skull(rx, ry), body.skin, line=True)
    if not _hides(who, "all"):
        draw_hair(pen, head.hair, body.head, body.hair, body.skin, _hides(who, "top"))
    draw_cheeks(pen, rx, ry, body.skin)
    draw_nose(pen, ry, body.skin)
    draw_eyes(pen, expression, pose, rx, body.skin)
    draw_brows(pen, expression, body.head, body.hair, pose.eyes)
    draw_marks(pen, head.marks, body.head, body.skin, expression, pose)
    if head.beard:
        draw_beard(pen, head.beard, body.head, body.hair, body.skin)
    draw_mouth(pen, expression, pose.mouth, ry * 0.58)
    if head.hat and _hides(who, "all"):
        draw_headwear(pen, head.hat, body.head, 30.0)


def _skull(rx: float, ry: float):
    return [
        (0, -ry), (rx * 0.72, -ry * 0.74), (rx, -ry * 0.05), (rx * 0.86, ry * 0.55), (rx * 0.42, ry * 0.95),
        (0, ry), (-rx * 0.42, ry * 0.95), (-rx * 0.86, ry * 0.55), (-rx, -ry * 0.05), (-rx * 0.72, -ry * 0.74),
    ]  # fmt: skip


def _ears(pen: Pen, rx: float, skin: Colour) -> None:
    for side in (-1, 1):
        pen.oval(side * (rx + 0.5), 3, 4.5, 5.5, shade(skin, 0.12) if side < 0 else skin, line=True)
