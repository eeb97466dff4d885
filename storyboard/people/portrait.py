"""A person alone on a plain light ground, from head to foot, as shown in a cast panel, to a reader, and in training."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .build import build
from .canvas import UNITS, Pen, average_down, enlargement, rgb
from .drawing import draw_figure, draw_shadow
from .figure import Figure
from .look import Look

_GROUND, _SHADOW = rgb("fbf3e4"), rgb("eaddc6")
_USUAL_CROWN = 45.0  # up to this height above the middle of the head, hair needs no extra room
_UMBRELLA = 36.0


def draw_person(
    who: Look | Figure,
    size: int = 128,
    action: str = "standing",
    prop: str | None = None,
    expression: str = "happy",
    facing: str = "right",
) -> np.ndarray:
    """Returns the picture of a person in a pose, (size, size, 3) uint8."""
    if isinstance(who, Look):
        who = build(who)
    factor = enlargement(size)
    image = Image.new("RGB", (size * factor, size * factor), _GROUND)
    body = who.body
    height = body.leg + body.torso + 2 * body.head[1] + 24 + max(0.0, body.crown - _USUAL_CROWN)
    height += _UMBRELLA if action == "sheltering" else 0.0
    pen = Pen(image, size * factor / UNITS).at(128, 238, scale=min(1.3, 222 / height))
    draw_shadow(pen, who, action, facing, _SHADOW)
    draw_figure(pen, who, action, prop, expression, facing)
    return average_down(image, factor)
