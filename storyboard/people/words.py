"""Words for a look: a dense description, and short phrases that are true of somebody.

All words follow from the facets, so that words and labels never disagree.
"""

from __future__ import annotations

from collections.abc import Sequence

from . import wardrobe as w
from .facets import HIDDEN, cloth_name, facets
from .look import Look

POSSESSIVE = {"she": "her", "he": "his", "it": "its"}
_SIZES = {"short": "short", "medium": "", "tall": "tall"}
_GIRTHS = {"slim": "slim", "medium": "", "round": "round", "big": "broad"}
_HAIR = {
    "bald": "a bald head", "balding": "{c} hair only at the sides", "buzz cut": "a {c} buzz cut",
    "short hair": "short {c} hair", "pixie cut": "a {c} pixie cut", "quiff": "a {c} quiff",
    "bowl cut": "a {c} bowl cut", "short curls": "short {c} curls", "afro": "a {c} afro", "flat top": "a {c} flat top",
    "tuft": "a {c} tuft of hair", "spiky hair": "spiky {c} hair", "mohawk": "a {c} mohawk", "cornrows": "{c} cornrows",
    "curls": "big {c} curls", "bun": "a {c} bun", "two buns": "two {c} buns", "bob": "a {c} bob",
    "long straight hair": "long straight {c} hair", "long wavy hair": "long wavy {c} hair",
    "ponytail": "a {c} ponytail",  # fmt: skip
    "pigtails": "{c} pigtails", "plaits": "two {c} plaits", "side plait": "a {c} plait", "locs": "long {c} locs",
    "undercut": "a {c} undercut",
}  # fmt: skip
_SHAPES = {
    "screen": ("a square head", "{c} knobs"), "dome": ("a round head", "{c} ears"),
    "bucket": ("a bucket-shaped head", "{c} feelers"), "television": ("a television for a head", "{c} buttons"),
    "cyclops": ("one big eye", "{c} ears"), "lantern": ("a lantern for a head", "{c} bars"),
}  # fmt: skip
_MARKINGS = {
    "striped fur": "{c} stripes", "spotted fur": "{c} spots", "an eye patch": "a {c} patch over one eye",
    "a white face": "a {c} face",
}  # fmt: skip
_BEARDS = {
    "bushy beard": "a bushy {c} beard", "beard": "a {c} beard", "long beard": "a long {c} beard",
    "goatee": "a {c} goatee", "moustache": "a {c} moustache", "stubble": "{c} stubble",
}  # fmt: skip
_MARKS = {"freckles": "freckles", "earrings": "earrings", "beauty spot": "a beauty spot"}
_PRINTED = {"dots": "{c} dots", "hearts": "{c} hearts", "flowers": "{c} flowers", "zigzag": "a {c} zigzag",
            "star": "a {c} star", "heart": "a {c} heart"}  # fmt: skip
_FRONTS = {"cardigan": "over a {c} top", "jacket": "over a {c} top", "suit jacket": "over a {c} shirt and a tie",
           "waistcoat": "over a {c} shirt", "sailor top": "with a {c} collar", "blouse": "with a {c} collar",
           "poncho": "with a {c} zigzag", "coat": "with {c} buttons", "raincoat": "with {c} buttons"}  # fmt: skip
_MANY = ("trousers", "wide trousers", "leggings", "shorts", "dungarees")  # words in the plural
_LEADING = {
    "wide trousers": ("wide", "trousers"),
    "long skirt": ("long", "skirt"),
    "long dress": ("long", "dress"),
}
_ON_A_CHEST = {"dial": "a dial on {its} chest", "grille": "a {c} grille on {its} chest",
               "heart light": "a {c} heart-shaped light on {its} chest",
               "medal": "a medal on a {c} ribbon"}  # fmt: skip
_CARRIED = ("backpack", "shoulder bag", "necklace", "medal")  # "with a backpack", not "in a backpack"
_PINNED = ("hair bow", "flower")
_PLURAL_EXTRAS = ("braces", "gloves")


def a(phrase: str) -> str:
    """Returns the phrase with its article: "a red cap", "an orange cap"."""
    return f"{'an' if phrase[:1].lower() in 'aeiou' else 'a'} {phrase}"


