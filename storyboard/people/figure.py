"""A person in the form that the drawing code needs: measures of the body, parts of the outfit, shapes of the head.

Values only. They know nothing of poses or scenes, nor of how the person was described.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .canvas import Colour


class Part(NamedTuple):
    """A worn thing that has a colour of its own: a scarf, a collar, a hat, stripes."""

    name: str
    colour: Colour


@dataclass(frozen=True)
class Body:
    """Measures in picture units (a picture is 256 high), with the feet at height 0."""

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
    """What somebody wears.

    `cut` is the garment below the waist: trousers, shorts, skirt, dress, coat, gown and so on.
    """

    top: Colour
    sleeves: float  # the part of the arm that is covered, 0..1
    cut: str
    bottom: Colour
    shoes: Colour
    parts: tuple[Part, ...] = ()
    legs: Colour | None = None  # tights, long socks or slim trousers under a coat
    footwear: str = "shoes"

    def has(self, name: str) -> bool:
        return any(part.name == name for part in self.parts)

    def colour_of(self, name: str) -> Colour | None:
        """Returns the colour of the part with that name; None if it is not worn."""
        return next((part.colour for part in self.parts if part.name == name), None)


@dataclass(frozen=True)
class Head:
    """A head. `kind` is human, robot or an animal.

    `hair` is the hair style, the robot's shape, or the animal's markings.
    """

    kind: str = "human"
    hair: str = "bald"
    beard: str | None = None
    glasses: Part | None = None
    hat: Part | None = None
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A whole person as drawn, except the pose."""

    body: Body
    outfit: Outfit
    head: Head
