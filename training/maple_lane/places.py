"""The twelve places of Maple Lane: their words in a text, the colour of their ground, and their drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from storyboard.people.canvas import UNITS, Colour, Pen, enlargement, rgb

from . import indoors, outdoors
from .sky import under_sky

MARGIN = 8  # units by which a background is wider than the picture on each side


@dataclass(frozen=True)
class Place:
    """A place. `at` is "in the kitchen", `to` is "to the kitchen".

    `shadow` is the colour of the ground under a person.
    """

    name: str
    preposition: str
    noun: str
    shadow: Colour
    paint: Callable[[Pen], None]
    outdoors: bool = False

    @property
    def at(self) -> str:
        return f"{self.preposition} the {self.noun}"

    @property
    def to(self) -> str:
        return f"to the {self.noun}"


_ALL = (
    Place("kitchen", "in", "kitchen", rgb("d3b796"), indoors.kitchen),
    Place("park", "in", "park", rgb("cdb98a"), outdoors.park, True),
    Place("beach", "on", "beach", rgb("d9be80"), outdoors.beach, True),
    Place("library", "in", "library", rgb("5d7f7c"), indoors.library),
    Place("street", "in", "street", rgb("7f7c8d"), outdoors.street, True),
    Place("garden", "in", "garden", rgb("95bb6c"), outdoors.garden, True),
    Place("classroom", "in", "classroom", rgb("c59c64"), indoors.classroom),
    Place("bakery", "in", "bakery", rgb("d9a9a0"), indoors.bakery),
    Place("bedroom", "in", "bedroom", rgb("c0758b"), indoors.bedroom),
    Place("station", "at", "train station", rgb("a39b94"), indoors.station),
    Place("forest", "in", "forest", rgb("548350"), outdoors.forest, True),
    Place("farm", "on", "farm", rgb("b78f44"), outdoors.farm, True),
)
PLACES: dict[str, Place] = {place.name: place for place in _ALL}


@lru_cache(maxsize=48)
def background(place: str, size: int, time: str = "day", weather: str = "clear") -> Image.Image:
    """Returns the enlarged, still background. It is MARGIN units wider than the picture on each side.

    Time and weather show only at places under the sky. Do not change the returned picture, because it is cached.
    """
    if (time, weather) != ("day", "clear") and PLACES[place].outdoors:
        return under_sky(background(place, size), place, time, weather)
    scale = size * enlargement(size) / UNITS
    image = Image.new("RGB", (round((UNITS + 2 * MARGIN) * scale), round(UNITS * scale)))
    PLACES[place].paint(Pen(image, scale).at(MARGIN, 0))
    return image
