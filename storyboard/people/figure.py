"""What the drawing code is given of a person: the measures of a body, the parts of an outfit, the shapes of a head.

Values only. They know nothing of poses or scenes, nor of how a person was described.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .canvas import Colour


class Part(NamedTuple):
    """Something worn that has a colour of its own: a scarf, a collar, a hat, stripes."""

    name: str
    colour: Colour


@dataclass(frozen=True)
class Body:
    """Measures in picture units (a picture is 256 high), feet at 0."""

    leg: float
    torso: float
    shoulder: float  # half width
    hip: float  # half width
    head: tuple[float, float]  # half width, half height
    arm: float
    arm_width: float
    leg_width: float
    crown: float  # height of the hair above the middle of the head
    skin: Colour
    hair: Colour


@dataclass(frozen=True)
class Outfit:
    """`cut` is what hangs below the waist: trousers, shorts, skirt, dress, coat, gown and so on."""

    top: Colour
    sleeves: float  # share of the arm that is covered
    cut: str
    bottom: Colour
    shoes: Colour
    parts: tuple[Part, ...] = ()
    legs: Colour | None = None  # tights, long socks or slim trousers under a coat
    footwear: str = "shoes"

    def has(self, name: str) -> bool:
        return any(part.name == name for part in self.parts)

    def colour_of(self, name: str) -> Colour | None:
        """Returns the colour of the part of that name, None where nobody wears one."""
        return next((part.colour for part in self.parts if part.name == name), None)


@dataclass(frozen=True)
class Head:
    """`kind` is human, robot or an animal; `hair` the hair style, the robot's shape, the animal's markings."""

    kind: str = "human"
    hair: str = "bald"
    beard: str | None = None
    glasses: Part | None = None
    hat: Part | None = None
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A whole person as it is drawn, all but the pose."""

    body: Body
    outfit: Outfit
    head: Head
