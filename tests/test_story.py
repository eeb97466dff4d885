"""Story values: edits return new ones, limits hold, and seeds, hashes and causes depend only on the right things."""

from dataclasses import replace

import pytest

from storyboard.errors import StoryError
from storyboard.story.inputs import (
    StoryInputs,
    frames_touched,
    stale_frames,
)
from storyboard.story.values import (
    MAX_CAST,
    MAX_FRAMES,
    MAX_PORTRAITS,
    MAX_SEED,
    Character,
    Frame,
    Portrait,
    Take,
    frame_seed,
    new_story,
)
from storyboard.text.captions import Binding, Reading

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


def captioned(story, frame_id: str, caption: str):
    return story.with_changed_frame(replace(story.frame(frame_id), caption=caption))


def inputs_hash(story, frame_id: str) -> str:
    return StoryInputs(story).hash(story.frame(frame_id))


def stale_cause(story, frame_id):
    return StoryInputs(story).stale_cause(story.frame(frame_id))


def history(story, frame_id: str):
    return StoryInputs(story).history(story.frame(frame_id))


def in_play(story, frame_id: str) -> list[str]:
    return [one.name for one in StoryInputs(story).in_play(story.frame(frame_id))]


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
    story = captioned(story, "f1", "Milo waves.")
    assert [(one.caption, one.picture) for one in history(story, "f3")] == [("Rosa waves.", "x")]
    assert history(story, "f1") == ()


def test_a_character_is_in_play_once_the_frame_or_what_it_reads_mentions_it():
    story = drawn(story_of("Rosa waves.", "She sits.", "Milo comes."), "f1", "x")
    assert in_play(story, "f2") == ["Rosa"]
    assert in_play(story, "f3") == ["Rosa", "Milo"]