def listed(parts: Sequence[str]) -> str:
    """Returns a list in words: "a cap", "a cap and a scarf", "a cap, a scarf and boots"."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def noun(look: Look) -> str:
    """Returns the kind of person in a word or two: "girl", "old woman", "robot", "young fox"."""
    if look.kind != "human":
        return f"young {look.kind}" if look.age == "child" else look.kind
    if look.age == "child":
        return "girl" if look.pronoun == "she" else "boy"
    person = "woman" if look.pronoun == "she" else "man"
    return f"old {person}" if look.age == "old" else person


def describe_look(look: Look) -> str:
    """Returns everything that can be seen: "a tall old woman with brown skin, a grey bun and ..., in a ..."."""
    sizes = [size for size in (_size(look), _GIRTHS[look.girth]) if size]
    labels = facets(look)
    coat = [] if look.kind == "human" else [str(labels["skin"])]
    who = a(" ".join([*sizes, *_coloured(coat, noun(look))]))
    features, worn = _features(look, labels), _clothes(look, labels)
    carried = [_extra(look, name) for name, _ in look.extras if name in _CARRIED]
    if not worn:
        features, carried = features + carried, []
    having = f" with {listed(features)}" if features else ""
    dressed = f"{',' if having else ''} in {listed(worn)}" if worn else ""
    return who + having + dressed + (f", with {listed(carried)}" if carried else "")


def telling_facts(look: Look) -> tuple[str, ...]:
    """Returns what can be seen as short phrases, the most telling first, for use where there is little room.

    Hair, the largest clothes and skin come first, shoes and size last.
    """
    labels = facets(look)
    features, worn = _features(look, labels), _clothes(look, labels)
    skin = [features.pop(0)] if look.kind == "human" else []
    shoes = [part for part in worn if look.footwear != "bare feet" and part.endswith(f" {look.footwear}")]
    carried = [_extra(look, name) for name, _ in look.extras if name in _CARRIED]
    sizes = [size for size in (_size(look), _GIRTHS[look.girth]) if size]
    clothes = [part for part in worn if part not in shoes]
    return (*features[:1], *clothes[:2], *skin, *features[1:], *clothes[2:], *carried, *shoes, *sizes)


def telling_words(look: Look) -> tuple[str, ...]:
    """Returns what somebody is, and then what can be seen, the most telling first: "an old woman", "a grey bun", ..."""
    return (name_kind(look), *telling_facts(look))


def name_kind(look: Look) -> str:
    """Returns the kind of person, with the colour of metal or fur: "an old woman", "a grey fox"."""
    coat = [] if look.kind == "human" else [str(facets(look)["skin"])]
    return a(" ".join(_coloured(coat, noun(look))))


def name_clothes(look: Look) -> str:
    """Returns what tells somebody's portraits apart: "a red hoodie", or "a blue robot" if no top is worn."""
    labels = facets(look)
    return name_kind(look) if look.top == w.NONE else _clothes(look, labels)[0]


def _size(look: Look) -> str:
    return "small" if look.height == "short" and look.kind != "human" else _SIZES[look.height]


def _coloured(coat: list[str], name: str) -> list[str]:
    """Returns the words in the right order: "a young grey fox", and not "a grey young fox"."""
    return ["young", *coat, name.removeprefix("young ")] if name.startswith("young ") else [*coat, name]


def _filled(template: str, colour: str, look: Look) -> str:
    words = template.replace("{its}", POSSESSIVE[look.pronoun])
    head, gap, rest = words.partition("a {c}")
    if gap and (not head or head.endswith(" ")):
        return f"{head}{a(colour)}{rest}"
    return words.replace("{c}", colour)


def _features(look: Look, labels: dict) -> list[str]:
    colour = str(labels["hair_colour"])
    if look.kind == "robot":
        found = [_filled(part, colour, look) for part in _SHAPES[look.hair]]
    elif look.kind != "human":
        found = [_filled(_MARKINGS[look.hair], colour, look)] if look.hair in _MARKINGS else []
    else:
        found = [f"{labels['skin']} skin"]
        if labels["hair"] != HIDDEN:
            found.append(_filled(_HAIR[str(labels["hair"])], colour, look))
        if look.beard != w.NONE:
            found.append(_filled(_BEARDS[look.beard], colour, look))
    if look.glasses != w.NONE:
        found.append(look.glasses)
    found += [_MARKS[mark] for mark in labels["marks"] if mark in _MARKS]
    if look.headwear in _PINNED:
        found.append(_headwear(look, labels))
    return found + [_extra(look, name) for name, _ in look.extras if name in w.ROBOT_EXTRAS[:3]]


