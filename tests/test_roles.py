"""People whom a sentence calls by what the story has said of them: the captain, the sleeper, Pip's grandmother."""

from dataclasses import dataclass

import pytest

from storyboard.story.inputs import inputs_of
from storyboard.text.candidates import read_for
from storyboard.text.roles import may_call_by_role, name_roles
from tests.stories import drawn_story


@dataclass(frozen=True)
class Somebody:
    name: str
    pronoun: str
    aliases: tuple[str, ...] = ()


CAST = (
    Somebody("Rosa", "she"),
    Somebody("Nana", "she", ("the old woman", "the grandmother")),
    Somebody("Otto", "he"),
    Somebody("Pip", "he", ("the boy",)),
)


def named(*told: str) -> str:
    *earlier, text = told
    _, read = read_for(CAST, text, earlier)
    return name_roles(text, CAST, read)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (("Rosa, the librarian, waves.", "The librarian reads."), "Rosa reads."),
        (("Otto is a ship's captain who sings.", "Rosa follows the captain."), "Rosa follows Otto."),
        (("Captain Pip salutes.", "The poor captain sleeps."), "Pip sleeps."),
        (("The rocket and its captain, Pip, are ready.", "Rosa hugs the captain."), "Rosa hugs Pip."),
        (("The teacher, whose name was Otto, waved.", "The teacher's hat falls."), "Otto's hat falls."),
        (
            ("Rosa, a baker, waves.", "Otto runs.", "In the shop the baker dances."),
            "In the shop Rosa dances.",
        ),
        (("Rosa is the captain.", "Now Pip is the captain.", "The captain waves."), "Pip waves."),
        (("Otto sleeps in the hay.", "Rosa tickles the sleeper."), "Rosa tickles Otto."),
        (("Rosa dances, and he paints her.", "The dancer laughs."), "Rosa laughs."),
        (("Pip waves.", "Pip's grandmother bakes."), "Pip's Nana bakes."),
        (("Pip waves.", "His old grandmother bakes."), "His old Nana bakes."),
        (("Nana waves.", "Her grandson runs."), "Her Pip runs."),
    ],
)
def test_a_part_that_the_story_gave_somebody_means_them(told, expected):
    """The captain of a long story was drawn as somebody else, or left out, whenever his name was not said."""
    assert may_call_by_role(told[-1])
    assert named(*told) == expected


@pytest.mark.parametrize(
    "told",
    [
        ("Rosa waves.", "The librarian reads."),  # nobody is one
        ("Rosa, the librarian, waves.", "The other librarian reads."),
        ("Rosa, the librarian, waves.", "Rosa thanks the librarian."),  # so it is somebody else
        ("Rosa, the librarian, waves.", 'Otto says: "Ask the librarian!"'),
        ("When she saw the baker, Rosa ran.", "The baker waves."),
        ("Rosa, the captain and Otto wave.", "The captain waves."),
        ("Rosa and Otto sleep.", "Pip tickles the sleeper."),
        ("Otto sleeps.", "He eats.", "He runs.", "He waves.", "Pip tickles the sleeper."),
        ("Nana waves.", "Nana's grandmother bakes."),
        ("Rosa, the librarian, waves.", "Rosa, the librarian, waves."),
    ],
)
def test_a_part_that_may_be_somebody_elses_stays_as_it_is(told):
    assert named(*told) == told[-1]


def test_a_frame_is_drawn_of_whoever_the_story_calls_the_captain(tmp_path):
    story, _ = drawn_story(tmp_path, "Milo, a captain, waves.", "The captain runs.")
    assert inputs_of(story).text(story.frames[1]) == "Milo runs."
