"""The cast in the labels that any look has, so that one judge reads the cast and everybody else.

The cast's bodies and outfits are made by hand and are not `Look`s. This module says in the same words what can be seen
of them.
"""

from __future__ import annotations

from storyboard.people import FACETS
from storyboard.people.colours import HAIR, SKIN, name_in
from storyboard.people.facets import HIDDEN, cloth_name
from storyboard.people.wardrobe import NONE, TOPS

from .cast import BY_NAME, MapleCharacter

_SIZES = {
    "Rosa": ("adult", "medium", "medium"), "Milo": ("adult", "tall", "slim"), "Nana": ("old", "short", "round"),
    "Otto": ("adult", "medium", "big"), "Pip": ("child", "medium", "medium"), "Juno": ("adult", "tall", "slim"),
    "Toggle": ("adult", "short", "round"),
}  # fmt: skip
# Top, bottom, pattern and extras.
_WORN: dict[tuple[str, str], tuple[str, str, str, tuple[str, ...]]] = {
    ("Rosa", "raincoat"): ("raincoat", NONE, "plain", ()),
    ("Rosa", "dress"): ("dress", NONE, "dots", ()),
    ("Rosa", "dungarees"): ("t-shirt", "dungarees", "plain", ()),
    ("Rosa", "jumper"): ("jumper", "skirt", "star", ()),
    ("Milo", "hoodie"): ("hoodie", "trousers", "plain", ()),
    ("Milo", "apron"): ("t-shirt", "trousers", "plain", ("apron",)),
    ("Milo", "jumper"): ("jumper", "trousers", "stripes", ()),
    ("Milo", "suit"): ("suit jacket", "trousers", "plain", ("bow tie",)),
    ("Nana", "cardigan"): ("cardigan", "skirt", "plain", ()),
    ("Nana", "apron"): ("dress", NONE, "plain", ("apron",)),
    ("Nana", "poncho"): ("poncho", "trousers", "plain", ()),
    ("Nana", "nightgown"): ("long dress", NONE, "plain", ()),
    ("Otto", "shirt"): ("t-shirt", "trousers", "plain", ("braces",)),
    ("Otto", "dungarees"): ("t-shirt", "dungarees", "plain", ()),
    ("Otto", "jumper"): ("jumper", "trousers", "stripes", ()),
    ("Otto", "coat"): ("coat", NONE, "plain", ("scarf",)),
    ("Pip", "cape"): ("t-shirt", "shorts", "star", ("cape",)),
    ("Pip", "pyjamas"): ("shirt", "trousers", "dots", ()),
    ("Pip", "raincoat"): ("raincoat", NONE, "plain", ()),
    ("Pip", "sailor suit"): ("sailor top", "shorts", "plain", ()),
    ("Juno", "jacket"): ("jacket", "trousers", "plain", ()),
    ("Juno", "dress"): ("dress", NONE, "plain", ("belt",)),
    ("Juno", "lab coat"): ("coat", "leggings", "plain", ()),
    ("Juno", "overalls"): ("t-shirt", "dungarees", "plain", ()),
    ("Toggle", "bow tie"): (NONE, NONE, "plain", ("bow tie", "dial")),
    ("Toggle", "scarf"): (NONE, NONE, "plain", ("scarf", "dial")),
    ("Toggle", "apron"): (NONE, NONE, "plain", ("apron",)),
    ("Toggle", "waistcoat"): (NONE, NONE, "plain", ("waistcoat",)),
}


def cast_facets(name: str, outfit: str) -> dict[str, str | tuple[str, ...]]:
    """Returns the labels of a person of the cast in an outfit: the labels that `facets` gives for a look."""
    who = BY_NAME[name]
    age, height, girth = _SIZES[name]
    return {
        "kind": who.head.kind, "pronoun": who.pronoun, "age": age, "height": height, "girth": girth,
        "hair": who.head.hair, "beard": who.head.beard or NONE, "marks": (), "headwear": NONE, "headwear_colour": NONE,
        "glasses": who.head.glasses.name if who.head.glasses else NONE, **_colours(who), **_clothes(who, outfit),
    }  # fmt: skip


def _colours(who: MapleCharacter) -> dict[str, str]:
    if who.head.kind == "robot":
        return {"skin": cloth_name(who.body.skin), "hair_colour": cloth_name(who.body.hair)}
    return {"skin": name_in(SKIN, who.body.skin), "hair_colour": name_in(HAIR, who.body.hair)}


def _clothes(who: MapleCharacter, outfit: str) -> dict[str, str | tuple[str, ...]]:
    wear = who.wardrobe[outfit].outfit
    top, bottom, pattern, extras = _WORN[who.name, outfit]
    accented = pattern != "plain" or (top in TOPS and TOPS[top].open_front)
    lower = (wear.legs or wear.bottom) if top == "coat" else wear.colour_of("bib") or wear.bottom
    return {
        "top": top, "top_colour": cloth_name(wear.top) if top != NONE else NONE, "pattern": pattern,
        "accent": cloth_name(wear.parts[0].colour) if accented else HIDDEN, "bottom": bottom,
        "bottom_colour": cloth_name(lower) if bottom != NONE else NONE, "footwear": wear.footwear,
        "footwear_colour": cloth_name(wear.shoes), "extras": tuple(e for e in FACETS["extras"] if e in extras),
    }  # fmt: skip
