"""The people who live on Maple Lane: seven bodies, and the outfits that each of them can wear.

This module is data only. Shapes and colours are chosen so that no two people share height, silhouette, skin and hair.
An outfit changes both colour and cut, and the texts use its words (`"a yellow raincoat"`).
"""

from __future__ import annotations

from dataclasses import dataclass

from storyboard.people import Body, Figure, Head, Outfit, Part, rgb


@dataclass(frozen=True)
class Costume:
    """An outfit, and the words that name it in a text."""

    words: str
    outfit: Outfit


@dataclass(frozen=True)
class MapleCharacter:
    """A person of the cast. `pronoun` is "she", "he" or "it". `outfits` are the keys of `wardrobe`."""

    name: str
    pronoun: str
    looks: str
    head: Head
    body: Body
    wardrobe: dict[str, Costume]

    @property
    def outfits(self) -> tuple[str, ...]:
        return tuple(self.wardrobe)

    def figure(self, outfit: str) -> Figure:
        """Returns the figure that is drawn for this person in that outfit."""
        return Figure(self.body, self.wardrobe[outfit].outfit, self.head)


def _fit(
    words: str,
    top: str,
    sleeves: float,
    cut: str,
    bottom: str,
    shoes: str,
    *extras: str,
    accent: str = "fffaee",
    legs: str | None = None,
) -> Costume:
    """An outfit. All extra parts of it share one colour, the accent."""
    parts = tuple(Part(extra, rgb(accent)) for extra in extras)
    tights = None if legs is None else rgb(legs)
    footwear = "boots" if "hood" in extras and cut == "coat" else "shoes"
    return Costume(words, Outfit(rgb(top), sleeves, cut, rgb(bottom), rgb(shoes), parts, tights, footwear))


ROSA = MapleCharacter(
    "Rosa",
    "she",
    "a woman with big round red curls",
    Head(hair="curls"),
    Body(48, 48, 19, 18, (23, 24), 46, 11, 13, 43, rgb("fbd3b6"), rgb("d9482b")),
    {
        "raincoat": _fit("a yellow raincoat", "f7c52f", 0.88, "coat", "f7c52f", "3d7f8c", "hood", "buttons"),
        "dress": _fit(
            "a green dress", "4e9d63", 0.3, "dress", "4e9d63", "8c3f3a", "collar", "dots", accent="f9f1d2"
        ),
        "dungarees": _fit(
            "blue dungarees", "fff4e0", 0.45, "trousers", "3f6fb5", "b2502f", "bib", accent="3f6fb5"
        ),
        "jumper": _fit(
            "a purple jumper",
            "8d5aa8",
            0.88,
            "skirt",
            "e9a83a",
            "5a3a52",
            "star",
            accent="ffd766",
            legs="5a3a52",
        ),
    },
)

MILO = MapleCharacter(
    "Milo",
    "he",
    "a tall thin man with brown skin and high flat black hair",
    Head(hair="flat top"),
    Body(60, 50, 17, 14, (20, 24), 50, 10.5, 12.5, 45, rgb("a3683f"), rgb("2b2324")),
    {
        "hoodie": _fit(
            "a red hoodie", "dd4b45", 0.88, "trousers", "55607c", "fdf6e6", "hood", "pouch", accent="b9352f"
        ),
        "apron": _fit(
            "an orange apron", "fdf3df", 0.45, "trousers", "3c4f57", "6b3d2a", "apron", accent="f08a32"
        ),
        "jumper": _fit(
            "a striped jumper", "fdf3df", 0.88, "trousers", "d9a441", "5a3a2c", "stripes", accent="2f7d86"
        ),
        "suit": _fit(
            "a blue suit", "3567b0", 0.88, "trousers", "3567b0", "2f2a35", "shirt", "bow", accent="f7c948"
        ),
    },
)

NANA = MapleCharacter(
    "Nana",
    "she",
    "an old woman, short and round, with a silver bun and round glasses",
    Head(hair="bun", glasses=Part("round glasses", rgb("b5423c"))),
    Body(28, 46, 24, 26, (24, 23), 40, 12, 12, 45, rgb("e3ab82"), rgb("dfe1e8")),
    {
        "cardigan": _fit(
            "a purple cardigan", "8a4f9e", 0.88, "skirt", "57406e", "4a3346", "vest", accent="f6dcea"
        ),
        "apron": _fit("a pink apron", "6fa7a0", 0.45, "dress", "6fa7a0", "7a3b3b", "apron", accent="f49db4"),
        "poncho": _fit(
            "an orange poncho", "e9792f", 0.5, "poncho", "7a4a35", "5b3527", "zigzag", accent="fbe3a2"
        ),
        "nightgown": _fit(
            "a white nightgown",
            "faf4ee",
            0.88,
            "gown",
            "faf4ee",
            "e58a9d",
            "collar",
            "buttons",
            accent="7fb4d6",
        ),
    },
)

