"""A story of 200 frames is as fast as one of five: what an edit computes again, and what a page gets of it."""

from dataclasses import replace

import pytest

from storyboard.story.edits import edit, insert
from storyboard.story.inputs import StoryInputs, inputs_of
from storyboard.story.values import new_id, new_story
from storyboard.ui.board import board_calls
from storyboard.ui.view import board_view
from tests.kept import take
from tests.studios import kept_studio

SENTENCES = ("Rosa waves to Milo.", "She sits down.", "Bolt meets her.", "They sing.")
LONG = 200


def long_story(cast, frames: int):
    """Returns a story in which every frame has a take that read all frames before it."""
    captions = [SENTENCES[place % len(SENTENCES)] for place in range(frames)]
    story, _ = insert(new_story(cast), captions)
    read: tuple[str, ...] = ()
    drawn = []
    for number, frame in enumerate(story.frames):
        made = replace(take(f"{number:064x}"), id=new_id(), caption=frame.caption, read=read)
        read, drawn = (*read, made.id), [*drawn, frame.with_take(made)]
    story = replace(story, frames=tuple(drawn))
    inputs = inputs_of(story)
    fresh = [replace(one, takes=(replace(one.take, inputs=inputs.hash(one)),)) for one in story.frames]
    return replace(story, frames=tuple(fresh))


@pytest.fixture
def studio(tmp_path):
    with kept_studio(tmp_path) as studio:
        yield studio


@pytest.fixture
def worked_out(monkeypatch):
    """Returns the list of computed things, in order: (what, the frame's id)."""
    found, once = [], StoryInputs.once

    def counting(self, frame, what, compute):
        def counted():
            found.append((what, frame.id))
            return compute()

        return once(self, frame, what, counted)

    monkeypatch.setattr(StoryInputs, "once", counting)
    return found


def test_an_edit_works_out_the_edited_frame_and_no_other(studio, worked_out):
    """Every frame was compared with every frame before it: 385 ms for what is out of date, 1.1 s for the view."""
    for frames in (5, LONG):
        story_id = studio.adopt(long_story(studio.cast, frames))
        board_view(studio, story_id)
        for place in (0, frames // 2, frames - 1):
            frame = studio.session(story_id).story.frames[place]
            worked_out.clear()
            studio.change(story_id, "edit_frame", frame=frame.id, caption="Milo sings.")
            view = board_view(studio, story_id)
            # Besides the frame itself, the names of other sentences are read, because a later pronoun may stand for
            # these people.
            assert {one for what, one in worked_out if what != "named"} == {frame.id} and len(
                worked_out
            ) <= 12
            assert view["frames"][place]["cause"] == "the sentence changed"


def test_sentences_added_together_are_each_looked_at_once(studio, worked_out):
    """For each of n added sentences, every sentence before it was read."""
    insert(new_story(studio.cast), [SENTENCES[place % 4] for place in range(LONG)])
    assert len(worked_out) <= 3 * LONG


def test_what_is_kept_of_a_story_is_what_would_be_worked_out_anew(studio):
    """After edits, undo and redo of every kind, the cached values equal those of a story that is new.

    These are hashes, causes and views.
    """
    story_id = studio.adopt(long_story(studio.cast, 8))
    session = studio.session(story_id)

    def ids():
        return [frame.id for frame in session.story.frames]

    changes = [
        lambda: session.edit(ids()[1], "Milo waves."),
        lambda: session.move(ids()[0], 4),
        lambda: session.see(ids()[5], 2),
        lambda: session.remove(ids()[2]),
        lambda: session.undo(),
        lambda: session.add("She reads.", before=ids()[3]),
        lambda: list(session.draw(ids()[0])),
        lambda: session.rebind(ids()[1], 0, ["Rosa"]) if "She" in session.story.frames[1].caption else None,
        lambda: session.include(ids()[4], "Bolt", "out"),
        lambda: session.edit_character("Rosa", "Rose", "she", []),
        lambda: list(session.reroll(ids()[0])),
        lambda: session.undo(),
        lambda: session.undo(),
        lambda: session.redo(),
        lambda: session.choose_portrait(session.story.cast[0].name, "rosa-dress"),
        lambda: session.choose_take(ids()[0], session.story.frames[0].takes[0].id),
    ]
    for change in changes:
        change()
        story = session.story
        kept, anew = inputs_of(story), StoryInputs(story)
        for frame in story.frames:
            for ask in (StoryInputs.hash, StoryInputs.stale_cause, StoryInputs.by_words, StoryInputs.text):
                assert ask(kept, frame) == ask(anew, frame)
        shown = board_view(studio, story_id)["frames"]
        inputs_of(replace(story, frames=()))  # empties the cache
        assert board_view(studio, story_id)["frames"] == shown


def test_a_page_is_sent_the_frames_that_changed(studio):
    """Every edit sent the whole story, 135 kB at 200 frames."""
    calls = {call.__name__: call for call in board_calls(studio)}
    story_id = studio.adopt(long_story(studio.cast, LONG))
    ids = [frame.id for frame in studio.session(story_id).story.frames]
    whole = calls["get_news"]({"story": story_id})["view"]
    assert "since" not in whole and all(isinstance(one, dict) for one in whole["frames"])

    def edited(have, caption):
        message = {"story": story_id, "frame": ids[100], "caption": caption, "have": have}
        return calls["edit_frame"](message)["view"]

    view = edited(whole["stamp"], "Milo sings.")
    sent = [one for one in view["frames"] if isinstance(one, dict)]
    assert view["since"] == whole["stamp"] and sent[0]["id"] == ids[100]
    # A "her" stands after it, and the latest sentence that names somebody has changed for it.
    assert len(sent) <= 3 and {one["id"] for one in sent} <= set(ids[100:103])
    assert [one if isinstance(one, str) else one["id"] for one in view["frames"]] == ids
    # Of another run's page, or of a page that was away for long.
    for number, unknown in enumerate((None, "another.run", 7, ["x"])):
        frames = edited(unknown, f"Milo waves {number} times.")["frames"]
        assert all(isinstance(one, dict) for one in frames)
    filled = {one["id"]: one for one in whole["frames"]}
    latest = edited(whole["stamp"], "Milo sleeps.")
    frames = [filled[one] if isinstance(one, str) else one for one in latest["frames"]]
    assert frames == board_view(studio, story_id)["frames"]


def test_the_last_sentence_is_edited_without_looking_at_those_before(studio, worked_out):
    """Every sentence was asked whether it names somebody, although the first that does is enough."""
    story = long_story(studio.cast, LONG)
    worked_out.clear()
    edit(story, story.frames[-1].id, "She sleeps.")
    assert len({one for _, one in worked_out}) <= 1
