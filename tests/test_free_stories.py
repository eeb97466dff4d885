"""The free stories: what the set promises. A wrong value in its file is named."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from storyboard.errors import StoryError
from storyboard.text.captions import mentioned_names
from training.evaluate.free_stories import FREE_STORIES, KINDS, load_free_stories
from training.maple_lane import ACTIONS, BY_NAME, PLACES, sample_story
from training.maple_lane.reading import NAMES

ROOT = Path(__file__).resolve().parent.parent
UNNAMED = {"pronoun", "group word", "description", "cataphora"}
NOT_THERE = {"talked about", "leaving", "negation"}


@pytest.fixture(scope="module")
def stories():
    return load_free_stories()


@pytest.fixture(scope="module")
def frames(stories):
    return [frame for story in stories for frame in story.frames]


def share(frames, kind: str, of=None) -> float:
    among = [frame for frame in frames if of is None or of in frame.every_kind]
    return sum(kind in frame.every_kind for frame in among) / len(among)


def test_there_are_a_hundred_stories_of_four_frames(stories, frames):
    assert {len(story.frames) for story in stories} == {4}
    assert len(stories) == 100 and len(frames) == 400
    assert len({frame.text for frame in frames}) == 400


def test_the_files_of_free_stories_share_no_story_and_no_text(stories):
    files = sorted(FREE_STORIES.parent.glob("free_stories*.json"))
    told = [story for path in files for story in load_free_stories(path)]
    assert len(files) == 4 and len(told) > 2 * len(stories)
    assert len({story.id for story in told}) == len(told)
    texts = [frame.text for story in told for frame in story.frames]
    assert len(set(texts)) == len(texts)


def test_frames_of_long_stories_are_counted_by_how_far_along_they_are():
    told = load_free_stories(FREE_STORIES.with_name("free_stories_long.json"))
    assert len(told) >= 4 and {len(story.frames) for story in told} == {50}
    for story in told:
        stretches = Counter(story.kinds_of(number)[0] for number in range(50))
        assert stretches == {f"frames {first + 1} to {first + 10}": 10 for first in range(0, 50, 10)}


def test_one_two_and_three_people_have_their_shares(frames):
    people = [f"{count} {'person' if count == 1 else 'people'}" for count in (1, 2, 3)]
    assert [share(frames, kind) for kind in people] == pytest.approx([0.30, 0.45, 0.25], abs=0.03)
    several = [frame for frame in frames if len(frame.who) > 1]
    assert share(several, "different actions") == pytest.approx(0.35, abs=0.03)


def test_everybody_every_place_and_every_action_is_met_often(frames):
    people = Counter(name for frame in frames for name in frame.who)
    places = Counter(frame.place for frame in frames)
    actions = Counter(action for frame in frames for action in frame.does.values() if action)
    assert people.keys() == BY_NAME.keys() and min(people.values()) > 0.8 * max(people.values())
    assert places.keys() == PLACES.keys() and min(places.values()) > 20
    assert actions.keys() == ACTIONS.keys() and min(actions.values()) > 10


def test_every_kind_of_wording_is_met_often(frames):
    counts = Counter(kind for frame in frames for kind in frame.kinds)
    assert counts.keys() == KINDS.keys() and min(counts.values()) > 10
    assert share(frames, "1 person, 20 words or more", of="1 person") > 0.4
    assert sum("somebody named is not there" in frame.every_kind for frame in frames) > 25
    assert 0.4 < share(frames, "past") < 0.6


def test_kinds_agree_with_the_words(frames):
    for frame in frames:
        kinds, named = set(frame.kinds), set(mentioned_names(frame.text, NAMES))
        assert named >= set(frame.who) or kinds & UNNAMED, frame.text
        assert named <= set(frame.who) or kinds & NOT_THERE, frame.text
        assert ("dialogue" in kinds) == bool(re.search('["\u201c]', frame.text)), frame.text
        assert "pronoun" not in kinds or not named >= set(frame.who), frame.text
        noun = PLACES[frame.place].noun.split()[-1]
        said = noun in frame.text.lower()
        assert said or kinds & {"place unsaid", "place in other words"}, frame.text
        assert not said or "place unsaid" not in kinds, frame.text


def test_the_words_are_not_those_of_the_training_grammar(frames):
    grammar = {
        text.lower()
        for seed in range(2000)
        for frame in sample_story(seed).frames
        for text in (frame.plain, frame.referential)
    }
    assert not grammar & {frame.text.lower() for frame in frames}
    known = {word for text in grammar for word in re.findall(r"[a-z]+", text)}
    words = {word for frame in frames for word in re.findall(r"[a-z]+", frame.text.lower())}
    assert len(words) > 1300 and len(words - known) > 1100


def test_nothing_that_trains_reads_the_free_stories():
    """They measure what no training has used, so only `training/evaluate` may know that they exist."""
    readers = {
        path.relative_to(ROOT)
        for house in ("training", "storyboard")
        for path in (ROOT / house).rglob("*.py")
        if "free_stories" in path.read_text(encoding="utf-8")
    }
    assert readers and all(path.is_relative_to("training/evaluate") for path in readers)


def entry_of(name: str) -> dict:
    entries = json.loads(FREE_STORIES.read_text(encoding="utf-8"))["stories"]
    return next(entry for entry in entries if entry["id"] == name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda e: e["frames"].clear(), "'burnt-porridge' has no frames"),
        (lambda e: e["outfits"].update(Zelda="dress"), "person 'Zelda' is unknown"),
        (lambda e: e["outfits"].update(Milo="tutu"), "outfit of Milo 'tutu' is unknown"),
        (lambda e: e["outfits"].update(Otto="shirt"), "dresses Otto, who is in no frame"),
        (lambda e: e["frames"][1].update(place="moon"), "frame 2: place 'moon' is unknown"),
        (lambda e: e["frames"][1].update(place="park"), "frame 2: place 'park' is unsaid"),
        (lambda e: e["frames"][2].update(does={"Otto": None}), "frame 3: person 'Otto' is unknown"),
        (lambda e: e["frames"][2].update(does={}), "frame 3 shows 0 people"),
        (lambda e: e["frames"][0].update(does={"Milo": "flying"}), "action of Milo 'flying' is unknown"),
        (lambda e: e["frames"][0].update(nearest={"Milo": "eating"}), "nearest pose for 'Milo' is unknown"),
        (lambda e: e["frames"][3].update(nearest={"Rosa": "flying"}), "pose of Rosa 'flying' is unknown"),
        (lambda e: e["frames"][0].update(kinds=["past", "odd"]), "frame 1: kind 'odd' is unknown"),
        (lambda e: e["frames"][0].update(kinds=["passive"]), "one of past and present"),
        (lambda e: e["frames"][0].update(text=" ... "), "frame 1 has no words"),
        (lambda e: e["frames"][0].pop("does"), "no file of free stories.*does"),
    ],
)
def test_a_wrong_value_is_named_with_its_story_and_frame(tmp_path, change, said):
    entry, file = entry_of("burnt-porridge"), tmp_path / "stories.json"
    change(entry)
    file.write_text(json.dumps({"stories": [entry]}))
    with pytest.raises(StoryError, match=said):
        load_free_stories(file)


def test_doubles_and_files_of_something_else_are_refused(tmp_path):
    file = tmp_path / "stories.json"
    for text, said in (
        (json.dumps({"stories": [entry_of("burnt-porridge")] * 2}), "Two free stories"),
        ('{"stories": [{"id": "a", "id": "b"}]}', "'id' comes twice"),
        ("[", "no file of free stories"),
        ("[]", "no file of free stories"),
    ):
        file.write_text(text)
        with pytest.raises(StoryError, match=said):
            load_free_stories(file)
    with pytest.raises(StoryError, match="cannot be read"):
        load_free_stories(tmp_path / "nothing.json")


def test_a_frame_becomes_a_scene_of_the_same_people_doing_that_or_the_nearest(stories):
    story = next(story for story in stories if story.id == "burnt-porridge")
    scene = story.as_maple_story().frames[3].scene
    assert [(a.name, a.outfit, a.action) for a in scene.actors] == [
        ("Rosa", "jumper", "carrying"),
        ("Milo", "apron", "eating"),
        ("Nana", "nightgown", "eating"),
    ]
    assert scene.place == "garden" and [a.x for a in scene.actors] == sorted(a.x for a in scene.actors)
