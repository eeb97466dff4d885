"""A condition is replaced by that of the nearest caption: who the mapper points at, the words, and what is around."""

import dataclasses

import pytest
import torch
from PIL import Image

from storyboard.models.conditioning import CharacterConditioner
from storyboard.pipeline.context import InterleavedContext
from storyboard.pipeline.retelling import Reteller, Shown
from storyboard.renderer import ContextFrame, FrameRequest
from tests.pointing import cast, pointing_pipeline


@pytest.fixture
def pointing(monkeypatch):
    """Returns a pipeline that retells. Its mapper points at these people, by the place of each in the cast."""
    pipeline = pointing_pipeline()
    pipeline.register_to_config(nearest_caption=True)
    pipeline.learned = {
        "deeds": {"waves": {"wave": 9}, "sleeps": {"sleep": 9}},
        "places": {"in the park": [], "at home": ["house"]},
    }
    monkeypatch.setattr(CharacterConditioner, "called", lambda self, name: name)
    read, said = InterleavedContext.read, {}

    def points(context, chunks, told=None):
        found = read(context, chunks, told)
        pointed = torch.zeros_like(found.pointed)
        for column, place in said.items():
            pointed[0, column, place] = 1
        return dataclasses.replace(found, pointed=pointed)

    monkeypatch.setattr(InterleavedContext, "read", points)
    return pipeline, said


def test_a_condition_is_told_again_as_the_caption_nearest_to_it(pointing):
    """A mean of conditions drew somebody twice in one of eight frames, although the mapper was right about them."""
    pipeline, said = pointing
    said.update({1: 1, 9: 0})
    people, history = cast("Rosa", "Nan"), (ContextFrame("Rosa is in the park.", Image.new("RGB", (32, 32))),)
    request = FrameRequest("She wakes up and Nan waved.", people, history, seed=1)
    frame = pipeline._conditions.of(request, "llm")
    # Nan comes first, as in the condition. Only the condition says what Rosa does. The last frame says where they are.
    told = [f"Nan waves and Rosa {deed} in the park." for deed in ("waves", "sleeps")]
    exact = [pipeline._conditions.of(FrameRequest(one, people, (), seed=1), "char-ldm") for one in told]
    same = [torch.allclose(frame.condition, one.condition, atol=1e-5) for one in exact]
    assert same.count(True) == 1
    columns = pipeline._conditions.columns(told[same.index(True)], people)
    assert {name: list(some) for name, some in frame.people.items()} == columns
    said.clear()  # the words are sure of Nan, and Rosa is "she"
    shown = pipeline._conditions.of(dataclasses.replace(request, caption="Nan waved back."), "llm")
    again = pipeline._conditions.of(FrameRequest("Nan waves in the park.", people, (), seed=1), "char-ldm")
    torch.testing.assert_close(shown.condition, again.condition)


def test_what_shows_nobody_is_not_told_again_where_no_caption_does(pointing):
    pipeline, _ = pointing
    request = FrameRequest("Night falls over the park.", cast("Rosa"), (), seed=1)
    frame = pipeline._conditions.of(request, "llm")
    pipeline.register_to_config(nearest_caption=False)
    pipeline._conditions.clear()
    assert torch.equal(frame.condition, pipeline._conditions.of(request, "llm").condition)


def test_what_shows_nobody_is_told_again_as_a_caption_of_nobody(pointing):
    """ "Night falls over the park." was drawn from a mean of conditions, and showed a person."""
    pipeline, _ = pointing
    pipeline.learned |= {"nobody": "Nobody is", "skies": [{"": ["day"], "at night": ["night"]}]}
    request = FrameRequest("Night falls over the park.", cast("Rosa"), (), seed=1)
    frame = pipeline._conditions.of(request, "llm")
    exact = FrameRequest("Nobody is in the park at night.", (), (), seed=1)
    torch.testing.assert_close(frame.condition, pipeline._conditions.of(exact, "char-ldm").condition)
    assert not any(frame.people.values())


def test_a_sentence_out_of_sight_of_the_prompt_still_counts(pointing):
    """A kept condition was used again, although the night of a frame far back had become a morning."""
    pipeline, _ = pointing
    pipeline.learned |= {"nobody": "Nobody is", "skies": [{"": ["morning"], "at night": ["night"]}]}
    picture = Image.new("RGB", (32, 32))
    since = ["A door creaks."] * 6 + ["All is quiet in the park."]

    def after(first):
        history = tuple(ContextFrame(one, picture) for one in (first, *since))
        return pipeline._conditions.of(FrameRequest("Leaves fall.", cast("Rosa"), history, seed=1), "llm")

    assert not torch.equal(after("Night falls.").condition, after("Morning comes.").condition)


def test_a_thing_is_told_again_as_what_the_sentence_says_it_is(pointing):
    """A person who ate a cake was drawn with an apple."""
    pipeline, said = pointing
    pipeline.learned |= {
        "deeds": {"eats an apple": {"eat": 9, "apple": 3}, "sleeps": {"sleep": 9}},
        "props": {"eats an apple": {"eats an apple": ["apple"], "eats a cake": ["cake", "muffin"]}},
    }
    said.update({1: 0})
    people = cast("Rosa")
    frame = pipeline._conditions.of(FrameRequest("Rosa ate two muffins at home.", people, (), seed=1), "llm")
    exact = FrameRequest("Rosa eats a cake at home.", people, (), seed=1)
    torch.testing.assert_close(frame.condition, pipeline._conditions.of(exact, "char-ldm").condition)


def test_the_nearest_caption_is_found_from_left_to_right_and_words_go_before():
    deeds = {"waves": {"wave": 3}, "stands still": {"stand": 5, "wait": 1}, "holds a hat": {"hold": 2}}
    asked = []

    def conditions(told):
        asked.append([one.caption for one in told])
        hats = [one.caption.count("hat") + 10 * ("home" in one.caption) for one in told]
        return torch.tensor(hats, dtype=torch.float32)[:, None, None]

    retell = Reteller(deeds, ("in the park", "at home"), conditions)
    people = [Shown("Rosa", "they", "", (3,)), Shown("Nan", "Nan", "waves", (0,))]
    retold = retell(torch.full((1, 1), 11.0), [Shown("Eve", "Eve", "", ()), *people], None)
    assert retold.caption == "Nan waves, they holds a hat and Eve stands still at home."
    spots = [retold.caption[one.start : one.end] for one in (*retold.names, *retold.deeds)]
    assert spots == ["Nan", "they", "Eve", "waves", "hat", "still"]
    assert [one.name for one in retold.names] == ["Nan", "Rosa", "Eve"]
    assert retold.caption[-retold.tail :] == "at home."
    # The words say what Nan does, so no other deed was tried for her.
    assert all(caption.startswith("Nan waves") for some in asked for caption in some) and len(asked) == 2
    asked.clear()
    assert retell(torch.zeros(1, 1), people[1:], "on Mars").caption == "Nan waves on Mars." and not asked