OTTO = MapleCharacter(
    "Otto",
    "he",
    "a very big bald man with a bushy brown beard",
    Head(hair="balding", beard="bushy beard"),
    Body(42, 66, 31, 29, (26, 25), 52, 14.5, 18, 27, rgb("f3b795"), rgb("7c4a2a")),
    {
        "shirt": _fit(
            "a red shirt", "cf4436", 0.45, "trousers", "4b5a78", "4a2f28", "braces", accent="f3cf63"
        ),
        "dungarees": _fit(
            "green dungarees", "f5e3c0", 0.45, "trousers", "5a8f4a", "7a4a2b", "bib", accent="5a8f4a"
        ),
        "jumper": _fit(
            "a striped jumper", "2f4f86", 0.88, "trousers", "efe6d2", "303a55", "stripes", accent="fdf6e6"
        ),
        "coat": _fit(
            "a yellow coat", "efb52e", 0.88, "coat", "efb52e", "3b5b4a", "buttons", "scarf", accent="3c8d7d"
        ),
    },
)

PIP = MapleCharacter(
    "Pip",
    "he",
    "a small boy with a yellow tuft of hair",
    Head(hair="tuft"),
    Body(28, 32, 16, 15, (23, 22), 32, 10, 11.5, 39, rgb("fcdcc0"), rgb("f4c542")),
    {
        "cape": _fit(
            "a red cape", "4f86c6", 0.45, "shorts", "34507e", "d8432f", "cape", "star", accent="d8432f"
        ),
        "pyjamas": _fit(
            "green pyjamas",
            "86c28b",
            0.88,
            "trousers",
            "86c28b",
            "f3efe2",
            "dots",
            "buttons",
            accent="f8f2cf",
        ),
        "raincoat": _fit(
            "an orange raincoat",
            "f2812f",
            0.88,
            "coat",
            "f2812f",
            "3a6ea8",
            "hood",
            "buttons",
            accent="fff0c8",
        ),
        "sailor suit": _fit(
            "a white sailor suit", "fbf7ec", 0.45, "shorts", "fbf7ec", "2f4f86", "sailor", accent="2f5c9e"
        ),
    },
)

JUNO = MapleCharacter(
    "Juno",
    "she",
    "a tall slim woman with long straight violet hair",
    Head(hair="long straight hair"),
    Body(58, 48, 16, 15, (20.5, 24), 48, 10, 11.5, 33, rgb("edbd8b"), rgb("5b3f9c")),
    {
        "jacket": _fit(
            "a brown jacket", "9a5b34", 0.88, "trousers", "39404f", "d3a24c", "vest", accent="fbf0dc"
        ),
        "dress": _fit("a pink dress", "ef7fa0", 0.25, "dress", "ef7fa0", "a8385c", "belt", accent="a8385c"),
        "lab coat": _fit(
            "a white coat",
            "fbfaf5",
            0.88,
            "coat",
            "fbfaf5",
            "3b3f58",
            "shirt",
            accent="59b5b0",
            legs="4a5470",
        ),
        "overalls": _fit(
            "yellow dungarees", "e8573f", 0.45, "shorts", "f2c23a", "4a3b57", "bib", accent="f2c23a"
        ),
    },
)

TOGGLE = MapleCharacter(
    "Toggle",
    "it",
    "a small round mint-green robot with a square head and an antenna",
    Head("robot", hair="screen"),
    Body(24, 42, 22, 20, (29, 22), 38, 9, 11, 42, rgb("8fd6c4"), rgb("ef6a4a")),
    {
        "bow tie": _fit(
            "a red bow tie", "8fd6c4", 0.0, "bare", "8fd6c4", "4c7f86", "dial", "bow", accent="db3f45"
        ),
        "scarf": _fit(
            "a blue scarf", "8fd6c4", 0.0, "bare", "8fd6c4", "4c7f86", "dial", "scarf", accent="2f63b8"
        ),
        "apron": _fit("a yellow apron", "8fd6c4", 0.0, "bare", "8fd6c4", "4c7f86", "apron", accent="f6c63c"),
        "waistcoat": _fit(
            "a purple waistcoat", "8fd6c4", 0.0, "bare", "8fd6c4", "4c7f86", "waistcoat", accent="8556ad"
        ),
    },
)

CAST: tuple[MapleCharacter, ...] = (ROSA, MILO, NANA, OTTO, PIP, JUNO, TOGGLE)
BY_NAME: dict[str, MapleCharacter] = {character.name: character for character in CAST}