def test_the_hash_follows_sentence_portraits_in_play_and_frames_read():
    story = drawn(story_of("Rosa waves.", "She sits.", "Milo comes."), "f1", "x")
    before = inputs_hash(story, "f2")
    changes = {
        "sentence": captioned(story, "f2", "She stands."),
        "portrait of someone read about": story.with_character(ROSA.choosing("b")),
        "picture read": drawn(story, "f1", "y"),
        "earlier frame gone": story.without_frame("f1"),
    }
    assert [what for what, changed in changes.items() if inputs_hash(changed, "f2") == before] == []
    unrelated = {
        "later sentence": captioned(story, "f3", "Milo goes."),
        "portrait of someone else": story.with_character(
            replace(MILO, portraits=(Portrait("c", "coat", "p9"),))
        ),
        "own take": drawn(story, "f2", "z"),
        "an earlier sentence not yet redrawn": captioned(story, "f1", "Rosa naps."),
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


def settled(story, frame_id: str, **changes):
    """Returns the story with changed fields of a frame."""
    return story.with_changed_frame(replace(story.frame(frame_id), **changes))


def faithful(story, frame_id: str, picture: str):
    """Returns the story with a take of a frame that has everything a real drawing has."""
    inputs, frame = StoryInputs(story), story.frame(frame_id)
    text = inputs.text(frame)
    made = take(
        frame.caption,
        picture,
        inputs=inputs.hash(frame),
        resolved=text if text != frame.caption else "",
        portraits=inputs.portraits(frame),
        read=tuple(one.id for one in inputs.history(frame)),
    )
    return story.with_changed_frame(frame.with_take(made))


def drawn_through(*captions: str):
    story = story_of(*captions)
    for frame in story.frames:
        story = faithful(story, frame.id, f"of-{frame.id}")
    return story


@pytest.mark.parametrize(
    ("sees", "read"), [(None, ["1", "2", "3"]), (0, []), (1, ["3"]), (2, ["2", "3"]), (9, ["1", "2", "3"])]
)
def test_a_frame_reads_as_much_of_the_story_as_it_sees(sees, read):
    story = story_of("Rosa waves.", "Rosa runs.", "Milo naps.", "They dance.")
    for number in "123":
        story = drawn(story, f"f{number}", number)
    story = settled(story, "f4", sees=sees)
    assert [one.picture for one in history(story, "f4")] == read
    assert in_play(story, "f4") == [
        name for name, frames in (("Rosa", "12"), ("Milo", "3")) if set(frames) & set(read)
    ]


def test_a_frame_sees_frames_by_place_whether_they_are_drawn_or_not():
    story = settled(drawn(story_of("Rosa waves.", "not drawn", "She sits."), "f1", "x"), "f3", sees=1)
    assert history(story, "f3") == ()


def test_later_frames_read_the_sentence_as_the_model_did():
    story = story_of("She waves.", "She sits.")
    made = take("She waves.", "x", resolved="Rosa waves.")
    story = story.with_changed_frame(story.frame("f1").with_take(made))
    assert [one.text for one in history(story, "f2")] == ["Rosa waves."]
    assert in_play(story, "f2") == ["Rosa"]


@pytest.mark.parametrize(
    "changes",
    [
        {"bindings": (Binding("she", 0, ("Rosa",)),)},
        {"bindings": (Binding("she", 0, ("Milo",)),)},
        {"included": ("Milo",)},
        {"excluded": ("Rosa",)},
        {"portraits": (("Rosa", "b"),)},
        {"sees": 0},
    ],
)
def test_the_hash_follows_what_the_writer_says_about_the_frame(changes):
    story = drawn(story_of("Rosa waves.", "She sits."), "f1", "x")
    assert inputs_hash(settled(story, "f2", **changes), "f2") != inputs_hash(story, "f2")


@pytest.mark.parametrize(
    "changes",
    [
        {"locked": True},
        {"seed": 5},
        {"excluded": ("Milo",)},  # a person who is not in the frame
        {"portraits": (("Milo", "c"),)},
        {"portraits": (("Rosa", "a"),)},  # the outfit that she wears anyway
        {"sees": 5},  # more frames than there are
        {"included": ("Zelda",)},
    ],
)
def test_the_hash_stays_where_the_picture_would(changes):
    story = drawn(story_of("Rosa waves.", "She sits."), "f1", "x")
    assert inputs_hash(settled(story, "f2", **changes), "f2") == inputs_hash(story, "f2")


def test_an_alias_that_names_somebody_else_changes_the_hash():
    story = story_of("The girl waves to Milo.")
    nicknamed = story.with_character(replace(MILO, aliases=("the girl",)))
    before, after = inputs_hash(story, "f1"), inputs_hash(nicknamed, "f1")
    assert before != after


def test_a_frames_own_portrait_is_worn_there_and_nowhere_else():
    story = settled(story_of("Rosa waves.", "Rosa sits."), "f2", portraits=(("Rosa", "b"),))
    rosa = story.character("Rosa")
    assert [rosa.portrait_in(frame).label for frame in story.frames] == ["raincoat", "dress"]


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda story: story, None),
        (lambda story: settled(story, "f3", caption="Rosa naps."), "the sentence changed"),
        (
            lambda story: settled(story, "f3", bindings=(Binding("she", 0, ("Rosa",)),)),
            "whom a pronoun stands for changed",
        ),
        (lambda story: settled(story, "f3", included=("Milo",)), "who is in it changed"),
        (lambda story: settled(story, "f3", excluded=("Rosa",)), "who is in it changed"),
        (lambda story: story.with_character(ROSA.choosing("b")), "Rosa's portrait changed"),
        (
            lambda story: settled(story, "f3", portraits=(("Rosa", "b"),)),
            "Rosa's portrait changed",
        ),
        (lambda story: drawn(story, "f2", "new"), "frame 2's picture changed"),
        (
            lambda story: drawn(drawn(story, "f2", "new"), "f1", "newer"),
            "the pictures of frames 1 and 2 changed",
        ),
        (lambda story: story.without_frame("f1"), "the frames it reads changed"),
        (lambda story: settled(story, "f3", sees=1), "the frames it reads changed"),
        (
            lambda story: story.without_frame("f2").with_frame(story.frame("f2"), 1),
            "the frames it reads changed",
        ),
    ],
)
def test_the_cause_says_what_made_a_picture_out_of_date(change, cause):
    story = change(drawn_through("Rosa waves.", "Rosa runs.", "She sits."))
    assert stale_cause(story, "f3") == cause
    assert ("f3" in stale_frames(story)) == (cause is not None)


