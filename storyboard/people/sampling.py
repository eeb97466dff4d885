"""Random people: bodies and clothes that go together, and which of them belong to training and which to test.

A split is told from what can be seen (`facets.py`): body and clothes each decide by a hash of their labels, and both
must fall into the split. So nobody of the test people has a body, nor clothes, that training ever shows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from storyboard.errors import StoryError

from . import wardrobe as w
from .canvas import Colour
from .colours import CLOTH, FUR, HAIR, SKIN, distance, name_in
from .facets import body_key, clothes_key
from .figure import Part
from .look import Look

SPLITS = ("train", "val", "test")
_SHARES = {"train": 0.7, "val": 0.12, "test": 0.18}
_TRIES = 60  # outfits for a body; a hat that leaves too few is given up with it
_JITTER = 7  # how far a sampled colour may be from its palette's, in each channel
_KINDS = ("human",) * 14 + ("robot",) * 2 + ("cat", "dog", "rabbit", "fox", "bear")
_NATURAL = ("black", "dark brown", "brown", "light brown", "auburn", "red", "blond", "fair")
_BRIGHT = ("blue", "pink", "green", "violet", "turquoise")
_CALM = ("dark blue", "grey", "brown", "black", "beige", "white", "blue", "dark green")
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
_LEAST_CONTRAST = 26.0  # in CIELAB, between skin and the clothes next to it; hair has outlines


def sample_look(seed: int, split: str = "train") -> Look:
    """Returns person number `seed` of a split; equal arguments give the equal look. StoryError for unknown splits."""
    if split not in SPLITS:
        raise StoryError(f"There is no split {split!r} of looks; choose one of {', '.join(SPLITS)}.")
    rng = Random(f"looks/{split}/{seed}")
    while True:
        body = _body(rng)
        # what is on a head hides hair, so headwear is chosen with the body and counts in both keys
        if split_of_key(body_key(Look(**body, **_plain_clothes(body)))) != split:
            continue
        for _ in range(_TRIES):
            look = Look(**body, **_clothes(body, rng))
            if split_of_key(clothes_key(look)) == split:
                return look


def random_look(rng: Random) -> Look:
    """Returns anybody, of no split."""
    body = _body(rng)
    return Look(**body, **_clothes(body, rng))


def split_of_look(look: Look) -> str | None:
    """Returns the split whose people look like this, None where body and clothes belong to different ones."""
    body, clothes = split_of_key(body_key(look)), split_of_key(clothes_key(look))
    return body if body == clothes else None


def split_of_key(key: Sequence[str]) -> str:
    """Returns the split that a body's or an outfit's labels fall into."""
    digest = hashlib.blake2b("|".join(key).encode(), digest_size=4).digest()
    share = int.from_bytes(digest, "big") / 2**32
    if share < _SHARES["train"]:
        return "train"
    return "val" if share < _SHARES["train"] + _SHARES["val"] else "test"


def _near(palette: Mapping[str, Colour], name: str, rng: Random) -> Colour:
    """Returns a colour close to the palette's that still goes by its name."""
    colour = tuple(min(255, max(0, c + rng.randint(-_JITTER, _JITTER))) for c in palette[name])
    return colour if name_in(palette, colour) == name else palette[name]  # type: ignore[return-value, arg-type]


def _body(rng: Random) -> dict[str, Any]:
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
        colours = {"skin": _near(CLOTH, metal, rng), "hair_colour": _near(CLOTH, trim, rng)}
        return {**sizes, **colours, "pronoun": "it", "hair": rng.choice(w.HAIR_OF[kind])}
    fur = rng.choice(_FUR_OF.get(kind, tuple(FUR)))
    marking = rng.choice([name for name in FUR if distance(FUR[name], FUR[fur]) > 20])
    hair = rng.choice(("plain fur", *w.HAIR_OF[kind])) if kind != "fox" else "plain fur"
    return {
        **sizes,
        "pronoun": rng.choice(("she", "he", "she", "he", "it")),
        "age": rng.choice(("child", "adult", "adult")),
        "skin": _near(FUR, fur, rng),
        "hair": hair,
        "hair_colour": FUR["white"] if hair == "a white face" else _near(FUR, marking, rng),
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
    hair_colour = _near(HAIR, _hair_colour(age, skin, rng), rng)
    while distance(hair_colour, SKIN[skin]) < _HAIR_CONTRAST:
        hair_colour = _near(HAIR, _hair_colour(age, skin, rng), rng)
    marks = [mark for mark, chance in _marks(pronoun, age, skin).items() if rng.random() < chance]
    return {
        "kind": "human",
        "pronoun": pronoun,
        "age": age,
        "height": rng.choice(w.HEIGHTS),
        "girth": rng.choice(("slim", "medium", "medium", "round", "big")),
        "skin": _near(SKIN, skin, rng),
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
    """How likely each mark is."""
    pale = skin in ("very pale", "pale", "rosy", "golden")
    return {
        "freckles": 0.2 if pale and age != "old" else 0.0,
        "lashes": 0.85 if pronoun == "she" else 0.0,
        "earrings": 0.25 if pronoun == "she" and age != "child" else 0.03,
        "beauty spot": 0.05 if age != "child" else 0.0,
    }


def _plain_clothes(body: Mapping[str, Any]) -> dict[str, Any]:
    return {} if body["kind"] == "human" else {"top": w.NONE, "bottom": w.NONE}


def _clothes(body: Mapping[str, Any], rng: Random) -> dict[str, Any]:
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


def _headwear(body: Mapping[str, Any], rng: Random) -> dict[str, Any]:
    if rng.random() > 0.34:
        return {}
    if body["kind"] != "human":
        names = ("cap", "beanie", "top hat", "straw hat", "beret", "crown", "party hat", "hair bow", "flower")
    elif body["pronoun"] == "she":
        names = w.HEADWEAR[1:]
    else:
        names = tuple(name for name in w.HEADWEAR[1:] if name not in ("headscarf", "hair bow", "flower"))
    name = rng.choice(names)
    tint = {"crown": ("yellow",), "straw hat": _STRAW, "chef's hat": ("white",), "witch's hat": ("black", "purple"),
            "top hat": ("black", "grey", "dark blue", "purple"), "cowboy hat": ("brown", "beige", "black")}  # fmt: skip
    clear = [name for name in CLOTH if distance(CLOTH[name], body["skin"]) > _LEAST_CONTRAST]
    return {"headwear": name, "headwear_colour": _near(CLOTH, rng.choice(tint.get(name, clear)), rng)}


def _colours(body: Mapping[str, Any], rng: Random) -> dict[str, Any]:
    """Colours that stand off from the skin and from each other, one of them often a calm one."""
    clear = [name for name in CLOTH if distance(CLOTH[name], body["skin"]) > _LEAST_CONTRAST]
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
        "top_colour": _near(CLOTH, top, rng),
        "bottom_colour": _near(CLOTH, bottom, rng),
        "accent": _near(CLOTH, accent, rng),
        "footwear_colour": _near(CLOTH, shoes, rng),
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
    return tuple(Part(name, _near(CLOTH, rng.choice(tuple(CLOTH)), rng)) for name in picked)


def _robot_extras(rng: Random) -> tuple[Part, ...]:
    chest = rng.choice(("dial", "grille", "heart light", None))
    over = rng.choice(("scarf", "bow tie", "apron", "waistcoat", "cape", "backpack", None, None))
    names = [name for name in (chest, over) if name]
    return tuple(Part(name, _near(CLOTH, rng.choice(tuple(CLOTH)), rng)) for name in names)


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
