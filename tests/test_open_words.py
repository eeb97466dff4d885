"""Free captions of the open world: gestures, what two people do together, and stories of one person."""

import re
from dataclasses import replace
from functools import cache
from random import Random

import pytest

from storyboard.text.captions import find_mentions
from training.maple_lane import PLACES, sample_people_story, sample_story
from training.maple_lane.more_actions import GESTURE_ACTIONS, PAIR_PHRASES
from training.maple_lane.open_stories import sample_open_story
from training.maple_lane.words import (
    FrameFacts,
    PersonFacts,
    canonical,
    canonical_caption,
    free_captions,
    tell,
)
from training.maple_lane.words.tables import fitting

STORIES = 240
ADA = PersonFacts("Ada", "she", "giving", ("tall woman",), prop="cake", mood="happy")
BO = PersonFacts("Bo", "he", "taking", ("bald man",), prop="cake", mood="happy")


@cache
def _told():
    return [(tale, free_captions(tale)) for tale in map(sample_open_story, range(STORIES))]


def test_what_is_given_is_said_of_both_or_of_nobody():
    facts = FrameFacts("park", (ADA, BO))
    assert canonical_caption(facts) == "Ada gives a cake and Bo takes a cake in the park."
    open_ = FrameFacts("park", (replace(ADA, prop=None), replace(BO, prop=None)))
    assert canonical_caption(open_) == "Ada gives something and Bo takes something in the park."
    near = 0
    for seed in range(200):
        (told,) = tell([facts], Random(seed))
        ada, bo = told.shows.people
        assert (ada.action, bo.action) == ("giving", "taking") and ada.prop == bo.prop, told.text
        assert "Ada" in told.text and "Bo" in told.text
        near += ada.prop is None
        assert ada.prop in ("cake", None)
    assert 0 < near < 100  # "Ada passes Bo a note"


def test_who_hugs_whom_may_be_said_either_way():
    pair = (replace(ADA, action="hugging", prop=None), replace(BO, action="hugging", prop=None))
    texts = [tell([FrameFacts("park", pair)], Random(seed))[0].text for seed in range(200)]
    found = " ".join(texts)
    assert re.search(r"Ada (?:hugs|hugged) Bo", found) and re.search(r"Bo (?:hugs|hugged) Ada", found)
    assert all("Ada" in text and "Bo" in text for text in texts)


def test_every_gesture_and_every_act_of_two_is_told():
    met = {shown.action for _, told in _told() for caption in told for shown in caption.shows.people}
    assert met >= {*GESTURE_ACTIONS, *PAIR_PHRASES, "taking"}


@pytest.mark.parametrize("place", PLACES)
def test_every_place_is_spoken_of_in_any_weather(place):
    """A garden in the snow had no sentence, and one story in a hundred stopped there."""
    kind = fitting("places", f"kind {place}", ())
    skies = [(time, sky) for time in ("day", "dusk", "night") for sky in ("clear", "rain", "snow")]
    for section in ("scene", "empty", "at"):
        for sky in skies:
            assert fitting("places", f"{section} {place}", {place, *kind, *sky, "past", "alone", "moved"})


def test_a_story_of_one_person_can_be_told():
    """In a quarter of all stories two people are related, which failed if there was only one person."""
    alone = [tale for tale, _ in _told() if len(tale.looks) == 1]
    assert len(alone) > STORIES / 10


def test_whose_neighbour_somebody_is_stands_after_who_that_is():
    """A line was chosen before the sentence began: "His neighbour Ada waves. 'Where is Bo?' she asks."."""
    ada = replace(ADA, action="waving", prop=None, kin={"Bo": "neighbour"})
    facts, said = FrameFacts("park", (ada,), absent=(replace(BO, action="standing"),)), 0
    for seed in range(400):
        text = tell([facts], Random(seed))[0].text
        if "his neighbour" in text.lower():
            assert -1 < text.find("Bo") < text.lower().find("his neighbour"), text
            said += 1
    assert said > 0


@pytest.mark.parametrize("sample", [sample_story, sample_people_story, sample_open_story])
def test_the_canonical_caption_names_each_actor_once_in_order(sample):
    """Some names are also words (May, Rose, Art), and things stand beside people."""
    for seed in range(120):
        tale = sample(seed)
        names = {name: () for name in (*tale.outfits, *tale.looks)}
        for frame in tale.frames:
            text = canonical(frame.scene)
            mentions = find_mentions(text, names)
            assert [m.name for m in mentions] == [actor.name for actor in frame.scene.actors], text
            assert [text[m.start : m.end] for m in mentions] == [m.name for m in mentions]
