"""Every change of a writer is one step that can be undone and redone exactly, and no take is ever lost."""

import random
import threading
from collections.abc import Callable

import pytest

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.story.undo import MAX_UNDO
from storyboard.story.values import Story
from storyboard.studio.session import StorySession
from tests.writing import EVERY_CHANGE, STORY, draw, fresh, ids, stale, written


@pytest.fixture
def pictures(tmp_path):
    return PictureStore(tmp_path)


@pytest.fixture
def session(pictures):
    return fresh(pictures, *STORY)


@pytest.mark.parametrize(("act", "phrase"), EVERY_CHANGE, ids=[phrase for _, phrase in EVERY_CHANGE])
def test_every_change_is_one_step_back_and_forth(session, act, phrase):
    second = ids(session)[1]
    draw(session, ids(session)[0])
    draw(session, second), draw(session, second, reroll=True)
    before = session.story
    act(session, second)
    after = session.story
    assert (session.can_undo, session.can_redo) == (phrase, None)
    assert session.undo() == phrase
    assert (session.story, session.can_redo) == (before, phrase)
    assert session.redo() == phrase
    assert (session.story, session.can_undo, session.can_redo) == (after, phrase, None)


@pytest.mark.parametrize(
    "act",
    [
        lambda s, f: s.edit(f, " She  sits on a bench. "),
        lambda s, f: s.move(f, 2),
        lambda s, f: s.lock(f, False),
        lambda s, f: s.see(f, None),
        lambda s, f: s.include(f, "Rosa", "auto"),
        lambda s, f: s.rebind(f, 0, None),
        lambda s, f: s.rename(" "),
        lambda s, f: s.choose_portrait("Rosa", "rosa-raincoat"),
        lambda s, f: s.edit_character("Rosa", "Rosa", "she", []),
    ],
)
def test_what_changes_nothing_is_no_step(session, act):
    revision = session.revision
    act(session, ids(session)[1])
    assert (session.revision, session.can_undo) == (revision, "adding 3 frames")


def test_a_removed_frame_comes_back_in_its_place_with_all_its_takes(session):
    first, second, third = ids(session)
    draw(session, first)
    takes = (draw(session, second), draw(session, second, reroll=True))
    session.remove(second)
    draw(session, third)
    assert session.undo() == "removing frame 2"
    assert ids(session) == [first, second, third]
    assert session.story.frame(second).takes == takes
    assert session.story.frame(third).take is not None  # it was drawn while the frame was gone


def test_a_take_drawn_after_a_change_stays_when_the_change_is_undone(session):
    first = ids(session)[0]
    old = draw(session, first)
    session.edit(first, "Rosa runs to Milo.")
    new = draw(session, first)
    session.undo()
    frame = session.story.frame(first)
    assert (frame.caption, frame.take, frame.takes) == (STORY[0], old, (old, new))
    assert stale(session) == []
    session.redo()
    assert session.story.frame(first).take == new
    assert stale(session) == []


def test_a_first_picture_stays_on_the_board_whatever_is_undone(session):
    first = ids(session)[0]
    session.edit(first, "Rosa runs to Milo.")
    take = draw(session, first)
    session.undo()
    assert session.story.frame(first).take == take
    assert stale(session) == [1]


def test_undoing_a_change_elsewhere_leaves_new_pictures_on_the_board(session):
    first, second, _ = ids(session)
    draw(session, first)
    session.edit(second, "She runs.")
    new = draw(session, first, reroll=True)
    session.undo()
    assert session.story.frame(first).take == new


def test_choosing_a_take_is_undone_to_the_one_before(session):
    first = ids(session)[0]
    one, two = draw(session, first), draw(session, first, reroll=True)
    session.choose_take(first, one.id)
    session.undo()
    assert session.story.frame(first).take == two
    session.redo()
    assert session.story.frame(first).take == one


def test_a_frame_whose_adding_is_undone_and_redone_has_what_was_drawn_of_it(session):
    frame = session.add("Milo naps.")
    take = draw(session, frame.id)
    session.undo()
    assert not session.story.has_frame(frame.id)
    session.redo()
    assert session.story.frame(frame.id).take == take


def test_a_drawing_is_no_step_and_keeps_what_can_be_redone(session):
    session.edit(ids(session)[1], "She runs.")
    session.undo()
    draw(session, ids(session)[0])
    assert (session.can_undo, session.can_redo) == ("adding 3 frames", "changing the sentence of frame 2")
    session.redo()
    assert session.story.frames[0].take is not None


