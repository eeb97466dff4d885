"""Changes one choice about a person, and corrects other choices that no longer go with it, for a form with menus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from storyboard.errors import StoryError

from . import wardrobe as w
from .colours import name_in
from .facets import COAT_OF, TRIM_OF
from .look import Look

_BOTTOMS = (w.NONE, "trousers")  # tried in this order with a new top
_TOPS = ("t-shirt", w.NONE)


def changed(look: Look, field: str, value: Any) -> Look:
    """Returns the look with that value in that field. Everything else stays the same as far as it goes with the value.

    For example, a dress removes the trousers, dungarees add a t-shirt, and a new kind keeps its clothes if it can wear
    them. StoryError if the value is unknown, or impossible for this kind.
    """
    if field not in look.to_json():
        raise StoryError(f"A look has no field {field!r}; choose one of its fields.")
    refused: StoryError | None = None
    for others in _mendings(look, field, value):
        try:
            return replace(look, **others, **{field: value})
        except StoryError as error:
            refused = refused or error
    assert refused is not None  # the first correction is empty, so at least one was tried
    raise refused


def choices(look: Look, field: str) -> tuple[str, ...]:
    """Returns the values that this look can have in a field.

    StoryError if the field is not chosen from a list of words.
    """
    words = {
        "kind": w.KINDS, "pronoun": w.PRONOUNS, "age": w.AGES, "height": w.HEIGHTS, "girth": w.GIRTHS,
        "hair": w.HAIR_OF[look.kind], "beard": w.BEARD_NAMES, "glasses": w.GLASSES, "headwear": w.HEADWEAR,
        "top": (w.NONE, *w.TOPS), "bottom": w.BOTTOMS, "pattern": w.PATTERNS, "footwear": w.FOOTWEAR,
    }.get(field)  # fmt: skip
    if words is None:
        raise StoryError(
            f"The field {field!r} has no list of words to choose from; set it to a value instead."
        )
    return tuple(word for word in words if _possible(look, field, word))


def _possible(look: Look, field: str, word: str) -> bool:
    try:
        changed(look, field, word)
    except StoryError:
        return False
    return True


def _mendings(look: Look, field: str, value: Any) -> Iterator[dict[str, Any]]:
    """Yields corrections of other fields, the smallest first."""
    yield {}
    if field == "top":
        yield from ({"bottom": bottom} for bottom in _BOTTOMS)
    elif field == "bottom":
        yield from ({"top": top} for top in _TOPS)
        if value == w.NONE:
            yield {"top": "dress"}
    elif field == "kind" and value in w.KINDS:
        yield from _as_kind(look, value)


def _as_kind(look: Look, kind: str) -> Iterator[dict[str, Any]]:
    """Yields what a look keeps when it becomes another kind: all clothes, or only those that the kind can wear."""
    body = {
        "skin": COAT_OF[kind][
            name_in(COAT_OF[kind], look.skin)
        ],  # metal, fur and skin have their own colours
        "hair_colour": TRIM_OF[kind][name_in(TRIM_OF[kind], look.hair_colour)],
        "hair": look.hair if look.hair in w.HAIR_OF[kind] else w.HAIR_OF[kind][0],
        "pronoun": "she" if kind == "human" and look.pronoun == "it" else look.pronoun,
        "beard": look.beard if kind == "human" else w.NONE,
        "age": look.age if kind == "human" or (look.age == "child" and kind != "robot") else "adult",
        "headwear": look.headwear if kind == "human" or look.headwear not in w.FOR_HUMANS else w.NONE,
        "extras": tuple(part for part in look.extras if kind == "robot" or part.name in w.EXTRAS),
    }
    yield body
    yield {**body, "top": w.NONE, "bottom": w.NONE}
    yield {**body, "bottom": "trousers"}
    yield {**body, "top": "t-shirt", "bottom": "trousers"}