def _clothes(look: Look, labels: dict) -> list[str]:
    worn = []
    if look.bottom in w.BIBBED:
        worn.append(f"{_bottom(look, labels)} over {_top(look, labels)}")
    else:
        worn += [_top(look, labels)] if look.top != w.NONE else []
        worn += [_bottom(look, labels)] if look.bottom != w.NONE else []
    if look.footwear != "bare feet":
        worn.append(f"{labels['footwear_colour']} {look.footwear}")
    if look.headwear not in (w.NONE, *_PINNED):
        worn.append(_headwear(look, labels))
    carried = (*_CARRIED, *w.ROBOT_EXTRAS[:3])
    return worn + [_extra(look, name) for name, _ in look.extras if name not in carried]


def _top(look: Look, labels: dict) -> str:
    colour, accent = str(labels["top_colour"]), str(labels["accent"])
    lead, garment = _LEADING.get(look.top, ("", look.top))
    pattern = labels["pattern"]
    if pattern in ("stripes", "checks"):
        colour = f"{colour} and {accent} {'striped' if pattern == 'stripes' else 'checked'}"
    elif look.top in ("sari", "kimono"):
        colour = f"{colour} and {accent}"
    base = a(" ".join(part for part in (lead, colour, garment) if part))
    if pattern in _PRINTED:
        return f"{base} with {_filled(_PRINTED[str(pattern)], accent, look)}"
    if look.top in _FRONTS and accent != HIDDEN and pattern == "plain":
        return f"{base} {_filled(_FRONTS[look.top], accent, look)}"
    return base


def _bottom(look: Look, labels: dict) -> str:
    lead, garment = _LEADING.get(look.bottom, ("", look.bottom))
    phrase = " ".join(part for part in (lead, str(labels["bottom_colour"]), garment) if part)
    return phrase if look.bottom in _MANY else a(phrase)


def _headwear(look: Look, labels: dict) -> str:
    colour = labels["headwear_colour"]
    if look.headwear in _PINNED:
        thing = "bow" if look.headwear == "hair bow" else "flower"
        where = "hair" if look.kind == "human" else "head"
        return (
            f"{a(f'{colour} {thing}')} {'in' if where == 'hair' else 'on'} {POSSESSIVE[look.pronoun]} {where}"
        )
    return a(f"{colour} {look.headwear}")


def _extra(look: Look, name: str) -> str:
    colour = cloth_name(dict(look.extras)[name])
    if name in _ON_A_CHEST:
        return _filled(_ON_A_CHEST[name], colour, look)
    return f"{colour} {name}" if name in _PLURAL_EXTRAS else a(f"{colour} {name}")


def phrases(look: Look) -> list[str]:
    """Returns short phrases that are true of this look, the simplest first: "the boy", "the boy with the red cap"."""
    labels = facets(look)
    name = noun(look)
    sizes = [f"the {word} {name}" for word in (_size(look), _GIRTHS[look.girth]) if word]
    skin = [] if look.kind == "human" else [f"the {' '.join(_coloured([str(labels['skin'])], name))}"]
    marks = [f"with {_definite(_MARKS[mark])}" for mark in labels["marks"] if mark in _MARKS]
    glasses = [] if look.glasses == w.NONE else [f"with {look.glasses}"]
    extras = [f"with {_definite(_extra(look, one))}" for one, _ in look.extras if one not in _ON_A_CHEST]
    parts = [*marks, *glasses, *_parts_to_tell_by(look, labels), *extras]
    return [f"the {name}", *sizes, *skin, *(f"the {name} {part}" for part in parts)]


def _parts_to_tell_by(look: Look, labels: dict) -> list[str]:
    colour, found = str(labels["hair_colour"]), []
    if look.headwear != w.NONE:
        found.append(f"with {_definite(_headwear(look, labels))}")
    if look.beard != w.NONE:
        found.append(f"with {_definite(_filled(_BEARDS[look.beard], colour, look))}")
    if look.kind != "human" and labels["hair_colour"] != HIDDEN:
        parts = _SHAPES[look.hair] if look.kind == "robot" else (_MARKINGS[look.hair],)
        found.append(f"with {' and '.join(_definite(_filled(part, colour, look)) for part in parts)}")
    elif look.kind == "human" and labels["hair"] != HIDDEN:
        found.append(f"with {_definite(_filled(_HAIR[str(labels['hair'])], colour, look))}")
    if look.top != w.NONE:
        found.append(f"in {_definite(_top(look, labels))}")
    if look.bottom not in (w.NONE, *w.BIBBED):
        found.append(f"in {_definite(_bottom(look, labels))}")
    return found


def _definite(phrase: str) -> str:
    for article in ("a ", "an "):
        if phrase.startswith(article):
            return f"the {phrase[len(article) :]}"
    return phrase
