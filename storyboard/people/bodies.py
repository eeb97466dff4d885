"""Random bodies and what is on their heads: kind, age, skin, hair, beard and hat, chosen so that they go together."""

from __future__ import annotations

from random import Random
from typing import Any

from . import wardrobe as w
from .colours import CLEAR_OF_SKIN, CLOTH, FUR, HAIR, SKIN, distance, near

_KINDS = ("human",) * 14 + ("robot",) * 2 + ("cat", "dog", "rabbit", "fox", "bear")
_NATURAL = ("black", "dark brown", "brown", "light brown", "auburn", "red", "blond", "fair")
_BRIGHT = ("blue", "pink", "green", "violet", "turquoise")
_BARE_OF_HAIR = ("bald", "balding", "buzz cut")
_FOR_MEN = ("balding", "flat top", "tuft", "quiff")
_FOR_WOMEN = ("pigtails", "two buns", "bob", "plaits", "side plait", "long wavy hair")
_FUR_OF = {
    "fox": ("orange", "orange", "brown", "grey", "white"),
    "bear": ("brown", "dark brown", "white", "black"),
}
_METALS = (
    "red",
    "orange",
    "yellow",
    "green",
    "turquoise",
    "light blue",
    "blue",
    "purple",
    "lilac",
    "pink",
    "white",
    "grey",
)
_STRAW = ("yellow", "beige")
_HAIR_CONTRAST = 15.0


def sample_body(rng: Random) -> dict[str, Any]:
    """Returns the fields of a look that do not depend on clothes, including headwear."""
    body = _person(rng)
    return {**body, **_headwear(body, rng)}


def _person(rng: Random) -> dict[str, Any]:
    kind = rng.choice(_KINDS)
    if kind == "human":
        return _human(rng)
    sizes = {"height": rng.choice(w.HEIGHTS), "girth": rng.choice(w.GIRTHS), "kind": kind}
    glasses = rng.choice(w.GLASSES[1:]) if rng.random() < 0.12 else w.NONE
    if kind == "robot":
        metal = rng.choice(_METALS)
        trim = rng.choice([name for name in _METALS if name != metal])
        colours = {"skin": near(CLOTH, metal, rng), "hair_colour": near(CLOTH, trim, rng)}
        return {**sizes, **colours, "pronoun": "it", "hair": rng.choice(w.HAIR_OF[kind])}
    fur = rng.choice(_FUR_OF.get(kind, tuple(FUR)))
    marking = rng.choice([name for name in FUR if distance(FUR[name], FUR[fur]) > 20])
    hair = rng.choice(("plain fur", *w.HAIR_OF[kind])) if kind != "fox" else "plain fur"
    return {
        **sizes,
        "pronoun": rng.choice(("she", "he", "she", "he", "it")),
        "age": rng.choice(("child", "adult", "adult")),
        "skin": near(FUR, fur, rng),
        "hair": hair,
        "hair_colour": FUR["white"] if hair == "a white face" else near(FUR, marking, rng),
        "glasses": glasses,
    }


def _human(rng: Random) -> dict[str, Any]:
    pronoun, age = rng.choice(("she", "he")), rng.choice(("child", "child", "adult", "adult", "adult", "old"))
    skin = rng.choice(tuple(SKIN))
    man = pronoun == "he" and age != "child"
    hair = _hair(pronoun, age, rng)
    beard = (
        rng.choice(w.BEARD_NAMES[1:])
        if man and rng.random() < (0.55 if hair in _BARE_OF_HAIR else 0.36)
        else w.NONE
    )
    hair_colour = near(HAIR, _hair_colour(age, skin, rng), rng)
    while distance(hair_colour, SKIN[skin]) < _HAIR_CONTRAST:
        hair_colour = near(HAIR, _hair_colour(age, skin, rng), rng)
    marks = [mark for mark, chance in _marks(pronoun, age, skin).items() if rng.random() < chance]
    return {
        "kind": "human",
        "pronoun": pronoun,
        "age": age,
        "height": rng.choice(w.HEIGHTS),
        "girth": rng.choice(("slim", "medium", "medium", "round", "big")),
        "skin": near(SKIN, skin, rng),
        "hair": hair,
        "hair_colour": hair_colour,
        "beard": beard,
        "glasses": rng.choice(w.GLASSES[1:]) if rng.random() < (0.4 if age == "old" else 0.16) else w.NONE,
        "marks": tuple(marks),
    }


def _hair(pronoun: str, age: str, rng: Random) -> str:
    while True:
        hair = rng.choice(w.HAIR_OF["human"])
        unusual = (
            (pronoun == "she" and (hair in _FOR_MEN or (hair in _BARE_OF_HAIR and rng.random() < 0.7)))
            or (pronoun == "he" and hair in _FOR_WOMEN)
            or (age == "child" and hair in ("bald", "balding"))
            or (age == "old" and hair in ("mohawk", "spiky hair", "tuft", "undercut", "pigtails", "two buns"))
        )
        if not unusual:
            return hair


def _hair_colour(age: str, skin: str, rng: Random) -> str:
    chance = rng.random()
    if age == "old":
        return rng.choice(("white", "grey")) if chance < 0.9 else rng.choice(_NATURAL)
    if chance < 0.13:
        return rng.choice(_BRIGHT)
    if skin in ("light brown", "brown", "dark brown", "very dark") and chance < 0.85:
        return rng.choice(("black", "black", "dark brown", "brown"))
    return rng.choice(_NATURAL)


def _marks(pronoun: str, age: str, skin: str) -> dict[str, float]:
    """Returns the probability of each mark."""
    pale = skin in ("very pale", "pale", "rosy", "golden")
    return {
        "freckles": 0.2 if pale and age != "old" else 0.0,
        "lashes": 0.85 if pronoun == "she" else 0.0,
        "earrings": 0.25 if pronoun == "she" and age != "child" else 0.03,
        "beauty spot": 0.05 if age != "child" else 0.0,
    }


def _headwear(body: dict[str, Any], rng: Random) -> dict[str, Any]:
    if rng.random() > 0.34:
        return {}
    names: tuple[str, ...]
    if body["kind"] != "human":
        names = ("cap", "beanie", "top hat", "straw hat", "beret", "crown", "party hat", "hair bow", "flower")
    elif body["pronoun"] == "she":
        names = w.HEADWEAR[1:]
    else:
        names = tuple(name for name in w.HEADWEAR[1:] if name not in ("headscarf", "hair bow", "flower"))
    name = rng.choice(names)
    tint = {"crown": ("yellow",), "straw hat": _STRAW, "chef's hat": ("white",), "witch's hat": ("black", "purple"),
            "top hat": ("black", "grey", "dark blue", "purple"), "cowboy hat": ("brown", "beige", "black")}  # fmt: skip
    clear = [name for name in CLOTH if distance(CLOTH[name], body["skin"]) > CLEAR_OF_SKIN]
    return {"headwear": name, "headwear_colour": near(CLOTH, rng.choice(tint.get(name, clear)), rng)}
