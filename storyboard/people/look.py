"""A person as a value: `Look` says what somebody looks like and wears. It can be checked, saved and compared.

It knows nothing of how a look is drawn (`build.py`), put into words (`words.py`) or sampled (`sampling.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from storyboard.errors import StoryError

from . import wardrobe as w
from .canvas import Colour, rgb
from .figure import Part

MOST_EXTRAS = 4


@dataclass(frozen=True)
class Look:
    """What somebody looks like, in the vocabulary of `wardrobe.py`. A colour may be any (red, green, blue).

    hair: a hair style; for a robot the shape of its head, for an animal its markings.
    skin: the colour of skin, metal or fur.
    accent: the second colour of clothes, for patterns, collars, and what is visible between open fronts.

    StoryError if a value is unknown, or if two values cannot be worn together.
    """

    kind: str = "human"
    pronoun: str = "she"
    age: str = "adult"
    height: str = "medium"
    girth: str = "medium"
    skin: Colour = rgb("fad3b6")
    hair: str = "short hair"
    hair_colour: Colour = rgb("7c4a2a")
    beard: str = w.NONE
    glasses: str = w.NONE
    marks: tuple[str, ...] = ()
    headwear: str = w.NONE
    headwear_colour: Colour = rgb("d23f3c")
    top: str = "t-shirt"
    top_colour: Colour = rgb("3c76c6")
    pattern: str = "plain"
    accent: Colour = rgb("fbf6ea")
    bottom: str = "trousers"
    bottom_colour: Colour = rgb("2a3f73")
    footwear: str = "shoes"
    footwear_colour: Colour = rgb("865638")
    extras: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        _check_values(self)
        _check_together(self)

    def to_json(self) -> dict[str, Any]:
        """Returns the look as plain JSON, with colours as [red, green, blue] and extras as {name: colour}."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values = {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
        return {**values, "extras": {name: list(colour) for name, colour in self.extras}}

    @classmethod
    def from_json(cls, data: object) -> Look:
        """Returns the look that `to_json` wrote. Missing fields get their defaults. StoryError for anything else."""
        if not isinstance(data, Mapping):
            raise StoryError(f"A look is a JSON object with fields such as hair and top, not {_short(data)}.")
        known = {field.name for field in fields(cls)}
        for key in data:
            if key not in known:
                raise StoryError(f"A look has no field {_short(key)}; leave it out.")
        values = dict(data)
        for key in values:
            if key == "skin" or key == "accent" or key.endswith("_colour"):
                values[key] = _colour(key, values[key])
        if "marks" in values:
            values["marks"] = tuple(_listed("marks", values["marks"]))
        if "extras" in values:
            extras = values["extras"]
            if not isinstance(extras, Mapping):
                raise StoryError(f"Extras are an object of names and colours, not {_short(extras)}.")
            values["extras"] = tuple(Part(name, _colour("extras", tint)) for name, tint in extras.items())
        return cls(**values)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _listed(key: str, value: object) -> list | tuple:
    if not isinstance(value, (list, tuple)):
        raise StoryError(f"The field {key} is a list, not {_short(value)}.")
    return value


def _colour(key: str, value: object) -> Colour:
    parts: Sequence[int] = value if isinstance(value, (list, tuple)) else ()
    if len(parts) != 3 or not all(type(part) is int and 0 <= part <= 255 for part in parts):
        raise StoryError(f"A colour ({key}) is three whole numbers from 0 to 255, not {_short(value)}.")
    red, green, blue = parts
    return red, green, blue


def _check_colour(key: str, value: object) -> None:
    """Raises StoryError if a value is no colour. It must be a tuple: a look with a list could not be hashed."""
    _colour(key, value)
    if not isinstance(value, tuple):
        raise StoryError(f"A colour of a look ({key}) is a tuple, not {_short(value)}.")


def _check_one(key: str, value: object, allowed: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in allowed:
        raise StoryError(f"The field {key} cannot be {_short(value)}; choose one of: {', '.join(allowed)}.")


def _check_values(look: Look) -> None:
    choices = {
        "kind": w.KINDS, "pronoun": w.PRONOUNS, "age": w.AGES, "height": w.HEIGHTS, "girth": w.GIRTHS,
        "beard": w.BEARD_NAMES, "glasses": w.GLASSES, "headwear": w.HEADWEAR, "top": (w.NONE, *w.TOPS),
        "pattern": w.PATTERNS, "bottom": w.BOTTOMS, "footwear": w.FOOTWEAR,
    }  # fmt: skip
    for key, allowed in choices.items():
        _check_one(key, getattr(look, key), allowed)
    _check_one("hair", look.hair, w.HAIR_OF[look.kind])
    for mark in _listed("marks", look.marks):
        _check_one("marks", mark, w.MARKS)
    for key in (
        "skin",
        "accent",
        "hair_colour",
        "headwear_colour",
        "top_colour",
        "bottom_colour",
        "footwear_colour",
    ):
        _check_colour(key, getattr(look, key))
    worn = [name for name, _ in _listed("extras", look.extras)]
    for name, tint in look.extras:
        _check_one("extras", name, w.ROBOT_EXTRAS + w.EXTRAS if look.kind == "robot" else w.EXTRAS)
        _check_colour(name, tint)
    if len(set(worn)) < len(worn) or len(set(look.marks)) < len(look.marks):
        raise StoryError("A look names one of its extras or marks twice; name each once.")
    if len(worn) > MOST_EXTRAS:
        raise StoryError(f"A look has {len(worn)} extras; {MOST_EXTRAS} are the most that can be seen.")


def _check_together(look: Look) -> None:
    if look.kind != "human":
        _check_other_kinds(look)
    elif look.pronoun == "it":
        raise StoryError("A human's pronoun is she or he, not it; choose one of the two.")
    elif look.top == w.NONE:
        raise StoryError("A human wears something; choose a top or a dress.")
    top = w.TOPS.get(look.top)
    if top is None or look.kind == "robot":
        if look.bottom != w.NONE:
            raise StoryError(f"Without a top nobody here wears {look.bottom}; choose a top, or bottom none.")
        return
    if top.whole and look.bottom != w.NONE:
        raise StoryError(f"Nothing is worn below a {look.top}; choose bottom none, not {look.bottom}.")
    if look.kind == "human" and not top.whole and look.bottom == w.NONE:
        raise StoryError(f"With a {look.top} a human wears trousers, a skirt or the like; choose a bottom.")
    if look.bottom in w.BIBBED and not top.bib:
        raise StoryError(
            f"A {look.bottom} hides a {look.top}; wear it over a t-shirt, shirt, jumper or roll-neck."
        )
    if top.hangs and not top.whole and look.bottom not in (w.NONE, *w.UNDER_LONG_TOPS):
        raise StoryError(f"Under a {look.top} a {look.bottom} cannot be seen; choose trousers or leggings.")


def _check_other_kinds(look: Look) -> None:
    if look.beard != w.NONE:
        raise StoryError(f"A {look.kind} has no {look.beard}; choose beard none.")
    if look.age == "old" or (look.age == "child" and look.kind == "robot"):
        raise StoryError(f"A {look.kind} is not drawn as {look.age}; choose age adult.")
    if look.headwear in w.FOR_HUMANS:
        raise StoryError(f"A {look.headwear} is for humans; choose another headwear for the {look.kind}.")
    if look.kind == "robot" and look.top != w.NONE:
        raise StoryError("A robot wears extras such as a scarf or a waistcoat; choose top none.")
