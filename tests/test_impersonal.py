"""An "it" that means nobody of the cast: the weather, the time, or a thing that was just named."""

from types import SimpleNamespace

import pytest

from storyboard.text.candidates import candidates, read_for
from storyboard.text.captions import find_pronouns
from storyboard.text.impersonal import is_impersonal, is_said_of_things, is_thing

PEOPLE = [
    SimpleNamespace(name=name, pronoun=pronoun, aliases=())
    for name, pronoun in (("Toggle", "it"), ("Pip", "he"), ("Milo", "he"), ("Juno", "she"))
]


def it(sentence: str):
    return next(one for one in find_pronouns(sentence) if one.word in ("it", "its"))


@pytest.mark.parametrize(
    "sentence",
    [
        "It rains.",
        "It is raining in the park.",
        "It's raining and Rosa runs.",
        "It's been snowing all day.",
        "It will rain soon.",
        "It isn't raining.",
        "It starts to snow.",
        "It is pouring.",
        "It\u2019s late.",
        "It is late in the garden.",
        "It grows dark.",
        "It is a sunny day.",
        "It was a cold and dark night.",
        "It is 9 o'clock.",
        "It is time to go home.",
        "It is a lovely spring morning.",
        "Rosa runs because it is raining.",
        "It seems that Rosa is sad.",
        "Pip tells her the whole of it.",
    ],
)
def test_weather_and_time_are_nobody(sentence):
    assert is_impersonal(sentence, it(sentence))


@pytest.mark.parametrize(
    "sentence",
    [
        "It holds a parcel.",
        "It waves hello.",
        "It is napping.",
        "It is in the kitchen.",
        "Now it is in the kitchen, waving with one hand.",
        "It pours tea for Rosa.",
        "Its wheels squeak.",
        "It dances in the rain.",
        "It is a robot that works at night.",
        "It may be sad.",
        "It carries a lamp in the dark.",
        "It wakes up in the morning.",
        "It",
    ],
)
def test_every_other_it_may_be_somebody(sentence):
    assert not is_impersonal(sentence, it(sentence))


@pytest.mark.parametrize(
    ("sentence", "thing"),
    [
        ("Rosa finds a box and opens it.", True),
        ("Rosa picks up a parcel and gives it to Milo.", True),
        ("Rosa paints a picture, then carefully hangs it up.", True),
        ("Rosa hugs it.", False),
        ("In a shop, Rosa hugs it.", False),  # the shop is where she is, not what she hugs
        ("The train was late, and when it came Rosa waved.", True),
        ("Rosa takes her umbrella and shakes it.", True),
        ("Rosa takes her umbrella and hugs it.", False),
        ("Rosa holds the umbrella over it.", False),
        ("Rosa opens the door and it waves.", False),
        ("Otto waters a flower while it waters a plant.", False),
        ("Rosa paints a picture for it.", False),
        ("It opens a box.", False),
        ("Rosa opens a box and its lid falls.", False),
    ],
)
def test_a_thing_is_what_the_sentence_brought_in_and_then_does_something_to(sentence, thing):
    assert is_thing(sentence, it(sentence)) is thing


def test_what_stands_before_somebody_it_may_be_is_not_the_thing():
    sentence = "Rosa gives a box to Toggle and shakes it."
    assert is_thing(sentence, it(sentence))
    assert not is_thing(sentence, it(sentence), since=sentence.index(" and"))


def test_an_it_is_not_somebody_whom_the_story_last_named_long_ago():
    """In a story of fifty frames every "it" was the robot, who had been named once."""
    sentence = "Juno, whose job it is, reads."
    named = ["Toggle waves.", "Pip runs.", "Milo digs."]
    for told, meant in ((named[:2], [("Toggle",)]), (named, []), ([], [])):
        read, earlier = read_for(PEOPLE, sentence, told)
        assert candidates(read, read.pronouns[0], PEOPLE, earlier) == meant


@pytest.mark.parametrize(
    ("sentence", "thing"),
    [
        ("By August it was as big as a cart.", True),
        ("It grew and grew.", True),
        ("It weighs more than Otto.", True),
        ("It was the biggest pumpkin in the world.", True),
        ("It is made of glass.", True),
        ("It is red and blue.", True),
        ("It is the best dancer in the world.", False),
        ("It is a robot with a lamp.", False),
        ("It is happy.", False),
        ("It waves.", False),
        ("Rosa hugs it.", False),
    ],
)
def test_what_is_said_of_an_it_tells_a_thing_from_a_robot(sentence, thing):
    """In a story about a pumpkin, every "it" was the robot who helped to grow it."""
    told = ["Nana waters the pumpkin.", "Toggle helps her."]
    assert is_said_of_things(sentence, it(sentence), told) is thing
    assert not is_said_of_things(sentence, it(sentence), ["Toggle waves."])
