"""What can be seen of a look, as labels. A judge is trained on them, and they decide which looks count as the same.

A facet names what a picture shows, not what the look says: hair under a headscarf is "hidden", and a mohawk under a cap
is "short hair".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from types import MappingProxyType

from . import wardrobe as w
from .canvas import Colour
from .colours import CLOTH, FUR, HAIR, SKIN, name_in
from .hair import STYLES
from .headwear import HATS
from .look import Look
from .short_hair import draw_under_hat

HIDDEN = "hidden"
# By kind, the palette of skin, metal or fur.
COAT_OF = {"human": SKIN, "robot": CLOTH, **dict.fromkeys(w.KINDS[2:], FUR)}
TRIM_OF = {"human": HAIR, "robot": CLOTH, **dict.fromkeys(w.KINDS[2:], FUR)}


def _union(*names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain(*names)))


# Every facet with its possible labels. A look has any number of marks and extras, and one label of every other facet.
FACETS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "kind": w.KINDS, "pronoun": w.PRONOUNS, "age": w.AGES, "height": w.HEIGHTS, "girth": w.GIRTHS,
    "skin": _union(SKIN, FUR, CLOTH), "hair": _union(*w.HAIR_OF.values(), [HIDDEN]),
    "hair_colour": _union(HAIR, FUR, CLOTH, [HIDDEN]), "beard": w.BEARD_NAMES, "glasses": w.GLASSES,
    "marks": w.MARKS, "headwear": w.HEADWEAR, "headwear_colour": (*CLOTH, w.NONE), "top": (w.NONE, *w.TOPS),
    "top_colour": (*CLOTH, w.NONE), "pattern": w.PATTERNS, "accent": (*CLOTH, HIDDEN), "bottom": w.BOTTOMS,
    "bottom_colour": (*CLOTH, w.NONE), "footwear": w.FOOTWEAR, "footwear_colour": (*CLOTH, w.NONE),
    "extras": _union(w.EXTRAS, w.ROBOT_EXTRAS),
})  # fmt: skip
_ON_THE_CHEST = ("star", "heart", "zigzag")
_FASTENED = {"soft collar", "wrap", "drape", "pouch"}  # fronts that would divide a print
_ACCENTED = {"collar", "wrap", "drape"}
_BODY = ("kind", "pronoun", "age", "skin", "hair", "hair_colour", "beard")
_CLOTHES = (
    "headwear",
    "headwear_colour",
    "top",
    "top_colour",
    "pattern",
    "bottom",
    "bottom_colour",
    "extras",
)


def facets(look: Look) -> dict[str, str | tuple[str, ...]]:
    """Returns a label for every facet of `FACETS`; for marks and for extras, a tuple of labels."""
    labels: dict[str, str | tuple[str, ...]] = {
        key: getattr(look, key)
        for key in (
            "kind",
            "pronoun",
            "age",
            "height",
            "girth",
            "beard",
            "glasses",
            "headwear",
            "top",
            "bottom",
        )
    }
    labels["skin"] = name_in(COAT_OF[look.kind], look.skin)
    labels["hair"] = visible_hair(look)
    labels["hair_colour"] = name_in(TRIM_OF[look.kind], look.hair_colour) if _shows_hair(look) else HIDDEN
    labels["marks"] = tuple(mark for mark in w.MARKS if mark in look.marks and _shows_mark(look, mark))
    labels["headwear_colour"] = cloth_name(look.headwear_colour) if look.headwear != w.NONE else w.NONE
    labels["top_colour"] = cloth_name(look.top_colour) if look.top != w.NONE else w.NONE
    labels["pattern"] = visible_pattern(look)
    labels["accent"] = cloth_name(look.accent) if _shows_accent(look) else HIDDEN
    labels["bottom_colour"] = cloth_name(look.bottom_colour) if look.bottom != w.NONE else w.NONE
    labels["footwear"] = look.footwear
    labels["footwear_colour"] = cloth_name(look.footwear_colour) if look.footwear != "bare feet" else w.NONE
    worn = {name for name, _ in look.extras}
    labels["extras"] = tuple(name for name in FACETS["extras"] if name in worn)
    return labels


def body_key(look: Look) -> tuple[str, ...]:
    """Returns what can be seen of the person's body. Looks with equal keys count as one person in different clothes."""
    labels = facets(look)
    return tuple(str(labels[key]) for key in _BODY)


def clothes_key(look: Look) -> tuple[str, ...]:
    """Returns what can be seen of the clothes. Looks with equal keys count as dressed alike."""
    labels = facets(look)
    extras = sorted(f"{name} {cloth_name(tint)}" for name, tint in look.extras)
    return (*(str(labels[key]) for key in _CLOTHES), *extras)


def visible_hair(look: Look) -> str:
    """Returns the hair style that a picture shows; "hidden" under a headscarf."""
    if look.kind != "human" or look.headwear == w.NONE:
        return look.hair
    hides = HATS[look.headwear].hides
    if hides == "all":
        return HIDDEN
    style = STYLES[look.hair]
    return (
        "short hair" if hides == "top" and style.low is None and style.under is draw_under_hat else look.hair
    )


def visible_pattern(look: Look) -> str:
    """Returns the pattern that a picture shows.

    It is "plain" on an open front, and also if a bib or a fastened front hides a star, a heart or a zigzag.
    """
    top = w.TOPS.get(look.top)
    if top is None or top.open_front:
        return "plain"
    covered = look.bottom in w.BIBBED or any(name == "apron" for name, _ in look.extras)
    if look.pattern in _ON_THE_CHEST and (covered or _FASTENED & set(top.parts)):
        return "plain"
    return look.pattern


def _shows_hair(look: Look) -> bool:
    if look.kind != "human":
        return look.kind == "robot" or look.hair != "plain fur"
    return look.beard != w.NONE or visible_hair(look) not in (HIDDEN, "bald")


def _shows_mark(look: Look, mark: str) -> bool:
    if look.kind != "human":
        return False
    return mark != "earrings" or visible_hair(look) != HIDDEN


def _shows_accent(look: Look) -> bool:
    top = w.TOPS.get(look.top)
    return top is not None and (
        visible_pattern(look) != "plain" or top.open_front or bool(_ACCENTED & set(top.parts))
    )


def cloth_name(colour: Colour) -> str:
    """Returns the name of a colour on clothes."""
    return name_in(CLOTH, colour)
