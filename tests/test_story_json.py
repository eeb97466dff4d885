"""Stories as JSON: an equal story comes back, older ones still open, and nothing invalid gets in."""

import copy
import json
import math
from random import Random

import pytest

from storyboard.errors import StoryError
from storyboard.people import random_look
from storyboard.story.as_json import story_from_json, story_to_json
from storyboard.story.values import MAX_CAST, MAX_FRAMES, MAX_TAKES, Character, Frame, Portrait, Story, Take
from storyboard.text.captions import Binding, Reading

KEY, OTHER_KEY = "a" * 64, "0123456789abcdef" * 4


def full_story() -> Story:
    """Returns a story with something in every field."""
    rosa = Character(
        "Rosa",
        "she",
        ("Ro", "the girl"),
        (Portrait("p1", "coat", KEY, random_look(Random(3))), Portrait("p2", "", OTHER_KEY)),
        "p2",
    )
    milo = Character("Milo", "he", (), (Portrait("p3", "jumper", OTHER_KEY),), "p3")
    take = Take(
        id="t1",
        caption="She waves to him.",
        seed=7,
        steps=20,
        guidance=3.5,
        picture=KEY,
        conditioning="llm",
        mentioned=("Rosa", "Gone"),
        seconds=1.25,
        inputs="f" * 64,
        resolved="Rosa waves to him.",
        readings=(
            Reading("she", 0, 3, ("Rosa",), 1.0, "writer"),
            Reading("him", 13, 16, ("Milo",), 0.5, "model"),
        ),
        attention=(("Rosa", OTHER_KEY),),
        portraits=(("Rosa", KEY),),
        read=("t0",),
    )
    frame = Frame(
        id="f-1_A",
        caption="She waves to him.",
        takes=(take,),
        chosen="t1",
        locked=True,
        sees=2,
        seed=11,
        portraits=(("Rosa", "p1"),),
        included=("Milo",),
        excluded=("Rosa",),
        bindings=(Binding("she", 0, ("Rosa",)),),
    )
    return Story(
        "story-1",
        "Gr\u00fc\u00dfe \U0001f469\u200d\U0001f680",
        5,
        (rosa, milo),
        (frame, Frame("f2", "Milo naps.")),
        look="ink",
        quality="fine",
    )


@pytest.fixture
def data() -> dict:
    return story_to_json(full_story())


def test_a_story_comes_back_equal_from_json_text(data):
    assert story_from_json(json.loads(json.dumps(data))) == full_story()
    assert story_from_json(json.loads(json.dumps(data, ensure_ascii=False))) == full_story()


def test_what_newer_versions_added_may_be_missing_or_unknown(data):
    for frame in data["frames"]:
        for name in ("locked", "sees", "seed", "portraits", "included", "excluded", "bindings"):
            del frame[name]
        for take in frame["takes"]:
            for name in ("resolved", "readings", "attention", "portraits", "read", "model"):
                del take[name]
    del data["look"], data["quality"]
    data["colour"] = data["frames"][0]["colour"] = {"of": ["the", "future"]}
    story = story_from_json(data)
    frame = story.frames[0]
    assert (story.look, story.quality) == ("colour", "standard")
    assert (frame.locked, frame.sees, frame.seed, frame.bindings) == (False, None, None, ())
    assert (frame.take.text, frame.take.readings, frame.take.read) == ("She waves to him.", (), ())


def put(data, path: str, value) -> None:
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in way:
        data = data[step]
    if value is ...:
        del data[last]
    else:
        data[last] = value


WRONG = [
    None,
    True,
    -1,
    1.5,
    "",
    "x" * 10_000,
    [],
    [None],
    {},
    {"a": 1},
    math.nan,
    math.inf,
    10**400,
    "../x",
    "\0",
]
PLACES = ["version", "id", "title", "seed", "cast", "frames", "cast.0", "cast.0.name", "cast.0.pronoun"]
PLACES += ["cast.0.aliases", "cast.0.portraits", "cast.0.chosen", "cast.0.portraits.0.id"]
PLACES += ["cast.0.portraits.0.label", "cast.0.portraits.0.picture"]
PLACES += [f"frames.0.{name}" for name in ("id", "caption", "takes", "chosen", "locked", "sees", "seed")]
PLACES += [f"frames.0.{name}" for name in ("portraits", "included", "excluded", "bindings")]
PLACES += [f"frames.0.bindings.0.{name}" for name in ("word", "occurrence", "names")]
TAKE = (
    "id",
    "caption",
    "seed",
    "steps",
    "guidance",
    "picture",
    "conditioning",
    "mentioned",
    "seconds",
    "inputs",
)
PLACES += [f"frames.0.takes.0.{name}" for name in TAKE]
PLACES += [f"frames.0.takes.0.{name}" for name in ("resolved", "readings", "attention", "portraits", "read")]
PLACES += [
    f"frames.0.takes.0.readings.0.{name}" for name in ("word", "start", "end", "names", "confidence", "by")
]


