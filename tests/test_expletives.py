"""Idioms in which an "it" is nobody. In a story with a robot or a dog each of them was read as the robot or the dog."""

import pytest

from storyboard.text.candidates import candidates, read_for
from storyboard.text.captions import find_pronouns
from storyboard.text.expletives import is_expletive
from tests.test_groups import CAST


def its(sentence):
    return [one for one in find_pronouns(sentence) if one.word == "it"]


@pytest.mark.parametrize(
    "sentence",
    [
        "It takes Rosa all morning to sweep the street.",
        "It had taken them more than an hour, but Milo smiled.",
        "It makes no sense to Milo.",
        "It is hard for Milo to stand still.",
        "Rosa finds it hard to wait.",
        "Milo makes it to the station.",
        "It hurts Pip to see her cry.",
        "It was Nana's turn to deal.",
        "It wasn't long before Otto joined her.",
        "Rosa could not help it.",
        "Milo swears it was Nana.",
        "So is it Milo? Juno cannot decide.",
        "It was all Milo could do not to wake her.",
        "It turned out to be Otto's birthday.",
        "So it went on, Rosa singing and Milo humming.",
        "Milo knows it by heart.",
        "Nana doesn't believe a word of it.",
        "It's over, and they hug.",
    ],
)
def test_an_idiom_speaks_of_nobody(sentence):
    assert all(is_expletive(sentence, one) for one in its(sentence))


@pytest.mark.parametrize(
    "sentence",
    [
        "It takes a bun and waves.",
        "It takes Milo to school.",
        "It said that Rosa was late.",
        "It was happy to help.",
        "It decided to wait.",
        "It is nice to Milo.",
        "It made a sharp turn.",
        "It did what it could for Rosa.",
        "It looks up to Rosa and waves.",
        "It is going over to Milo.",
        "Milo made it a hat.",
        "Nana finds it behind the door.",
        "It has nothing to do.",
    ],
)
def test_what_a_robot_does_is_no_idiom(sentence):
    assert not any(is_expletive(sentence, one) for one in its(sentence))


@pytest.mark.parametrize(
    ("sentence", "who"),
    [
        ("“It's only water,” Rosa says.", []),
        ("Rosa waves, and it waves back.", [("Toggle",)]),
        ("Rosa finds a box and sits down on it.", []),
        ("Rosa finds a box and walks behind it.", [("Toggle",)]),
    ],
)
def test_what_is_said_in_quotation_marks_or_sat_on_is_not_the_robot(sentence, who):
    read, earlier = read_for(CAST, sentence, ["Toggle dances."])
    assert candidates(read, its(sentence)[0], CAST, earlier) == who
