"""People whom a sentence counts instead of naming them, and words that only look like this."""

from dataclasses import dataclass

import pytest

from storyboard.story import inputs
from storyboard.story.inputs import StoryInputs, inputs_of
from storyboard.text.candidates import read_for
from storyboard.text.captions import Binding, resolve
from storyboard.text.groups import counted_pronouns, name_groups
from tests.stories import drawn_story


@dataclass(frozen=True)
class Somebody:
    name: str
    pronoun: str
    aliases: tuple[str, ...] = ()


CAST = tuple(
    Somebody(name, pronoun)
    for name, pronoun in (("Rosa", "she"), ("Juno", "she"), ("Milo", "he"), ("Otto", "he"), ("Toggle", "it"))
)
NAMES = {one.name: () for one in CAST}


def named(*told: str) -> str:
    *earlier, text = told
    sentence, read = read_for(CAST, text, earlier)
    return name_groups(resolve(text, counted_pronouns(sentence, CAST, read), NAMES), CAST, read)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (("Rosa, Milo and Otto run.", "Soon all three were eating."), "Soon Rosa, Milo and Otto were eating."),
        (("Rosa runs.", "Milo and Otto run.", "All three of them eat."), "Rosa, Milo and Otto eat."),
        (("Rosa runs.", "She meets Milo, and the two of them dance."), "She meets Milo, and Rosa and Milo dance."),
        (("Rosa and Milo run.", "Otto laughs, and all three dance."), "Otto laughs, and Rosa, Milo and Otto dance."),
        (
            ("Otto and Rosa dance.", "When the rain came the two of them danced on, and Milo hummed."),
            "When the rain came Rosa and Otto danced on, and Milo hummed.",
        ),
        (("Milo, Toggle and Otto dig.", "Otto eats and the other two sleep."), "Otto eats and Milo and Toggle sleep."),
        (("Juno paints Rosa.", "Milo waves.", "Milo runs from the two women."), "Milo runs from Rosa and Juno."),
        (("Milo meets Otto.", "Both men laugh at Toggle."), "Milo and Otto laugh at Toggle."),
        (("Milo meets Otto.", "Both of the men laugh."), "Milo and Otto laugh."),
        (("Rosa meets Otto.", "Both sleep."), "Rosa and Otto sleep."),
        (("Rosa, Milo and Otto dig.", "There are three of them eating."), "There are Rosa, Milo and Otto eating."),
        (("Milo and Otto cook.", "Rosa comes.", "She nods and both cooks dance."), "She nods and Milo and Otto dance."),
        (("Rosa and Milo wait.", "Otto sells pies.", "The two travellers eat."), "Rosa and Milo eat."),
        (("Milo and Otto dig.", "Toggle borrows Juno's cart.", "All three dig."), "Milo, Otto and Toggle dig."),
        (("Milo meets Otto.", "Rosa waves to the two thieves."), "Rosa waves to Milo and Otto."),
        (("Rosa meets Otto.", "Milo paints the pair of them."), "Milo paints Rosa and Otto."),
        (("Rosa, Milo and Otto cook.", "The three of them eat, Otto most."), "Rosa, Milo and Otto eat, Otto most."),
        (("Juno waves.", "Rosa meets Milo, and the two of them run."), "Rosa meets Milo, and Rosa and Milo run."),
        (("Rosa and Milo wait.", "The bus came, and both slept."), "The bus came, and Rosa and Milo slept."),
        (("Rosa meets Otto.", "Soon both are wet."), "Soon Rosa and Otto are wet."),
        (("Rosa meets Otto.", "Neither speaks."), "Neither Rosa nor Otto speaks."),
        (("Rosa meets Otto.", "Then the pair hurry home."), "Then Rosa and Otto hurry home."),
        (("Rosa, Milo and Juno sing.", "The trio bows."), "Rosa, Juno and Milo bows."),
        (("Rosa meets Juno.", "Otto came, but the women danced on."), "Otto came, but Rosa and Juno danced on."),
        (("Milo digs.", "Otto digs.", "The men rest."), "Milo and Otto rest."),
        (("Rosa digs.", "Milo digs.", "Otto digs.", "They all rest."), "Rosa, Milo and Otto all rest."),
        (("Rosa digs.", "Milo digs.", "Otto digs.", "All of them rest."), "All of Rosa, Milo and Otto rest."),
    ],
)  # fmt: skip
def test_people_are_named_where_exactly_so_many_fit(told, expected):
    assert named(*told) == expected


