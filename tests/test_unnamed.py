"""Which sentences speak of people without names or pronouns, and which only seem to."""

import pytest

from storyboard.text.captions import read_sentence
from storyboard.text.unnamed import speaks_of_others

NAMES = {"Rosa": (), "Milo": ("the boy",)}


@pytest.mark.parametrize(
    "sentence",
    [
        "Rosa meets an old woman.",
        "Rosa waves and the other one laughs.",
        "All three dance.",
        "The two of them dance.",
        "Both wave.",
        "One of them is Rosa.",
        "Rosa runs and everybody laughs.",
        "The youngest laughs at Rosa.",
        "Rosa sees the elder, who sleeps.",
        "Each of the two is given a roll.",
        "Rosa wakes the pair.",
        "Rosa waves to the others.",
        "She paints the pair of them.",
        "Rosa takes her sister's arm.",
        "Rosa, a girl and Milo wave.",
        "The baker still waves at Rosa.",
        "The baker cut the bread, and Rosa ate.",
        "The younger one waves to Rosa.",
    ],
)
def test_others_are_seen(sentence):
    assert speaks_of_others(read_sentence(sentence, NAMES))


@pytest.mark.parametrize(
    "sentence",
    [
        "Two hours later Milo is asleep.",
        "Milo dances in his sailor suit.",
        "Down from the train climbs Milo, a baker, with a sack.",
        "Rosa is the new teacher, and waves.",
        "The blue one is nearly empty, and Milo paints.",
        "Rosa looks up, and a second one hits her.",
        "All over town the lights are out, so Rosa reads.",
        "All about Milo the forest holds its breath.",
        "Rosa opens one eye and Milo eats one single bun.",
        "Rosa sits on the old bench beside three bowls.",
        "Both Rosa and Milo wave.",
        "Rosa and Milo look at each other.",
        "Rosa finds a pair of shoes and the other side of the bridge.",
        "The boy waves.",
        "They pick the apples one by one.",
        "Rosa eats both sandwiches.",
        "Rosa laughs, and oh boy, she laughs loudly.",
        "Rosa and Milo run, each with a bun.",
        "Rosa eats the bun that her friend baked.",
    ],
)
def test_things_are_not_people(sentence):
    """The people of 69 of a writer's own sentences were left open. One in four of these only counted things."""
    assert not speaks_of_others(read_sentence(sentence, NAMES))
