"""From a look to a figure: measures for an age and a build, parts and cuts for each garment. Draws nothing itself."""

from __future__ import annotations

from . import wardrobe as w
from .animals import ANIMALS, EARS_HEIGHT
from .canvas import Colour, Point, light, mix, rgb, shade
from .facets import visible_pattern
from .figure import Body, Figure, Head, Outfit, Part
from .hair import STYLES
from .headwear import HATS
from .look import Look
from .robots import SHAPES

# Leg, torso, shoulder, hip, arm, arm width and leg width, in units.
_CHILD = (28.0, 33.0, 16.0, 15.0, 32.0, 10.0, 11.5)
_ADULT = (48.0, 49.0, 18.0, 16.5, 47.0, 11.0, 13.0)
_ROBOT = (30.0, 44.0, 21.0, 19.0, 40.0, 9.0, 11.0)
_LONGER = {"short": 0.76, "medium": 1.0, "tall": 1.22}  # factor of the legs
_TALLER = {"short": 0.94, "medium": 1.0, "tall": 1.05}  # factor of torso and arms
# Units that are added to the half width of shoulders and hips.
_WIDER = {"slim": (-3.5, -3.5), "medium": (0.0, 0.0), "round": (4.5, 8.0), "big": (10.5, 10.0)}
_THICKER = {"slim": -1.2, "medium": 0.0, "round": 1.0, "big": 2.8}  # units added to the width of limbs
_FACE = {"slim": -2.0, "medium": 0.0, "round": 1.5, "big": 2.5}  # units added to the half width of the head
_FRAMES = {"round glasses": rgb("b5423c"), "square glasses": rgb("3b3440"), "sunglasses": rgb("3b3440")}
_PRINTS = {"dots": "dots all over", "hearts": "hearts", "flowers": "flowers", "star": "star", "heart": "heart",
           "zigzag": "zigzag bands"}  # fmt: skip
_EXTRA_PARTS = {"bow tie": "bow", "cape": "cloak"}


def build(look: Look) -> Figure:
    """Returns the figure that is drawn for a look."""
    return Figure(_body(look), _outfit(look), _head(look))


def _body(look: Look) -> Body:
    base = _ROBOT if look.kind == "robot" else _CHILD if look.age == "child" else _ADULT
    leg, torso, shoulder, hip, arm, arm_width, leg_width = base
    share = 0.55 if look.age == "child" else 1.0  # children differ less from one another from one another
    shoulders, hips = (extra * share for extra in _WIDER[look.girth])
    if look.kind == "human" and look.age != "child":
        shoulders, hips = (
            (shoulders - 0.8, hips + 0.8) if look.pronoun == "she" else (shoulders + 1, hips - 0.5)
        )
    leg *= _LONGER[look.height] * (0.9 if look.age == "old" else 1.0)
    torso *= _TALLER[look.height] * (1.08 if look.girth == "big" else 1.0)
    return Body(
        leg, torso, shoulder + shoulders, hip + hips, _head_size(look), arm * _TALLER[look.height],
        arm_width + _THICKER[look.girth] * share, leg_width + _THICKER[look.girth] * share, _crown(look), look.skin,
        look.hair_colour,
    )  # fmt: skip


def _head_size(look: Look) -> Point:
    if look.kind == "robot":
        return SHAPES[look.hair]
    rx, ry = ANIMALS.get(look.kind, (23.0, 22.5 if look.age == "child" else 24.0))
    return rx + _FACE[look.girth] * (0.4 if look.age == "child" else 1.0), ry


def _crown(look: Look) -> float:
    """Returns how high hair, ears, antenna and hat reach above the middle of the head, in units."""
    bare = STYLES[look.hair].crown if look.kind == "human" else EARS_HEIGHT.get(look.kind, 44.0)
    if look.headwear == w.NONE:
        return bare
    hat = HATS[look.headwear]
    if look.kind != "human" or hat.hides == "nothing":
        return max(bare, hat.height)
    return hat.height


def _head(look: Look) -> Head:
    glasses = None if look.glasses == w.NONE else Part(look.glasses, _FRAMES[look.glasses])
    hat = None if look.headwear == w.NONE else Part(look.headwear, look.headwear_colour)
    marks = (*look.marks, "wrinkles") if look.age == "old" else look.marks
    return Head(look.kind, look.hair, None if look.beard == w.NONE else look.beard, glasses, hat, marks)


def _outfit(look: Look) -> Outfit:
    top = w.TOPS.get(look.top)
    extras = tuple(Part(_EXTRA_PARTS.get(name, name), tint) for name, tint in look.extras)
    if top is None:
        bare = () if look.kind == "robot" else (Part("belly", light(look.skin, 0.5)),)
        return Outfit(look.skin, 0.0, "bare", look.skin, _shoes(look), bare + extras, None, look.footwear)
    cut, bottom, legs = _below(look, top)
    parts = _pattern(look, cut) + _parts(look, top) + extras
    colour = light(look.accent, 0.1) if look.top == "waistcoat" else look.top_colour
    return Outfit(colour, top.sleeves, cut, bottom, _shoes(look), parts, legs, look.footwear)


def _shoes(look: Look) -> Colour:
    return (
        shade(look.skin, 0.12)
        if look.footwear == "bare feet" and look.kind != "human"
        else look.footwear_colour
    )


def _below(look: Look, top: w.Top) -> tuple[str, Colour, Colour | None]:
    """Returns the cut and colour of the clothes below the waist, and the colour of covered legs below those or None."""
    if top.hangs == "poncho":
        return "poncho", look.skin if look.bottom == w.NONE else look.bottom_colour, None
    if top.hangs:
        return top.hangs, look.top_colour, look.bottom_colour if look.bottom != w.NONE else None
    if look.bottom == w.NONE:
        return "bare", look.skin, None
    return w.BIBBED.get(look.bottom, look.bottom), look.bottom_colour, None


def _parts(look: Look, top: w.Top) -> tuple[Part, ...]:
    """Returns collars, hoods, bibs and similar parts, each with its colour."""
    tints = {"tie": _contrast(look), "waistcoat": look.top_colour, "pouch": shade(look.top_colour, 0.2)}
    parts = tuple(Part(name, tints.get(name, look.accent)) for name in top.parts)
    if look.bottom in w.BIBBED:
        parts += (Part("bib", look.bottom_colour),)
    return parts


def _contrast(look: Look) -> Colour:
    """Returns a colour for a tie on a shirt of the accent's colour."""
    return mix(look.top_colour, rgb("b5323f"), 0.75)


def _pattern(look: Look, cut: str) -> tuple[Part, ...]:
    pattern = visible_pattern(look)
    if pattern == "plain":
        return ()
    if pattern not in ("stripes", "checks"):
        return (Part(_PRINTS[pattern], look.accent),)
    below = (Part(f"{pattern} below", look.accent),) if cut in ("dress", "gown", "robe", "sari") else ()
    sleeves = (
        Part("striped sleeves", mix(look.top_colour, look.accent, 1.0 if pattern == "stripes" else 0.55)),
    )
    return (Part(pattern, look.accent), *below, *sleeves)