def test_several_portraits_are_named_together():
    story = drawn_through("Rosa waves to Milo.")
    coated = replace(MILO, portraits=(Portrait("c", "coat", "p9"),))
    story = story.with_character(ROSA.choosing("b")).with_character(coated)
    assert stale_cause(story, "f1") == "the portraits of Rosa and Milo changed"


def test_somebody_added_is_told_from_a_pronoun_bound_after_the_fact():
    story = settled(
        story_of("She waves."), "f1", bindings=(Binding("she", 0, ("Rosa",)),), included=("Milo",)
    )
    story = faithful(story, "f1", "x")
    assert stale_cause(story, "f1") is None
    assert stale_cause(settled(story, "f1", included=()), "f1") == "who is in it changed"
    assert stale_cause(settled(story, "f1", bindings=()), "f1") == "whom a pronoun stands for changed"


def test_of_a_take_without_a_hash_nothing_is_known_so_it_is_not_out_of_date():
    story = story_of("Rosa waves.")
    story = story.with_changed_frame(story.frame("f1").with_take(take("Rosa waves.", "x", inputs="")))
    assert (stale_frames(story), stale_cause(story, "f1")) == (frozenset(), None)


def test_every_stale_frame_is_found_in_one_go():
    story = drawn_through("Rosa waves.", "Milo naps.", "She sits.", "Milo runs.")
    story = drawn(settled(story, "f4", sees=0), "f1", "new")
    hashes = {frame.id for frame in story.frames if frame.take.inputs != inputs_hash(story, frame.id)}
    assert stale_frames(story) == hashes == {"f1", "f2", "f3", "f4"}


def test_a_change_touches_the_drawn_frames_its_character_is_in_play():
    story = drawn_through("The lane.", "Rosa waves.", "She sits.", "Milo naps.")
    story = story.with_frame(Frame("f5", "Rosa runs."), 5)  # this frame is not drawn
    assert frames_touched(story, "rosa") == ("f2", "f3", "f4")
    assert frames_touched(story, "Milo") == ("f4",)
    story = settled(settled(story, "f3", portraits=(("Rosa", "b"),)), "f4", excluded=("Rosa",))
    assert frames_touched(story, "Rosa") == ("f2", "f3")
    assert frames_touched(story, "Rosa", portrait=True) == ("f2",)
    with pytest.raises(StoryError, match="Zelda is not in the cast"):
        frames_touched(story, "Zelda")


def test_touched_frames_are_those_another_portrait_makes_stale():
    story = drawn_through("The lane.", "Rosa waves.", "She sits.", "Milo naps.")
    assert stale_frames(story.with_character(ROSA.choosing("b"))) == set(
        frames_touched(story, "Rosa", portrait=True)
    )


def test_a_picture_from_before_words_bound_pronouns_stays_fresh_where_the_model_read_them_so():
    """In stories of earlier versions such a frame was out of date at once, although nothing of it had changed."""
    story = drawn(story_of("Rosa dances.", "Milo joins her."), "f1", "p1")
    inputs, frame = StoryInputs(story), story.frames[1]
    assert inputs.text(frame) == "Milo joins Rosa."
    old = inputs._hash(frame, frame.caption)
    for names, stale in ((("Rosa",), False), (("Milo",), True)):
        reading = Reading("her", 11, 14, names, 0.9, "model")
        held = frame.with_take(take("Milo joins her.", "p2", inputs=old, readings=(reading,)))
        assert StoryInputs(story.with_changed_frame(held)).is_stale(held) is stale
