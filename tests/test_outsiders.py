"""Sentences about things, languages and kin are drawn with a note, and never refused."""

import pytest

from storyboard.text.captions import read_sentence
from storyboard.text.sentences import check_caption, find_outsiders, find_stranger

NAMES = {"Rosa": (), "Milo": ()}


@pytest.mark.parametrize(
    ("caption", "outsiders"),
    [
        ("Milo builds with Lego.", ("Lego",)),
        ("Milo learns Spanish.", ()),
        ("Rosa speaks Swahili.", ("Swahili",)),
        ("Milo drinks Pepsi-Cola.", ()),
        ("Rosa loves Reggae.", ("Reggae",)),
        ("Rosa calls Dad.", ("Dad",)),
        ("Grandpa waves to Milo.", ("Grandpa",)),
        ("Rosa plays Mozart.", ("Mozart",)),
        ("Milo eats Nutella.", ("Nutella",)),
        ("Rosa celebrates Diwali.", ("Diwali",)),
        ("Milo watches Netflix.", ("Netflix",)),
        ("Rosa drives a Volvo.", ()),
        ("Auntie hugs Rosa.", ("Auntie",)),
        ("Venice is far away.", ("Venice",)),
        ("On Sunday Rosa rests in Hyde Park.", ()),
        ("Milo wears Adidas.", ("Adidas",)),
    ],
)
def test_an_ordinary_sentence_is_drawn_and_what_may_be_a_name_is_named(caption, outsiders):
    """Two thirds of ordinary first sentences of stories were refused."""
    assert check_caption(caption, 1, NAMES, []) == caption
    assert find_outsiders(read_sentence(caption, NAMES)) == outsiders


@pytest.mark.parametrize(
    "caption", ["Rosa meets Zelda.", "Zelda hides.", "Milo and Zelda sing.", "Rosa talks to Zelda."]
)
def test_who_does_or_is_done_what_people_do_is_refused(caption):
    assert find_stranger(read_sentence(caption, NAMES)) == "Zelda"
