"""Everything that a person can be or wear, by name: the vocabulary of a `Look`, and how each garment is cut.

Data only.
"""

from __future__ import annotations

from typing import NamedTuple

from .animals import ANIMALS, MARKINGS
from .beards import BEARDS
from .hair import STYLES
from .headwear import HATS
from .robots import SHAPES

NONE = "none"
KINDS = ("human", "robot", *ANIMALS)
AGES = ("child", "adult", "old")
PRONOUNS = ("she", "he", "it")
HEIGHTS = ("short", "medium", "tall")
GIRTHS = ("slim", "medium", "round", "big")
HAIR_OF = {"human": tuple(STYLES), "robot": tuple(SHAPES), **dict.fromkeys(ANIMALS, MARKINGS)}
BEARD_NAMES = (NONE, *BEARDS)
GLASSES = (NONE, "round glasses", "square glasses", "sunglasses")
MARKS = ("freckles", "lashes", "earrings", "beauty spot")
HEADWEAR = (NONE, *HATS)
FOR_HUMANS = ("headscarf", "turban", "headband")
PATTERNS = ("plain", "stripes", "checks", "dots", "hearts", "flowers", "zigzag", "star", "heart")
FOOTWEAR = ("shoes", "boots", "trainers", "sandals", "bare feet")
EXTRAS = (
    "scarf", "bow tie", "tie", "necklace", "apron", "cape", "backpack", "shoulder bag", "belt", "braces", "gloves",
    "medal",
)  # fmt: skip
ROBOT_EXTRAS = ("dial", "grille", "heart light", "waistcoat")


class Top(NamedTuple):
    """How a top is cut.

    sleeves: the part of the arm that it covers, 0..1.
    parts: what is drawn on it.
    hangs: its cut below the waist, None if it ends there.
    bib: whether dungarees can be worn over it.
    open_front: whether it is open and shows the accent colour in the middle, where a pattern would be lost.
    """

    sleeves: float
    parts: tuple[str, ...] = ()
    hangs: str | None = None
    whole: bool = False  # whether it is worn without a bottom, as a dress
    bib: bool = False
    open_front: bool = False


TOPS: dict[str, Top] = {
    "t-shirt": Top(0.45, bib=True),
    "vest top": Top(0.0, ("straps",)),
    "shirt": Top(0.88, ("soft collar",), bib=True),
    "blouse": Top(0.45, ("collar",)),
    "jumper": Top(0.88, ("ribs",), bib=True),
    "roll-neck": Top(0.88, ("roll neck",), bib=True),
    "hoodie": Top(0.88, ("hood", "pouch")),
    "cardigan": Top(0.88, ("vest", "knitted front"), open_front=True),
    "jacket": Top(0.88, ("vest", "lapels"), open_front=True),
    "suit jacket": Top(0.88, ("shirt", "tie"), open_front=True),
    "waistcoat": Top(0.88, ("waistcoat",), open_front=True),
    "sailor top": Top(0.45, ("sailor",), open_front=True),
    "tunic": Top(0.88, (), "tunic"),
    "poncho": Top(0.5, ("zigzag",), "poncho", open_front=True),
    "coat": Top(0.88, ("buttons",), "coat", open_front=True),
    "raincoat": Top(0.88, ("hood", "buttons", "rain collar"), "coat", open_front=True),
    "dress": Top(0.3, (), "dress", whole=True),
    "sundress": Top(0.0, ("straps",), "dress", whole=True),
    "long dress": Top(0.88, (), "gown", whole=True),
    "kimono": Top(0.88, ("wrap",), "robe", whole=True),
    "sari": Top(0.45, ("drape",), "sari", whole=True),
}
BOTTOMS = (
    NONE, "trousers", "wide trousers", "leggings", "shorts", "skirt", "long skirt", "tutu", "dungarees", "pinafore",
)  # fmt: skip
# What can be worn with a coat, a poncho or a tunic.
UNDER_LONG_TOPS = ("trousers", "leggings", "wide trousers")
BIBBED = {"dungarees": "trousers", "pinafore": "skirt"}  # bottoms with a bib, and the cut of their lower half
