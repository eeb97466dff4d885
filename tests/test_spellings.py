"""Names as people type them: accents, apostrophes, titles, everyday words, scripts without spaces."""

import pytest

from storyboard.text.captions import find_mentions, mentioned_names

CAST = {
    "O'Brien": (), "D\u2019Arcy": (), "Mr Slate": (), "Dr. Wu": (), "Slate": (), "Zo\u00eb": (), "Ren\u00e9e": (),
    "J\u00fcrgen": (), "Wei\u00df": (), "Strauss": (), "S\u00f8ren": (), "Anne-Marie": (), "\u0141ucja": (),
}  # fmt: skip
EVERYDAY = {name: () for name in "Will May Rose Mark Art Hope Jack Summer Dawn Bill Button".split()}
UNSPACED = {
    "\u5c0f\u660e": (), "\u30cf\u30ca\u30b3": (), "\u0e2a\u0e21\u0e0a\u0e32\u0e22": (), "\uc9c0\ubbfc": (), "Rosa": (),
}  # fmt: skip


@pytest.mark.parametrize(
    ("caption", "name"),
    [
        ("O\u2019Brien dances.", "O'Brien"),
        ("Everybody greets O'BRIEN\u2019s dog.", "O'Brien"),
        ("D'Arcy rides.", "D\u2019Arcy"),
        ("Here comes d\u02bcarcy.", "D\u2019Arcy"),
        ("Mr. Slate frowns.", "Mr Slate"),
        ("Rosa sees Mr Slate.", "Mr Slate"),
        ("Dr Wu writes.", "Dr. Wu"),
        ("A letter for Dr. Wu.", "Dr. Wu"),
        ("Zoe sings.", "Zo\u00eb"),
        ("ZO\u00cb sings.", "Zo\u00eb"),
        ("Renee's hat", "Ren\u00e9e"),
        ("Juergen swims, jurgen dives", "J\u00fcrgen"),
        ("Weiss paints.", "Wei\u00df"),
        ("WEISS!", "Wei\u00df"),
        ("Strau\u00df plays.", "Strauss"),
        ("Soren skis.", "S\u00f8ren"),
        ("Anne\u2011Marie naps.", "Anne-Marie"),
        ("Lucja knits.", "\u0141ucja"),
    ],
)
def test_a_name_is_found_in_every_way_it_is_typed(caption, name):
    """Nobody was found if the cast had a straight apostrophe and the writer typed a curly one."""
    assert mentioned_names(caption, CAST) == (name,)


@pytest.mark.parametrize("typed", ["'", "\u2019", "\u02bc", "\u2018", "`"])
@pytest.mark.parametrize("kept", ["'", "\u2019"])
def test_every_apostrophe_is_the_same_one(typed, kept):
    """Phones and word processors make apostrophes curly."""
    names = {f"D{kept}Angelo": (), f"N{kept}Dea": ()}
    caption = f"D{typed}Angelo's hat falls, and N{typed}Dea laughs."
    assert mentioned_names(caption, names) == tuple(names)


@pytest.mark.parametrize("title", ["Mr", "Mrs", "Ms", "Mx", "Dr", "Prof", "St", "Capt", "Rev", "Sgt"])
def test_a_title_has_a_dot_or_none(title):
    for name in (f"{title} Hale", f"{title}. Hale"):
        for typed in (f"{title} Hale", f"{title}. Hale"):
            names = {"Hale": (), name: ()}
            assert mentioned_names(f"Rosa sees {typed}.", names) == (name,)


@pytest.mark.parametrize(
    "caption", ["Ren runs.", "Obrien dances.", "Mrs. Slater", "A slat", "Sorenson skis.", "Weis paints."]
)
def test_another_name_is_not_found(caption):
    assert mentioned_names(caption, CAST) == ()


def test_a_name_spelt_so_comes_before_one_that_may_be_typed_so():
    assert [one.name for one in find_mentions("Zoe meets Zo\u00eb.", {"Zo\u00eb": (), "Zoe": ()})] == [
        "Zoe",
        "Zo\u00eb",
    ]


@pytest.mark.parametrize(
    "caption",
    [
        "It will snow in the park.",
        "They may dance.",
        "A rose stands in the vase.",
        "Rosa draws a mark on the fence.",
        "The art in the hall is old.",
        "They hope for sun.",
        "Rosa sews on a button.",
        "The bill lies on the table.",
        "At dawn the lane is empty.",
        "In May the garden is green.",
        "Will Rosa come?",
        "May they dance?",
        "Will the bus stop?",
    ],
)
def test_a_word_of_every_day_is_nobody(caption):
    """With a Will in the cast, "It will rain" was about him."""
    assert mentioned_names(caption, EVERYDAY) == ()


@pytest.mark.parametrize(
    ("caption", "names"),
    [
        ("Will waves.", ("Will",)),
        ("Rosa meets May.", ("May",)),
        ("May waters a rose.", ("May",)),
        ("Then Mark will sing with Rose.", ("Mark", "Rose")),
        ("The letter is for Will.", ("Will",)),
        ("Art's hat falls.", ("Art",)),
        ("ROSE RUNS.", ("Rose",)),
        ("Rosa hugs button.", ("Button",)),  # no word before it makes it a thing
        ("Hope and Dawn wave to Jack.", ("Hope", "Dawn", "Jack")),
        ("Rosa stands behind Summer.", ("Summer",)),
    ],
)
def test_somebody_called_like_a_word_is_found_by_case_and_place(caption, names):
    assert mentioned_names(caption, EVERYDAY) == names


@pytest.mark.parametrize(
    ("caption", "names"),
    [
        ("\u5c0f\u660e\u5728\u516c\u56ed\u8dd1\u6b65\u3002", ("\u5c0f\u660e",)),
        ("\u4eca\u5929\u5c0f\u660e\u548cRosa\u8df3\u821e\u3002", ("\u5c0f\u660e", "Rosa")),
        ("Rosa\u770b\u4e66", ("Rosa",)),
        ("\u30cf\u30ca\u30b3\u306f\u516c\u5712\u3067\u8d70\u308b\u3002", ("\u30cf\u30ca\u30b3",)),
        ("\u0e2a\u0e21\u0e0a\u0e32\u0e22\u0e27\u0e34\u0e48\u0e07", ("\u0e2a\u0e21\u0e0a\u0e32\u0e22",)),
        ("\uc9c0\ubbfc\uc774\uac00 \uc6c3\ub294\ub2e4", ()),
        ("\uc9c0\ubbfc\uc740 \uc6c3\ub294\ub2e4", ("\uc9c0\ubbfc",)),
        ("\uc9c0\ubbfc\uc774\ub791 Rosa", ("\uc9c0\ubbfc", "Rosa")),
        ("Rosalinda\u770b\u4e66", ()),
        ("\u5927", ()),
    ],
)
def test_names_are_found_where_no_spaces_are_written(caption, names):
    assert mentioned_names(caption, UNSPACED) == names
