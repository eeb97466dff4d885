"""Story values: edits return new ones, limits hold, seeds and hashes depend on the right things only."""

from dataclasses import replace

import pytest

from storyboard.errors import StoryError
from storyboard.story import (
    MAX_CAST,
    MAX_FRAMES,
    MAX_PORTRAITS,
    MAX_SEED,
    Character,
    Frame,
    Portrait,
    Take,
    cast_in_play,
    frame_seed,
    history,
    inputs_hash,
    new_story,
)

ROSA = Character("Rosa", "she", (), (Portrait("a", "raincoat", "p1"), Portrait("b", "dress", "p2")), "a")
MILO = Character("Milo", "he", (), (Portrait("c", "jumper", "p3"),), "c")


def take(caption: str, picture: str, **changes) -> Take:
    made = Take(f"take-{picture}", caption, 1, 20, 7.5, picture, "char-ldm", (), 1.0, "inputs")
    return replace(made, **changes)


def story_of(*captions: str, seed: int = 0):
    story = new_story((ROSA, MILO), seed=seed)
    for number, caption in enumerate(captions, start=1):
        story = story.with_frame(Frame(f"f{number}", caption), number)
    return story


def drawn(story, frame_id: str, picture: str):
    frame = story.frame(frame_id)
    return story.with_changed_frame(frame.with_take(take(frame.caption, picture)))


def test_edits_return_new_values_and_leave_the_old_story_alone():
    story = story_of("Rosa waves.", "Milo waves.")
    shorter = story.without_frame("f1")
    dressed = story.with_character(ROSA.choosing("b"))
    assert [frame.id for frame in story.frames] == ["f1", "f2"]
    assert [frame.id for frame in shorter.frames] == ["f2"]
    assert story.character("rosa ").chosen == "a"
    assert dressed.character("Rosa").portrait.label == "dress"


def test_frames_are_inserted_by_number():
    story = story_of("one", "two").with_frame(Frame("new", "between"), 2)
    assert [frame.caption for frame in story.frames] == ["one", "between", "two"]
    assert story.frame_number("new") == 2


def test_unknown_things_are_refused_by_name():
    story = story_of("one")
    with pytest.raises(StoryError, match="no longer in the story"):
        story.frame("gone")
    with pytest.raises(StoryError, match="Zelda is not in the cast; it has Rosa and Milo"):
        story.character("Zelda")
    with pytest.raises(StoryError, match="Rosa has no such portrait; choose one of: raincoat, dress"):
        ROSA.choosing("c")


def test_limits_are_refused_with_their_number():
    story = story_of(*["Rosa waves."] * MAX_FRAMES)
    with pytest.raises(StoryError, match=f"at most {MAX_FRAMES} frames"):
        story.with_frame(Frame("one more", "Rosa"), 1)
    full = replace(ROSA, portraits=ROSA.portraits * (MAX_PORTRAITS // 2))
    with pytest.raises(StoryError, match=f"Rosa already has {MAX_PORTRAITS}"):
        full.with_portrait(Portrait("d", "hat", "p4"))
    with pytest.raises(StoryError, match=f"keep at most {MAX_CAST}"):
        new_story(tuple(replace(ROSA, name=f"Rosa {number}") for number in range(MAX_CAST + 1)))
    with pytest.raises(StoryError, match="Two cast members are called rosa"):
        new_story((ROSA, replace(ROSA, name="rosa")))
    for seed in (-1, MAX_SEED + 1):
        with pytest.raises(StoryError, match=f"{seed} is out of range"):
            new_story((), seed=seed)


def test_history_is_the_chosen_takes_of_earlier_frames_with_the_sentence_each_shows():
    story = drawn(story_of("Rosa waves.", "not drawn", "She sits."), "f1", "x")
    story = story.with_changed_frame(story.frame("f1").with_caption("Milo waves."))
    assert [(one.caption, one.picture) for one in history(story, "f3")] == [("Rosa waves.", "x")]
    assert history(story, "f1") == ()


def test_a_character_is_in_play_once_the_frame_or_what_it_reads_mentions_it():
    story = drawn(story_of("Rosa waves.", "She sits.", "Milo comes."), "f1", "x")
    assert [one.name for one in cast_in_play(story, "f2")] == ["Rosa"]
    assert [one.name for one in cast_in_play(story, "f3")] == ["Rosa", "Milo"]


def test_the_hash_follows_sentence_portraits_in_play_and_frames_read():
    story = drawn(story_of("Rosa waves.", "She sits.", "Milo comes."), "f1", "x")
    before = inputs_hash(story, "f2")
    changes = {
        "sentence": story.with_changed_frame(story.frame("f2").with_caption("She stands.")),
        "portrait of someone read about": story.with_character(ROSA.choosing("b")),
        "picture read": drawn(story, "f1", "y"),
        "earlier frame gone": story.without_frame("f1"),
    }
    assert [what for what, changed in changes.items() if inputs_hash(changed, "f2") == before] == []
    unrelated = {
        "later sentence": story.with_changed_frame(story.frame("f3").with_caption("Milo goes.")),
        "portrait of someone else": story.with_character(
            replace(MILO, portraits=(Portrait("c", "coat", "p9"),))
        ),
        "own take": drawn(story, "f2", "z"),
        "an earlier sentence not yet redrawn": story.with_changed_frame(
            story.frame("f1").with_caption("Rosa naps.")
        ),
    }
    assert [what for what, changed in unrelated.items() if inputs_hash(changed, "f2") != before] == []


def test_seeds_follow_from_the_storys_seed_and_the_frames_place_never_from_its_id():
    one, other = story_of("a", "b"), story_of("c", "d")
    assert frame_seed(one, "f1") == frame_seed(other, "f1")
    assert frame_seed(one.without_frame("f1"), "f2") == frame_seed(one, "f1")
    seeds = [
        frame_seed(one, "f1"),
        frame_seed(one, "f2"),
        frame_seed(one, "f1", 1),
        frame_seed(story_of("a", seed=1), "f1"),
    ]
    assert len(set(seeds)) == 4
    assert all(0 <= seed <= MAX_SEED for seed in seeds)
