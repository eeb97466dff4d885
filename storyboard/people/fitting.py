"""A look made to fit after one field of it was changed: what cannot be worn with the change gives way to it.

For whoever chooses field by field: a dress takes the trousers off, a robot has no beard. What is no look at all is
refused as `Look.from_json` refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import wardrobe as w
from .colours import name_in
from .facets import COAT_OF, TRIM_OF
from .look import MOST_EXTRAS, Look, check_colour

_HUMAN_HATS = ("headscarf", "turban", "headband")


def fitted(data: object, changed: object = None) -> Look:
    """Returns the look in `data`, a look's JSON, with what does not go with the field `changed` put right.

    Equal to `Look.from_json` where everything fits. StoryError for unknown fields and values.
    """
    if not isinstance(data, Mapping):
        return Look.from_json(data)
    values = Look().to_json() | dict(data)
    if not _known(values):
        return Look.from_json(data)
    _fit_body(values, changed)
    _fit_clothes(values, changed)
    return Look.from_json(values)


def _known(values: Mapping[str, Any]) -> bool:
    """Whether the fields that rules ask about can be asked; where not, `Look` says what is wrong."""
    words = ("kind", "pronoun", "age", "hair", "beard", "headwear", "top", "bottom")
    return (
        all(isinstance(values[key], str) for key in words)
        and values["kind"] in w.KINDS
        and (values["top"] == w.NONE or values["top"] in w.TOPS)
        and values["bottom"] in w.BOTTOMS
        and isinstance(values["extras"], Mapping)
    )


def _fit_body(values: dict[str, Any], changed: object) -> None:
    kind = values["kind"]
    if changed == "kind":  # metal, fur and skin have colours of their own
        for field, palettes in (("skin", COAT_OF), ("hair_colour", TRIM_OF)):
            values[field] = palettes[kind][name_in(palettes[kind], check_colour(field, values[field]))]
    styles = w.HAIR_OF[kind]
    if values["hair"] not in styles and any(values["hair"] in known for known in w.HAIR_OF.values()):
        values["hair"] = "short hair" if kind == "human" else styles[0]
    if kind == "human":
        values["pronoun"] = "she" if values["pronoun"] == "it" else values["pronoun"]
    else:
        values["beard"] = w.NONE if values["beard"] in w.BEARD_NAMES else values["beard"]
        if values["age"] == "old" or (values["age"] == "child" and kind == "robot"):
            values["age"] = "adult"
        if values["headwear"] in _HUMAN_HATS:
            values["headwear"] = w.NONE
    others = () if kind == "robot" else w.ROBOT_EXTRAS
    worn = [(name, tint) for name, tint in values["extras"].items() if name not in others]
    values["extras"] = dict(worn[-MOST_EXTRAS:])  # the latest come last


def _fit_clothes(values: dict[str, Any], changed: object) -> None:
    kind, bottom = values["kind"], values["bottom"]
    if kind == "robot":
        values["top"] = values["bottom"] = w.NONE
        return
    top = w.TOPS.get(values["top"])
    if changed == "bottom" and bottom != w.NONE and not _goes(top, bottom):
        values["top"], top = "t-shirt", w.TOPS["t-shirt"]
    elif changed == "bottom" and bottom == w.NONE and kind == "human":
        values["top"], top = (values["top"], top) if top and top.whole else ("dress", w.TOPS["dress"])
    if kind == "human" and top is None:
        values["top"], top = "t-shirt", w.TOPS["t-shirt"]
    if bottom != w.NONE and not _goes(top, bottom):
        bottom = values["bottom"] = w.NONE if top is None or top.whole else "trousers"
    if kind == "human" and top is not None and not top.whole and bottom == w.NONE:
        values["bottom"] = "trousers"


def _goes(top: w.Top | None, bottom: str) -> bool:
    if top is None or top.whole:
        return False
    if top.hangs and bottom not in w.UNDER_LONG_TOPS:
        return False
    return top.bib or bottom not in w.BIBBED
