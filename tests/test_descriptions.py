"""Nouns for people: "the old woman" is a cast member if only one fits. If several fit, the writer is asked."""

from contextlib import closing
from dataclasses import replace

import pytest

from storyboard.disk.pictures import PictureStore
from storyboard.exports.project import read_project
from storyboard.models.folder import bundled_pipeline
from storyboard.people import Look
from storyboard.story.descriptions import describe
from storyboard.story.inputs import inputs_of
from storyboard.story.values import Character, Frame, Portrait, new_story
from storyboard.studio.cast import load_cast
from storyboard.studio.studio import Studio
from storyboard.text.captions import mentioned_names, name_described
from storyboard.ui.view import board_view
from tests.fakes import FlatRenderer, small_cast


def person(name: str, pronoun: str, *aliases: str, look: Look | None = None) -> Character:
    return Character(name, pronoun, aliases, (Portrait("p", "p", "p", look),), "p")


OLD = Look(age="old", hair="bun")
CAST = (
    person("Ada", "she", look=OLD),
    person("Ben", "he", look=Look(pronoun="he", hair="bald", height="tall")),
    person("Cem", "he", look=Look(pronoun="he", beard="beard")),
    person("Dot", "she", look=Look(age="child")),
)
NAMES = new_story(CAST).names


@pytest.mark.parametrize(
    ("caption", "name"),
    [
        ("The old woman reads.", "Ada"),
        ("Dot waves to the elderly lady.", "Ada"),
        ("The grandmother's hat falls.", "Ada"),
        ("Granny sleeps.", "Ada"),
        ("The girl runs.", "Dot"),
        ("Everybody sees the little girl.", "Dot"),
        ("The child sings.", "Dot"),
        ("The tall man naps.", "Ben"),
        ("A ball rolls to the bald man.", "Ben"),
        ("The bearded gentleman cooks.", "Cem"),
    ],
)
def test_what_fits_one_of_the_cast_alone_is_that_one(caption, name):
    """The reader did not know "the old woman": she was left out, or somebody else was there twice."""
    assert name in mentioned_names(caption, NAMES)


@pytest.mark.parametrize(
    "caption", ["An old woman reads.", "The robot beeps.", "The boy runs.", "The old man naps."]
)
def test_what_fits_nobody_is_nobody(caption):
    assert mentioned_names(caption, NAMES) == ()


def test_what_fits_several_is_open():
    left = describe(CAST).open
    assert left["the man"] == ("Ben", "Cem")
    assert mentioned_names("The man cooks.", NAMES) == ()


def test_what_somebody_is_also_called_says_what_they_are():
    cast = (
        person("Eve", "she", "the old woman"),
        person("Fay", "she", "the tall woman"),
        person("Bolt", "it", "the robot"),
    )
    told = describe(cast)
    assert "the old lady" in told.own["Eve"] and "the tall lady" in told.own["Fay"]
    assert told.open["the woman"] == ("Eve", "Fay")
    assert mentioned_names("The grandmother hugs the robot.", new_story(cast).names) == ("Eve", "Bolt")


def test_nothing_is_taken_for_granted_of_somebody_who_is_only_a_picture():
    told = describe((person("Gil", "he"), person("Hal", "he", look=Look(pronoun="he", age="old"))))
    assert told.own["Gil"] == () and "the grandfather" not in told.own["Hal"]
    assert told.open["the old man"] == ("Gil", "Hal")


@pytest.mark.parametrize(
    ("caption", "read"),
    [
        ("The old woman reads.", "Ada reads."),
        ("Ben hugs the girl and the old lady.", "Ben hugs Dot and Ada."),
        ("The girl's kite flies.", "Dot's kite flies."),
        ("Ada, the old woman, reads.", "Ada, the old woman, reads."),
        ("The man cooks.", "The man cooks."),
    ],
)
def test_the_reader_is_given_the_name(caption, read):
    story = replace(new_story(CAST), frames=(Frame("f", caption),))
    assert inputs_of(story).text(story.frames[0]) == read


def test_another_name_is_left_as_it_is():
    assert name_described(
        "Captain Ada meets the pilot.", {"Ada": ("Captain Ada",), "Bo": ("the pilot",)}
    ) == ("Captain Ada meets Bo.")


def test_pronouns_know_who_was_described():
    frame = Frame("f", "The girl and the old lady wave, and Ben sees them.")
    inputs = inputs_of(replace(new_story(CAST), frames=(frame,)))
    (binding,) = inputs.by_words(frame)
    assert (binding.word, set(binding.names)) == ("them", {"Dot", "Ada"})
    assert inputs.text(frame) == "Dot and Ada wave, and Ben sees Ada and Dot."


def test_the_board_shows_who_was_meant_and_asks_once_where_several_fit(tmp_path):
    pictures = PictureStore(tmp_path / "pictures")
    rosa, milo, bolt = small_cast(pictures)
    cast = (
        replace(rosa, aliases=("the tall woman",)),
        milo,
        bolt,
        replace(rosa, name="Ida", aliases=("the thin woman",)),
    )
    with closing(Studio(FlatRenderer(), cast, pictures)) as studio:
        story = studio.create()
        for caption in ("The tall lady waves to the robot.", "The woman sings.", "Milo sees the woman."):
            studio.session(story).add(caption)
        first, second, third = board_view(studio, story)["frames"]
        how = {one["name"]: one["how"] for one in first["who"]}
        assert how == {"Rosa": "named", "Bolt": "named", "Milo": "absent", "Ida": "absent"}
        assert first["asked"] == []
        assert second["asked"] == [{"phrase": "the woman", "start": 0, "end": 9, "people": ["Rosa", "Ida"]}]
        aliases = ["the thin woman", "the woman"]
        studio.change(story, "edit_character", name="Ida", new_name="Ida", pronoun="she", aliases=aliases)
        _, second, third = board_view(studio, story)["frames"]
        assert second["asked"] == third["asked"] == []
        assert [one["name"] for one in third["who"] if one["how"] == "named"] == ["Milo", "Ida"]


def test_the_bundled_cast_is_called_what_a_writer_calls_them(tmp_path):
    names = new_story(load_cast("assets/maple-lane", PictureStore(tmp_path))).names
    said = "The old lady, the robot, the little boy, the bearded man and the tall man meet."
    assert mentioned_names(said, names) == ("Nana", "Toggle", "Pip", "Otto", "Milo")
    assert mentioned_names("The woman waves to the man.", names) == ()


def test_the_first_story_knows_what_its_people_are_called(tmp_path):
    """ "The big man" meant nobody in the example with which every visitor begins, because it is older than aliases."""
    example = read_project(bundled_pipeline().parent / "example-story.storyboard", PictureStore(tmp_path))
    cast = {one.name: one.aliases for one in load_cast(bundled_pipeline(), PictureStore(tmp_path))}
    assert {one.name: one.aliases for one in example.cast} == cast
    assert not any(inputs_of(example).is_stale(frame) for frame in example.frames)