@pytest.mark.parametrize("place", PLACES)
def test_whatever_stands_in_a_place_is_refused_or_comes_back_as_it_was(data, place):
    refused = 0
    for value in WRONG:
        forged = copy.deepcopy(data)
        put(forged, place, value)
        try:
            story = story_from_json(forged)
        except StoryError as error:
            refused += 1
            assert str(error).endswith(".") and "\n" not in str(error) and len(str(error)) < 300
        else:
            again = json.loads(json.dumps(story_to_json(story)))
            assert story_from_json(again) == story
    assert refused >= 8


@pytest.mark.parametrize(
    "place", [one for one in PLACES if "frames.0.bindings" not in one and one.count(".") < 3]
)
def test_the_fields_of_the_first_version_must_be_there(data, place):
    later = (
        "aliases",
        "takes",
        "chosen",
        "locked",
        "sees",
        "seed",
        "portraits",
        "included",
        "excluded",
        "bindings",
    )
    if place.startswith("frames.0.") and place.split(".")[-1] in later:
        return
    put(data, place, ...)
    if place == "cast.0":  # only the other character is left, but frames speak of this one
        with pytest.raises(StoryError, match="is about Milo|is about Rosa"):
            story_from_json(data)
        return
    with pytest.raises(StoryError, match=r"is damaged \(story\.?.* is missing"):
        story_from_json(data)


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        ("version", 2, "newer version of this app; update"),
        ("frames.0.chosen", "t9", r"story\.frames\[0\]\.chosen is none of the takes"),
        ("cast.0.chosen", "p3", r"story\.cast\[0\]\.chosen is none of the portraits"),
        ("cast.1.name", "ROSA", r"story\.cast has one entry twice"),
        ("frames.1.id", "f-1_A", r"story\.frames has one entry twice"),
        ("frames.0.included", ["Zelda"], r"story\.frames\[0\] is about Zelda, who is not in the cast"),
        ("frames.0.portraits", [["Rosa", "p3"]], "a portrait that Rosa does not have"),
        ("frames.0.portraits", [["Rosa", "p1"], ["Rosa", "p2"]], "twice"),
        ("frames.0.caption", "Rosa\u202e waves", "is not plain text of at most 600"),
        ("frames.0.caption", "Rosa\nwaves", "is not plain text"),
        ("frames.0.takes.0.picture", "../../etc/passwd", "is not of the right form"),
        ("frames.0.takes.0.picture", KEY + "\n", "is not of the right form"),
        ("frames.0.takes.0.seconds", math.nan, "is not from 0"),
        ("id", "a/b", "is not of the right form"),
    ],
)
def test_the_error_says_where_and_why(data, place, value, why):
    put(data, place, value)
    with pytest.raises(StoryError, match=why):
        story_from_json(data)


@pytest.mark.parametrize("value", [None, [], "story", 3, {}, {"version": 1}])
def test_what_is_no_story_at_all_is_refused(value):
    with pytest.raises(StoryError, match="The story is damaged"):
        story_from_json(value)


def test_sizes_are_bounded(data):
    for place, limit in (("frames", MAX_FRAMES), ("frames.0.takes", MAX_TAKES), ("cast", MAX_CAST)):
        forged = copy.deepcopy(data)
        put(forged, place, [{}] * (limit + 1))
        with pytest.raises(StoryError, match=f"has {limit + 1} entries and may have {limit}"):
            story_from_json(forged)


HOSTILE_LOOKS = [
    "not a look",
    [],
    {"wings": 2},
    {"hair": "<script>"},
    {"skin": [256, 0, 0]},
    {"skin": [1.5, 0, 0]},
    {"top_colour": "red"},
    {"kind": ["human"]},
    {"extras": {"halo": [0, 0, 0]}},
    {"extras": [["cape", [0, 0, 0]]]},
    {"marks": [{}]},
    {"marks": "freckles"},
    {"top": "dress", "bottom": "trousers"},
]


@pytest.mark.parametrize("described", HOSTILE_LOOKS)
def test_a_look_that_cannot_be_read_costs_only_the_look_and_is_told_in_one_sentence(data, described):
    data["cast"][0]["portraits"][0]["look"] = described
    told = []
    rosa = story_from_json(data, told.append).character("Rosa")
    assert rosa.portraits[0] == Portrait("p1", "coat", KEY, None)
    (sentence,) = told
    assert sentence.startswith('The look of the portrait "coat" is damaged') and sentence.count(".") == 1


def test_a_story_from_before_looks_opens_without_any(data):
    del data["cast"][0]["portraits"][0]["look"]
    told = []
    story = story_from_json(data, told.append)
    assert [one.look for person in story.cast for one in person.portraits] == [None, None, None]
    assert told == []
