"""Makes people: a look from outside that is made to fit, a random look, and the portrait drawn from a look.

Imports neither torch nor Gradio, and knows nothing of stories. Drawing a portrait takes about 30 ms, so callers wait
for it.
"""

from __future__ import annotations

import textwrap
from functools import cache
from random import Random
from typing import Any

from PIL import Image

from storyboard.errors import StoryError
from storyboard.people import Look, build, changed, choices, draw_person, facets, name_clothes, random_look
from storyboard.people import wardrobe as w
from storyboard.people.colours import CLOTH
from storyboard.people.facets import COAT_OF, HIDDEN, TRIM_OF
from storyboard.people.look import MOST_EXTRAS
from storyboard.story.values import MAX_LABEL, MAX_SEED

PORTRAIT_SIDE = 256  # pixels, as in the portraits of the bundled cast
MAX_CHANGES = 100  # the most changes in one call
WORDS = (
    *("kind", "pronoun", "age", "height", "girth", "hair", "beard", "glasses", "headwear"),
    *("top", "pattern", "bottom", "footwear"),
)
_TINTS = ("hair_colour", "headwear_colour", "top_colour", "accent", "bottom_colour", "footwear_colour")


def a_look(value: object) -> Look:
    """Returns the look in a JSON value. A StoryError names what does not fit."""
    return Look.from_json(value)


def look_of_seed(seed: object) -> Look:
    """Returns a random look. Equal seeds give equal looks. StoryError for anything that is no seed."""
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= MAX_SEED:
        raise StoryError(f"The seed of a look is a whole number from 0 to {MAX_SEED}; choose another.")
    return random_look(Random(seed))


def look_with(value: object, changes: object = ()) -> Look:
    """Returns the look in a JSON value after all [field, value] changes, in their order.

    After each change, choices that do not go with the new value are corrected. StoryError for anything that is no look,
    and for values that it cannot have.
    """
    look = a_look(value)
    if not isinstance(changes, (list, tuple)) or len(changes) > MAX_CHANGES:
        raise StoryError(f"Changes of a look are a list of at most {MAX_CHANGES}; make fewer at once.")
    for change in changes:
        if not isinstance(change, (list, tuple)) or len(change) != 2 or not isinstance(change[0], str):
            raise StoryError("A change of a look is a field and its new value; leave out what is neither.")
        field, wish = change
        # Colours, marks and extras go with every other choice; a choice that is a word may not.
        look = (
            changed(look, field, wish) if isinstance(wish, str) else a_look({**look.to_json(), field: wish})
        )
    return look


@cache
def wardrobe() -> dict[str, Any]:
    """Returns what a look can be made of: for each kind, the possible values of each field; and palettes of colours."""
    every = {}
    for kind in w.KINDS:
        look = changed(Look(), "kind", kind)
        every[kind] = {field: list(choices(look, field)) for field in WORDS}
        if len(every[kind]["top"]) == 1:  # without tops there is nothing to print a pattern on
            every[kind]["pattern"] = ["plain"]
        every[kind]["marks"] = list(w.MARKS) if kind == "human" else []
        every[kind]["extras"] = [*w.EXTRAS, *(w.ROBOT_EXTRAS if kind == "robot" else ())]
    coats = {kind: [list(colour) for colour in COAT_OF[kind].values()] for kind in w.KINDS}
    trims = {kind: [list(colour) for colour in TRIM_OF[kind].values()] for kind in w.KINDS}
    cloth = [list(colour) for colour in CLOTH.values()]
    return {"choices": every, "skin": coats, "hair_colour": trims, "cloth": cloth, "most_extras": MOST_EXTRAS}


def hidden_fields(look: Look) -> list[str]:
    """Returns the fields whose value cannot be seen.

    Examples are the colour of something that is not worn, and a print under an open coat.
    """
    labels = facets(look)
    colours = [name for name, label in labels.items() if label in (w.NONE, HIDDEN) and name in _TINTS]
    return [*colours, *(["pattern"] if look.top == w.NONE or labels["pattern"] != look.pattern else [])]


def portrait_of(look: Look) -> Image.Image:
    """Returns the portrait of a look as a picture, PORTRAIT_SIDE pixels wide and high."""
    return Image.fromarray(draw_person(build(look), PORTRAIT_SIDE))


def label_of(look: Look) -> str:
    """Returns the label of a portrait of that look, such as "a red hoodie"."""
    return textwrap.shorten(name_clothes(look), MAX_LABEL, placeholder="…")
