"""The session: what each change does and makes out of date, what a frame reads, and that errors change nothing."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.renderer import MAX_STEPS, Preview
from storyboard.story.undo import Undoing
from storyboard.story.values import MAX_PORTRAITS, MAX_SEED, MAX_TAKES, Take, new_story
from storyboard.studio.session import StorySession
from storyboard.text.captions import Reading
from tests.fakes import FlatRenderer, small_cast
from tests.writing import FlatSession

STORY = ("Rosa waves to Milo in the park.", "She sits on a bench.", "The robot comes.", "They dance.")


@pytest.fixture
def pictures(tmp_path):
    return PictureStore(tmp_path)


@pytest.fixture
def session(pictures):
    return fresh(pictures)


def fresh(pictures, *captions: str, seed: int = 0) -> FlatSession:
    session = FlatSession(new_story(small_cast(pictures), seed=seed), FlatRenderer(), pictures)
    for caption in captions:
        session.add(caption)
    return session


def finish(events: Iterator) -> Take:
    *previews, take = events
    assert previews and all(isinstance(event, Preview) for event in previews)
    return take


def draw_all(session: StorySession) -> list[Take]:
    return [finish(session.draw(frame.id)) for frame in session.story.frames]


def stale(session: StorySession) -> list[int]:
    return [
        number for number, frame in enumerate(session.story.frames, start=1) if session.is_stale(frame.id)
    ]


def test_a_drawn_frame_keeps_how_it_was_made_and_nothing_is_stale(session):
    frame = session.add("  Rosa   waves to Milo. ")
    take = finish(session.draw(frame.id))
    assert session.story.frames[0].take == take
    assert (take.caption, take.mentioned, take.conditioning) == (
        "Rosa waves to Milo.",
        ("Rosa", "Milo"),
        "char-ldm",
    )
    assert session.pictures.open(take.picture).size == (16, 16)
    assert stale(session) == []


def test_a_frame_reads_the_earlier_ones_with_their_pictures_and_the_whole_cast(pictures):
    session = fresh(pictures, *STORY)
    draw_all(session)
    last = session.renderer.requests[-1]
    assert [frame.caption for frame in last.history] == [*STORY[:2], "Bolt comes."]
    assert [member.name for member in last.cast] == ["Rosa", "Milo", "Bolt"]
    shown = [frame.picture.tobytes() for frame in last.history]
    assert shown == [pictures.open(frame.take.picture).tobytes() for frame in session.story.frames[:3]]
    assert session.renderer.requests[0].history == ()


def test_frames_not_drawn_yet_are_not_read(pictures):
    session = fresh(pictures, "Rosa waves.", "Milo waves.", "Bolt waves.")
    finish(session.draw(session.story.frames[0].id))
    request = session.request(session.story.frames[2].id, seed=5)
    assert [frame.caption for frame in request.history] == ["Rosa waves."]
    assert request.seed == 5


def test_an_equal_story_and_seed_give_equal_pictures_and_another_seed_others(pictures):
    same = [[take.picture for take in draw_all(fresh(pictures, *STORY, seed=3))] for _ in range(2)]
    other = [take.picture for take in draw_all(fresh(pictures, *STORY, seed=4))]
    assert same[0] == same[1]
    assert not set(same[0]) & set(other)


def test_a_reroll_is_a_new_chosen_take_beside_the_old_one_and_is_repeatable(pictures):
    rerolled = []
    for _ in range(2):
        session = fresh(pictures, "Rosa waves.")
        frame = session.story.frames[0]
        first = finish(session.draw(frame.id))
        takes = [first, finish(session.reroll(frame.id)), finish(session.reroll(frame.id))]
        assert session.story.frames[0].takes == tuple(takes)
        assert session.story.frames[0].chosen == takes[-1].id
        rerolled.append([take.seed for take in takes])
    assert rerolled[0] == rerolled[1]
    assert len(set(rerolled[0])) == 3


def test_an_edit_makes_stale_what_it_should_and_undoing_it_makes_it_fresh(pictures):
    session = fresh(pictures, *STORY)
    draw_all(session)
    second = session.story.frames[1]
    session.edit(second.id, "She sleeps on a bench.")
    assert stale(session) == [2]
    session.edit(second.id, STORY[1])
    assert stale(session) == []
    session.edit(second.id, "She sleeps on a bench.")
    finish(session.draw(second.id))
    assert stale(session) == [3, 4]  # they read the changed picture


def test_another_portrait_makes_stale_the_frames_its_character_is_in_play(pictures):
    session = fresh(pictures, "The lane at dawn.", "Milo waves.", "Rosa comes.", "They dance.")
    draw_all(session)
    session.choose_portrait("rosa", "rosa-dress")
    assert stale(session) == [3, 4]
    session.choose_portrait("Rosa", "rosa-raincoat")
    assert stale(session) == []


def test_removing_a_frame_makes_the_later_ones_stale(pictures):
    session = fresh(pictures, *STORY)
    draw_all(session)
    session.remove(session.story.frames[2].id)
    assert stale(session) == [3]
    assert [frame.caption for frame in session.story.frames] == [STORY[0], STORY[1], STORY[3]]


def test_a_frame_can_be_put_between_two_others(pictures):
    session = fresh(pictures, *STORY[:2])
    draw_all(session)
    between = session.add("Milo waves back.", after=session.story.frames[0].id)
    assert session.story.frame_number(between.id) == 2
    assert stale(session) == []  # the new frame has no picture that others could read
    finish(session.draw(between.id))
    assert stale(session) == [3]


def test_an_earlier_take_comes_back_with_its_sentence(pictures):
    session = fresh(pictures, "Rosa waves.")
    frame = session.story.frames[0]
    old = finish(session.draw(frame.id))
    session.edit(frame.id, "Rosa sleeps.")
    finish(session.draw(frame.id))
    session.choose_take(frame.id, old.id)
    assert session.story.frames[0].take == old
    assert session.story.frames[0].caption == "Rosa waves."
    assert stale(session) == []


def test_an_added_portrait_is_there_to_be_chosen(session):
    portrait = session.add_portrait("Milo", Image.new("RGB", (8, 8), "white"), "  snow\u202e suit ")
    assert portrait.label == "snow suit"
    assert session.story.character("Milo").chosen == "milo-jumper"
    session.choose_portrait("Milo", portrait.id)
    assert session.story.character("Milo").portrait == portrait


def test_the_revision_grows_by_one_with_every_change_and_only_then(session):
    frame = session.add("Rosa waves.")
    finish(session.draw(frame.id))
    session.edit(frame.id, "Rosa  waves. ")  # the same sentence after cleaning
    session.choose_portrait("Rosa", "rosa-raincoat")
    assert session.revision == 2
    session.edit(frame.id, "Rosa naps.")
    session.choose_portrait("Rosa", "rosa-dress")
    session.remove(frame.id)
    assert session.revision == 5


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (lambda session, frame: session.add(" "), "Frame 2 has no words"),
        (lambda session, frame: session.add("a" * 601), "Frame 2 is 601 characters"),
        (lambda session, frame: session.add("Zelda waves."), "Frame 2 names Zelda, who is not in the cast"),
        (lambda session, frame: session.add("Rosa", after="gone"), "no longer in the story"),
        (lambda session, frame: session.edit(frame, "She waves."), 'Frame 1 says "She"'),
        (lambda session, frame: session.edit("gone", "Rosa"), "no longer in the story"),
        (lambda session, frame: session.remove("gone"), "no longer in the story"),
        (
            lambda session, frame: session.choose_portrait("Zelda", "x"),
            "Zelda is not in the cast; it has Rosa",
        ),
        (lambda session, frame: session.choose_portrait("Rosa", "x"), "choose one of: raincoat, dress"),
        (lambda session, frame: session.add_portrait("Zelda", Image.new("RGB", (1, 1))), "not in the cast"),
        (lambda session, frame: session.choose_take(frame, "x"), "Frame 1 has no such take"),
        (lambda session, frame: list(session.draw("gone")), "no longer in the story"),
        (lambda session, frame: list(session.draw(frame, seed=-1)), "Frame 1 has the seed -1"),
        (lambda session, frame: list(session.draw(frame, seed=MAX_SEED + 1)), "Frame 1 has the seed"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_the_story_as_it_was(session, act, reason):
    frame = session.add("Rosa waves.")
    story, revision = session.story, session.revision
    with pytest.raises(StoryError, match=reason) as caught:
        act(session, frame.id)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
    assert (session.story, session.revision) == (story, revision)


def test_a_full_character_takes_no_more_portraits(session):
    for number in range(MAX_PORTRAITS - 1):
        session.add_portrait("Milo", Image.new("RGB", (1, 1), (number, 0, 0)))
    with pytest.raises(StoryError, match=f"Milo already has {MAX_PORTRAITS} portraits"):
        session.add_portrait("Milo", Image.new("RGB", (1, 1), "white"))


def test_a_pronoun_that_lost_whom_it_stood_for_is_refused_when_drawn(pictures):
    session = fresh(pictures, "Rosa waves.", "She sits.")
    first, second = session.story.frames
    with pytest.raises(
        StoryError, match="Frame 2 is about someone an earlier frame names, .* draw that first"
    ):
        list(session.draw(second.id))
    session.remove(first.id)
    with pytest.raises(StoryError, match='Frame 1 says "She"'):
        list(session.draw(second.id))
    assert session.renderer.requests == []


def test_a_failing_renderer_keeps_the_old_picture_and_its_error_names_the_frame(pictures):
    session = fresh(pictures, "Rosa waves.", "Milo waves.")
    draw_all(session)
    story = session.story
    for failure, message in [
        (StoryError("The portrait is blank."), "Frame 2 could not be drawn: The portrait is blank."),
        (StoryError("Frame 2 is odd."), "Frame 2 is odd."),
    ]:
        session.renderer.failure = failure
        with pytest.raises(StoryError) as caught:
            list(session.draw(story.frames[1].id))
        assert str(caught.value) == message
    assert session.story == story


def test_a_renderer_that_ends_early_is_an_error(session):
    session.renderer.render = lambda request, cancelled: iter([Preview(1, 2, None)])
    frame = session.add("Rosa waves.")
    with pytest.raises(StoryError, match="Frame 1 was left unfinished"):
        list(session.draw(frame.id))


def test_a_cancelled_drawing_ends_without_a_take(pictures):
    session = fresh(pictures, "Rosa waves.")
    frame = session.story.frames[0]
    old = finish(session.draw(frame.id))
    cancelled = threading.Event()
    events = session.reroll(frame.id, cancelled=cancelled.is_set)
    next(events)
    cancelled.set()
    assert list(events) == []
    assert session.story.frames[0].takes == (old,)


def test_a_frame_removed_while_it_is_drawn_stops_and_stays_removed(session):
    frame = session.add("Rosa waves.")
    events = session.draw(frame.id)
    next(events)
    session.remove(frame.id)
    assert list(events) == []
    assert session.story.frames == ()


def test_a_frame_removed_while_its_picture_is_saved_stays_removed(session, monkeypatch):
    frame = session.add("Rosa waves.")
    put = session.pictures.put

    def put_slowly(picture):
        session.remove(frame.id)
        return put(picture)

    monkeypatch.setattr(session.pictures, "put", put_slowly)
    assert not [event for event in session.draw(frame.id) if isinstance(event, Take)]
    assert session.story.frames == ()


def test_an_edit_while_drawing_is_kept_and_the_take_arrives_stale(session):
    frame = session.add("Rosa waves.")
    events = session.draw(frame.id)
    next(events)
    session.edit(frame.id, "Rosa sleeps.")
    *_, take = events
    assert session.story.frames[0].caption == "Rosa sleeps."
    assert (take.caption, session.story.frames[0].chosen) == ("Rosa waves.", take.id)
    assert stale(session) == [1]


def test_steps_reach_the_renderer_and_are_limited(pictures):
    session = StorySession(new_story(small_cast(pictures)), FlatRenderer(), pictures, steps=2)
    take = finish(session.draw(session.add("Rosa waves.").id))
    assert take.steps == 2
    with pytest.raises(StoryError, match=f"{MAX_STEPS + 1} steps is out of range; use 1 to {MAX_STEPS}"):
        StorySession(session.story, FlatRenderer(), pictures, steps=MAX_STEPS + 1)


def test_changes_from_many_threads_are_all_kept(session):
    def write(number: int) -> None:
        for _ in range(20):
            session.edit(session.add(f"Rosa waves {number}.").id, f"Milo waves {number}.")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(session.story.frames) == 120
    assert session.revision == 240


def test_a_take_keeps_what_it_was_drawn_with_and_what_the_renderer_explains(pictures):
    session = StorySession(new_story(small_cast(pictures)), FlatRenderer(), pictures, explain=True)
    first = finish(session.draw(session.add("Rosa waves to Milo.").id))
    frame = session.add("She waves to him and Bolt.")
    session.rebind(frame.id, 0, ["Rosa"])
    take = finish(session.draw(frame.id))
    keys = {one.name: one.portrait.picture for one in session.story.cast}
    assert take.portraits == tuple((name, keys[name]) for name in ("Rosa", "Milo", "Bolt"))
    assert take.read == (first.id,)
    assert [(name, pictures.open(key).getpixel((3, 3))) for name, key in take.attention] == [
        ("Rosa", (4, 4, 4)),
        ("Milo", (4, 4, 4)),
        ("Bolt", (4, 4, 4)),
    ]
    writer, words = take.readings
    assert writer == Reading("she", 0, 3, ("Rosa",), 1.0, "writer")
    assert (words.word, words.start, words.names, words.by) == ("him", 13, ("Milo",), "words")
    assert 0.6 < words.confidence < 1  # it is not certain, although nobody else is left
    alone = finish(session.draw(session.add("She naps.").id))
    assert alone.readings == (Reading("she", 0, 3, ("Rosa",), 0.75, "model"),)


def test_nothing_is_explained_unless_it_is_asked_for(session):
    finish(session.draw(session.add("Rosa waves.").id))
    take = finish(session.draw(session.add("She waves.").id))
    assert (take.attention, take.readings) == ((), ())
    assert not session.renderer.requests[-1].explain


class Shelf:
    """Keeps what a session saves. Refuses while `full` is set."""

    def __init__(self) -> None:
        self.saves: list[tuple] = []
        self.full = False

    def save(self, story, revision, undo, redo) -> float:
        if self.full:
            raise StoryError("The disk is full; free some space.")
        self.saves.append((story, revision, tuple(undo), tuple(redo)))
        return float(len(self.saves))


def test_every_change_is_saved_before_it_counts_with_the_steps_of_undo(pictures):
    shelf = Shelf()
    session = StorySession(new_story(small_cast(pictures)), FlatRenderer(), pictures, save=shelf.save)
    assert (session.saved_at, shelf.saves) == (None, [])
    empty = session.story
    frame = session.add("Rosa waves.")
    added = session.story
    finish(session.draw(frame.id))
    drawn = session.story
    session.undo()
    steps = (("adding frame 1", empty),)
    assert shelf.saves == [
        (added, 1, steps, ()),
        (drawn, 2, steps, ()),
        (session.story, 3, (), (("adding frame 1", drawn),)),
    ]
    assert (session.saved_at, session.revision) == (3.0, 3)


def test_what_cannot_be_saved_has_not_happened(pictures):
    shelf = Shelf()
    session = StorySession(new_story(small_cast(pictures)), FlatRenderer(), pictures, save=shelf.save)
    frame = session.add("Rosa waves.")
    before = (session.story, session.revision, session.saved_at, session.can_undo)
    shelf.full = True
    for act in (
        lambda: session.edit(frame.id, "Rosa naps."),
        lambda: session.remove(frame.id),
        lambda: list(session.draw(frame.id)),
        session.undo,
    ):
        with pytest.raises(StoryError, match="The disk is full"):
            act()
        assert (session.story, session.revision, session.saved_at, session.can_undo) == before
    shelf.full = False
    session.edit(frame.id, "Rosa naps.")
    assert session.revision == before[1] + 1


def test_a_session_goes_on_where_what_was_saved_ends(pictures):
    shelf = Shelf()
    first = StorySession(new_story(small_cast(pictures)), FlatRenderer(), pictures, save=shelf.save)
    first.edit(first.add("Rosa waves.").id, "Rosa naps.")
    story, revision, undo, redo = shelf.saves[-1]
    again = StorySession(
        story, FlatRenderer(), pictures, save=shelf.save, revision=revision, undoing=Undoing(undo, redo)
    )
    assert again.undo() == "changing the sentence of frame 1"
    assert (again.story.frames[0].caption, again.revision, again.can_redo) == (
        "Rosa waves.",
        3,
        "changing the sentence of frame 1",
    )


def test_a_frame_with_too_many_takes_is_refused_and_says_how_to_go_on(session):
    frame = session.add("Rosa waves.")
    take = finish(session.draw(frame.id))
    session.keep_seed(frame.id, 1)
    full = replace(session.story.frames[0], takes=(take,) * MAX_TAKES)
    crowded = StorySession(session.story.with_changed_frame(full), session.renderer, session.pictures)
    with pytest.raises(StoryError, match=f"Frame 1 has {MAX_TAKES} takes, the most .* duplicate it"):
        list(crowded.draw(frame.id))


def test_a_sentence_too_long_with_its_names_is_refused_when_drawn(session):
    frame = session.add("Rosa, she " + "and she " * 70 + "wave.")
    for occurrence in range(71):
        session.rebind(frame.id, occurrence, ["Rosa", "Milo", "Bolt"])
    with pytest.raises(StoryError, match="Frame 1 with names in place of its pronouns is"):
        list(session.draw(frame.id))
