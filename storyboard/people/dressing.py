"""Random clothes for a body: garments that can be worn together, in colours that differ from the skin and each
other.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from . import wardrobe as w
from .colours import CLEAR_OF_SKIN, CLOTH, distance, near
from .figure import Part

_CALM = ("dark blue", "grey", "brown", "black", "beige", "white", "blue", "dark green")


def sample_clothes(body: Mapping[str, Any], rng: Random) -> dict[str, Any]:
    """Returns the fields of a look that say what this body wears, except headwear."""
    worn = _colours(body, rng)
    if body["kind"] == "robot":
        return {**worn, "top": w.NONE, "bottom": w.NONE, "footwear": rng.choice(("shoes", "boots")),
                "footwear_colour": body["hair_colour"],
                "extras": _robot_extras(rng)}  # fmt: skip
    top = _top(body, rng)
    bottom = _bottom(body, top, rng)
    if top == w.NONE or (body["kind"] != "human" and bottom == w.NONE and rng.random() < 0.7):
        footwear = "bare feet"
    else:
        footwear = rng.choice(("shoes", "shoes", "boots", "trainers", "sandals"))
    extras = _extras(body, top, bottom, rng)
    return {**worn, "top": top, "bottom": bottom, "footwear": footwear, "extras": extras,
            "pattern": _pattern(top, bottom, extras, rng)}  # fmt: skip


def _colours(body: Mapping[str, Any], rng: Random) -> dict[str, Any]:
    """Returns colours that differ clearly from the skin and from each other; often one of them is a calm colour."""
    clear = [name for name in CLOTH if distance(CLOTH[name], body["skin"]) > CLEAR_OF_SKIN]
    top = rng.choice(clear)
    below = [
        name
        for name in clear
        if distance(CLOTH[name], CLOTH[top]) > 18 and (name in _CALM or rng.random() < 0.4)
    ]
    bottom = rng.choice(below or [name for name in clear if name != top])
    others = [name for name in CLOTH if distance(CLOTH[name], CLOTH[top]) > 38]
    accent = "white" if "white" in others and rng.random() < 0.5 else rng.choice(others)
    shoes = rng.choice([name for name in CLOTH if name not in (bottom, "lilac")])
    return {
        "top_colour": near(CLOTH, top, rng),
        "bottom_colour": near(CLOTH, bottom, rng),
        "accent": near(CLOTH, accent, rng),
        "footwear_colour": near(CLOTH, shoes, rng),
    }


def _top(body: Mapping[str, Any], rng: Random) -> str:
    if body["kind"] != "human" and rng.random() < 0.2:
        return w.NONE
    names = [name for name in w.TOPS if name not in ("sari", "kimono") or rng.random() < 0.5]
    if body["kind"] != "human":
        names = [name for name in names if name not in ("sari", "kimono", "sundress", "vest top")]
    if body["pronoun"] != "she":
        names = [name for name in names if not w.TOPS[name].whole and name != "blouse"]
    if body["kind"] == "human" and body["age"] == "child":
        names = [name for name in names if name not in ("suit jacket", "sari", "long dress")]
    return rng.choice(names)


def _bottom(body: Mapping[str, Any], top: str, rng: Random) -> str:
    cut = w.TOPS.get(top)
    if cut is None or cut.whole or (body["kind"] != "human" and rng.random() < 0.4):
        return w.NONE
    if cut.hangs:
        return rng.choice(w.UNDER_LONG_TOPS)
    names = [name for name in w.BOTTOMS[1:] if cut.bib or name not in w.BIBBED]
    if body["pronoun"] != "she":
        names = [
            name for name in names if name not in ("skirt", "long skirt", "tutu", "pinafore", "leggings")
        ]
    if body["age"] != "child":
        names = [name for name in names if name != "tutu" or rng.random() < 0.3]
    if top == "suit jacket":
        names = [name for name in names if name in ("trousers", "skirt")]
    return rng.choice(names)


def _extras(body: Mapping[str, Any], top: str, bottom: str, rng: Random) -> tuple[Part, ...]:
    cut = w.TOPS.get(top)
    names = [name for name in w.EXTRAS if name != "medal" or rng.random() < 0.4]
    if cut is None:
        names = ["scarf", "bow tie", "cape", "backpack", "apron", "shoulder bag"]
    else:
        if top not in ("shirt", "waistcoat"):
            names = [name for name in names if name not in ("tie", "braces")]
        if cut.hangs or bottom in w.BIBBED:
            names = [name for name in names if name not in ("belt", "apron", "braces")]
        if bottom == "tutu" or bottom == w.NONE:
            names = [name for name in names if name != "apron"]
        if top in ("hoodie", "roll-neck", "suit jacket", "raincoat"):
            names = [name for name in names if name not in ("necklace", "bow tie", "medal")]
        if body.get("beard", w.NONE) in ("bushy beard", "beard", "long beard"):
            names = [name for name in names if name not in ("necklace", "bow tie", "tie", "medal")]
        if body["pronoun"] != "she":
            names = [name for name in names if name != "necklace"]
    count = rng.choice((0, 0, 0, 1, 1, 2)) if cut is not None else rng.choice((1, 1, 2))
    picked = rng.sample(names, min(count, len(names)))
    if {"scarf", "necklace", "bow tie", "tie", "medal"} >= set(picked) and len(picked) > 1:
        picked = picked[:1]
    return tuple(Part(name, near(CLOTH, rng.choice(tuple(CLOTH)), rng)) for name in picked)


def _robot_extras(rng: Random) -> tuple[Part, ...]:
    chest = rng.choice(("dial", "grille", "heart light", None))
    over = rng.choice(("scarf", "bow tie", "apron", "waistcoat", "cape", "backpack", None, None))
    names = [name for name in (chest, over) if name]
    return tuple(Part(name, near(CLOTH, rng.choice(tuple(CLOTH)), rng)) for name in names)


def _pattern(top: str, bottom: str, extras: tuple[Part, ...], rng: Random) -> str:
    if top == w.NONE or w.TOPS[top].open_front or rng.random() < 0.5:
        return "plain"
    worn = {part.name for part in extras}
    names = ["stripes", "stripes", "checks", "dots"]
    if bottom not in w.BIBBED and "apron" not in worn:
        names += ["hearts", "flowers", "zigzag"]
        if top in ("t-shirt", "jumper", "vest top") and not worn & {
            "scarf",
            "tie",
            "bow tie",
            "medal",
            "braces",
        }:
            names += ["star", "heart", "star", "heart"]
    if top == "shirt":
        names = ["stripes", "checks", "checks", "flowers"]
    return rng.choice(names)