@pytest.mark.parametrize(
    "told",
    [
        ("Rosa and Milo run.", "The two buns fall."),
        ("Rosa and Milo run.", "Otto takes the two mice home."),
        ("Rosa and Milo run.", "Both hands are cold."),
        ("Rosa and Milo run.", "Otto sees the two thin lines of a sledge."),
        ("Rosa and Milo run.", "Otto picks the two red apples."),
        ("Rosa and Milo run.", "They both wave."),
        ("Rosa and Milo run.", "Both Juno and Otto wave."),
        ("Rosa and Milo run.", "Both her shoes are wet."),
        ("Rosa, Milo and Otto run.", "The two of them dance."),  # which two?
        ("Rosa and Milo run.", "All three dance."),
        ("Rosa and Milo run.", "The pair of shoes is wet."),
        ("Rosa and Milo run.", "Neither shoe is dry."),
        ("Rosa and Milo run.", "They all rest."),
        ("Rosa and Milo run.", "The women rest."),
        ("Rosa and Juno run.", "The women's coats are wet."),
        ("Rosa and Milo run.", "It is raining, and both shoes are wet."),
        ("Rosa and Milo run.", "The two women dance."),
        ("The two of them dance.",),
        ("Rosa, Milo and Otto run.", "It is the other three-legged stool."),
        ("Rosa and Milo run.", "It is two."),
    ],
)
def test_what_counts_nobody_or_leaves_it_open_stays(told):
    assert named(*told) == told[-1]


def test_a_writers_own_binding_takes_the_count_along():
    """ "The two of them danced on" became "the two of Otto and Juno danced on"."""
    bound = resolve("Then the two of them danced on.", [Binding("them", 0, ("Otto", "Juno"))], NAMES)
    assert bound == "Then Otto and Juno danced on."
    assert (
        resolve("Both of them wave.", [Binding("them", 0, ("Otto", "Juno"))], NAMES) == "Otto and Juno wave."
    )
    assert resolve("Milo waves to them.", [Binding("them", 0, ("Otto",))], NAMES) == "Milo waves to Otto."


def test_the_reader_is_given_names_and_pictures_of_before_stay_fresh(tmp_path, monkeypatch):
    """Takes that were drawn before these rules have the words as written, but answer the same question."""
    told = ("Rosa waves to Milo.", "The two of them dance, and he laughs.", "Both sleep.")
    story, _ = drawn_story(tmp_path / "now", *told)
    names = inputs_of(story).text(story.frames[1]), inputs_of(story).text(story.frames[2])
    assert [text.startswith("Rosa and Milo ") for text in names] == [True, True]
    with monkeypatch.context() as before:
        before.setattr(inputs, "name_groups", lambda text, *_: text)
        before.setattr(inputs, "counted_pronouns", lambda *_: ())
        old, _ = drawn_story(tmp_path / "before", *told)
    anew = StoryInputs(old)
    assert "Both" in old.frames[2].take.text and "Rosa" in anew.text(old.frames[2])
    assert not [number for number, frame in enumerate(old.frames, 1) if anew.is_stale(frame)]
    assert not [number for number, frame in enumerate(story.frames, 1) if inputs_of(story).is_stale(frame)]


def test_pronouns_behind_a_counted_one_keep_their_places(tmp_path):
    """A pronoun that disappeared from the drawn sentence would have moved the readings of all later pronouns."""
    story, _ = drawn_story(tmp_path, "Rosa waves to Milo.", "The two of them dance, and he laughs at her.")
    bound = inputs_of(story).by_words(story.frames[1])
    assert [(one.word, one.occurrence, one.names) for one in bound][0] == ("them", 0, ("Rosa", "Milo"))
    shown = {one.word: one.names for one in story.frames[1].take.readings}
    assert shown["them"] == ("Rosa", "Milo")
