"""Makes people: a look from outside made to fit, a random one, and the portrait that is drawn from it.

Knows neither torch nor gradio, and nothing of stories. Drawing one takes some 30 ms, so it is done while one waits.
"""

from __future__ import annotations

import textwrap
from random import Random

from PIL import Image

from storyboard.errors import StoryError
from storyboard.people import Look, build, draw_person, name_clothes, random_look
from storyboard.story.values import MAX_LABEL, MAX_SEED

PORTRAIT_SIDE = 256  # pixels, as the portraits of the bundled cast


def a_look(value: object) -> Look:
    """Returns the look in a JSON value. StoryError naming what does not fit."""
    return Look.from_json(value)


def look_of_seed(seed: object) -> Look:
    """Returns anybody; an equal seed gives the equal look. StoryError for what is no seed."""
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= MAX_SEED:
        raise StoryError(f"The seed of a look is a whole number from 0 to {MAX_SEED}; choose another.")
    return random_look(Random(seed))


def portrait_of(look: Look) -> Image.Image:
    """Returns the portrait of a look, PORTRAIT_SIDE pixels wide and high."""
    return Image.fromarray(draw_person(build(look), PORTRAIT_SIDE))


def label_of(look: Look) -> str:
    """Returns what a portrait of that look is called: "a red hoodie"."""
    return textwrap.shorten(name_clothes(look), MAX_LABEL, placeholder="…")