def test_a_new_change_ends_what_could_be_redone(session):
    session.edit(ids(session)[0], "Rosa runs.")
    session.undo()
    session.edit(ids(session)[0], "Rosa sleeps.")
    with pytest.raises(StoryError, match="nothing to redo"):
        session.redo()


def test_undoing_goes_back_to_the_empty_story_and_no_further(session):
    session.undo()
    assert session.story.frames == ()
    with pytest.raises(StoryError, match="nothing to undo"):
        session.undo()


def test_undoing_is_a_change_to_everyone_who_watches(session):
    revision = session.revision
    session.undo()
    session.redo()
    assert session.revision == revision + 2


def test_so_many_steps_are_kept_and_no_more(session):
    for number in range(MAX_UNDO + 5):
        session.rename(f"Title {number}")
    for _ in range(MAX_UNDO):
        session.undo()
    assert (session.can_undo, session.story.title) == (None, "Title 4")


def random_change(session: StorySession, dice: random.Random) -> None:
    """Makes some change to some frame. A refused change changes nothing."""
    frame = dice.choice(session.story.frames or [None])
    acts: list[Callable[[], object]] = [
        lambda: session.add(f"Rosa waves to Milo {dice.randrange(99)}."),
        lambda: session.rename(str(dice.random())),
    ]
    if frame is not None:
        number = dice.randrange(1, len(session.story.frames) + 1)
        acts += [
            lambda: session.edit(frame.id, f"Milo and she nap {dice.randrange(99)}."),
            lambda: session.remove(frame.id),
            lambda: session.duplicate(frame.id),
            lambda: session.move(frame.id, number),
            lambda: session.see(frame.id, dice.choice([None, 0, 2])),
            lambda: session.include(frame.id, "Bolt", dice.choice(["in", "out", "auto"])),
            lambda: session.choose_portrait("Rosa", dice.choice(["rosa-dress", "rosa-raincoat"])),
        ]
        if frame.takes:
            acts.append(lambda: session.choose_take(frame.id, dice.choice(frame.takes).id))
    dice.choice(acts)()


@pytest.mark.parametrize("seed", range(4))
def test_any_changes_are_undone_and_redone_exactly_and_no_take_is_lost(pictures, seed):
    dice = random.Random(seed)
    session = fresh(pictures, "Rosa waves.")
    stories, taken = [session.story], {}
    for _ in range(30):
        revision = session.revision
        random_change(session, dice)
        if session.revision > revision:
            stories.append(session.story)
        if session.story.frames and dice.random() < 0.4:
            frame = dice.choice(session.story.frames)
            taken.setdefault(frame.id, []).append(draw(session, frame.id, reroll=True).id)

    def check(expected: Story) -> None:
        assert written(session.story) == written(expected)
        for frame in session.story.frames:
            present = {take.id for take in frame.takes}
            assert present >= set(taken.get(frame.id, ())) and (frame.chosen in present or not present)

    for _ in range(2):
        for expected in reversed(stories[:-1]):
            session.undo()
            check(expected)
            if session.story.frames and dice.random() < 0.2:  # a drawing ends in between
                frame = dice.choice(session.story.frames)
                taken.setdefault(frame.id, []).append(draw(session, frame.id, reroll=True).id)
        for expected in stories[1:]:
            session.redo()
            check(expected)


def test_changes_and_undoing_from_many_threads_never_leave_half_a_change(session):
    def work(number: int) -> None:
        dice = random.Random(number)
        for _ in range(30):
            try:
                random_change(session, dice)
                session.undo()
            except StoryError:
                pass  # another thread removed the frame or changed its sentence

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({frame.id for frame in session.story.frames}) == len(session.story.frames)
    while session.can_undo:
        session.undo()
    assert session.story.frames == ()


def test_updating_all_pictures_is_taken_back_in_one_step(session):
    """Undo after "Update all" also took back the change of words before it, while the new pictures stayed."""
    for frame in ids(session):
        draw(session, frame)
    session.edit(ids(session)[0], "Rosa sits on a bench with Milo.")
    before = session.story
    assert stale(session) == [1]
    session.begin_update()
    for frame in ids(session):
        draw(session, frame)
    after = session.story
    assert stale(session) == []
    assert session.undo() == "updating the pictures"
    assert [frame.chosen for frame in session.story.frames] == [frame.chosen for frame in before.frames]
    assert [len(frame.takes) for frame in session.story.frames] == [2, 2, 2]
    session.redo()
    assert session.story == after
    session.undo(), session.undo()
    assert session.story.frames[0].caption == STORY[0] and stale(session) == []
