"""The drawing queue: order, progress, cancelling, failure, and that it outlives whatever a renderer does."""

import threading
import time
from contextlib import contextmanager

import pytest

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.story.job import Job
from storyboard.story.values import new_story
from storyboard.studio.jobs import KEPT_FINISHED, MAX_WAITING_A_STORY, DrawingQueue
from storyboard.studio.session import StorySession
from storyboard.studio.visitors import VISITOR
from tests.fakes import FlatRenderer, small_cast


@pytest.fixture
def pictures(tmp_path):
    return PictureStore(tmp_path)


@pytest.fixture
def queue():
    queue = DrawingQueue()
    yield queue
    queue.close()


def session_of(pictures, *captions: str) -> StorySession:
    session = StorySession(new_story(small_cast(pictures)), FlatRenderer(), pictures)
    for caption in captions:
        session.add(caption)
    return session


def held(session: StorySession) -> threading.Event:
    """Make the session's renderer wait after its first preview until the event returned is set."""
    session.renderer.gate = threading.Event()
    return session.renderer.gate


def job_now(queue: DrawingQueue, job: Job) -> Job:
    return next(one for one in queue.jobs_of(job.story_id) if one.id == job.id)


def wait_until(queue: DrawingQueue, job: Job, *states: str) -> Job:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        seen = queue.version(job.story_id)
        if (now := job_now(queue, job)).state in states:
            return now
        queue.wait_for_change(job.story_id, seen, timeout=1)
    raise AssertionError(f"{job_now(queue, job)} never was {states}")


def test_a_job_ends_done_and_the_frame_has_its_picture(queue, pictures):
    session = session_of(pictures, "Rosa waves.")
    job = queue.submit(session, session.story.frames[0].id)
    assert (job.state, job.story_id, job.frame_id) == ("queued", session.story.id, session.story.frames[0].id)
    done = wait_until(queue, job, "done")
    assert (done.step, done.steps, done.preview, done.error) == (3, 3, None, None)
    assert session.story.frames[0].take is not None


def test_progress_and_the_latest_preview_show_while_drawing(queue, pictures):
    session = session_of(pictures, "Rosa waves.")
    gate = held(session)
    job = queue.submit(session, session.story.frames[0].id)
    session.renderer.started.wait(5)
    drawing = job_now(queue, job)
    assert (drawing.state, drawing.step, drawing.steps) == ("drawing", 1, 3)
    assert drawing.preview.size == (16, 16)
    gate.set()
    wait_until(queue, job, "done")


def test_frames_are_drawn_in_the_order_submitted_and_read_one_another(queue, pictures):
    session = session_of(pictures, "Rosa waves.", "She sits.", "She sleeps.")
    jobs = [queue.submit(session, frame.id) for frame in session.story.frames]
    wait_until(queue, jobs[-1], "done")
    assert [request.caption for request in session.renderer.requests] == [
        "Rosa waves.",
        "She sits.",
        "She sleeps.",
    ]
    assert [len(request.history) for request in session.renderer.requests] == [0, 1, 2]
    assert [job.id for job in queue.jobs_of(session.story.id)] == [job.id for job in jobs]


def test_several_workers_draw_different_stories_at_once_but_one_story_in_order(pictures):
    queue = DrawingQueue(workers=2)
    slow, quick = session_of(pictures, "Rosa waves.", "She sits."), session_of(pictures, "Milo waves.")
    gate = held(slow)
    jobs = [queue.submit(slow, frame.id) for frame in slow.story.frames]
    wait_until(queue, queue.submit(quick, quick.story.frames[0].id), "done")
    assert [job_now(queue, job).state for job in jobs] == ["drawing", "queued"]
    gate.set()
    wait_until(queue, jobs[1], "done")
    queue.close()


def test_a_caption_edited_while_its_job_waits_is_the_one_drawn(queue, pictures):
    session = session_of(pictures, "Rosa waves.", "Milo waves.")
    gate = held(session)
    first, second = session.story.frames
    queue.submit(session, first.id)
    job = queue.submit(session, second.id)
    session.edit(second.id, "Milo sleeps.")
    assert queue.submit(session, second.id) == job  # already waiting: not queued twice
    gate.set()
    wait_until(queue, job, "done")
    assert [request.caption for request in session.renderer.requests] == ["Rosa waves.", "Milo sleeps."]


def test_every_reroll_is_its_own_job_and_take(queue, pictures):
    session = session_of(pictures, "Rosa waves.")
    frame = session.story.frames[0]
    jobs = [queue.submit(session, frame.id)] + [
        queue.submit(session, frame.id, reroll=True) for _ in range(2)
    ]
    wait_until(queue, jobs[-1], "done")
    assert len({take.seed for take in session.story.frames[0].takes}) == 3


def test_a_waiting_job_is_cancelled_at_once(queue, pictures):
    session = session_of(pictures, "Rosa waves.", "Milo waves.")
    gate = held(session)
    first, second = (queue.submit(session, frame.id) for frame in session.story.frames)
    assert queue.cancel(second.id)
    assert job_now(queue, second).state == "cancelled"
    gate.set()
    wait_until(queue, first, "done")
    assert session.story.frames[1].takes == ()
    assert not queue.cancel(second.id) and not queue.cancel("no such job")


def test_a_job_cancelled_while_drawing_stops_and_keeps_the_old_picture(queue, pictures):
    session = session_of(pictures, "Rosa waves.")
    frame = session.story.frames[0]
    wait_until(queue, queue.submit(session, frame.id), "done")
    before = session.story
    session.renderer.started.clear()
    held(session)
    job = queue.submit(session, frame.id, reroll=True)
    session.renderer.started.wait(5)
    assert queue.cancel(job.id)
    assert wait_until(queue, job, "cancelled").error is None
    assert session.story == before


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (
            StoryError("The model is missing a part."),
            "Frame 1 could not be drawn: The model is missing a part.",
        ),
        (
            RuntimeError("CUDA out of memory"),
            "Frame 1 could not be drawn (RuntimeError); draw it again, or restart the app.",
        ),
        (MemoryError(), "Frame 1 could not be drawn (MemoryError); draw it again, or restart the app."),
    ],
)
def test_a_failure_is_the_jobs_own_and_the_next_one_is_drawn(queue, pictures, failure, error):
    session = session_of(pictures, "Rosa waves.")
    frame = session.story.frames[0]
    session.renderer.failure = failure
    job = queue.submit(session, frame.id)
    assert wait_until(queue, job, "failed").error == error
    session.renderer.failure = None
    wait_until(queue, queue.submit(session, frame.id), "done")


def test_a_frame_removed_while_it_waits_or_is_drawn_ends_cancelled(queue, pictures):
    session = session_of(pictures, "Rosa waves.", "Milo waves.")
    held(session)
    jobs = [queue.submit(session, frame.id) for frame in session.story.frames]
    session.renderer.started.wait(5)
    for frame in session.story.frames:
        session.remove(frame.id)
    session.renderer.gate.set()
    for job in jobs:
        wait_until(queue, job, "cancelled")


def test_an_unknown_frame_is_refused(queue, pictures):
    session = session_of(pictures)
    with pytest.raises(StoryError, match="no longer in the story"):
        queue.submit(session, "gone")
    assert queue.version(session.story.id) == 0


def test_a_full_queue_refuses_and_says_so(queue, pictures, monkeypatch):
    session = session_of(pictures, "Rosa waves.")
    held(session)
    frame = session.story.frames[0]
    queue.submit(session, frame.id, reroll=True)
    session.renderer.started.wait(5)
    for _ in range(MAX_WAITING_A_STORY):
        queue.submit(session, frame.id, reroll=True)
    with pytest.raises(StoryError, match=f"Frame 1 was not queued: {MAX_WAITING_A_STORY} are waiting"):
        queue.submit(session, frame.id, reroll=True)
    other = session_of(pictures, "Milo waves.")
    assert queue.submit(other, other.story.frames[0].id).ahead == 1  # one story cannot keep the others out
    monkeypatch.setattr("storyboard.studio.jobs.MAX_WAITING", MAX_WAITING_A_STORY + 1)
    with pytest.raises(StoryError, match="251 are waiting"):
        queue.submit(other, other.story.frames[0].id, reroll=True)


def test_the_version_grows_with_every_change_of_its_own_story_only(queue, pictures):
    session, other = session_of(pictures, "Rosa waves."), session_of(pictures, "Milo waves.")
    wait_until(queue, queue.submit(session, session.story.frames[0].id), "done")
    assert queue.version(session.story.id) == 6  # queued, drawing, three steps, done
    assert queue.version(other.story.id) == 0
    assert queue.wait_for_change(other.story.id, 0, timeout=0.01) == 0


def test_old_finished_jobs_are_forgotten(queue, pictures):
    session = session_of(pictures, "Rosa waves.")
    held(session)
    frame = session.story.frames[0]
    first = queue.submit(session, frame.id)
    session.renderer.started.wait(5)
    for _ in range(KEPT_FINISHED + 10):
        queue.cancel(queue.submit(session, frame.id, reroll=True).id)
    jobs = queue.jobs_of(session.story.id)
    assert len(jobs) == KEPT_FINISHED + 1
    assert jobs[-1].id == first.id


def test_closing_interrupts_everything_ends_the_worker_and_refuses_more(pictures):
    queue = DrawingQueue()
    session = session_of(pictures, "Rosa waves.", "Milo waves.")
    held(session)
    jobs = [queue.submit(session, frame.id) for frame in session.story.frames]
    session.renderer.started.wait(5)
    queue.close()
    queue.close()
    assert [job_now(queue, job).state for job in jobs] == ["interrupted", "interrupted"]
    assert not any(thread.name.startswith("drawing-") and thread.is_alive() for thread in queue._threads)
    with pytest.raises(StoryError, match="the app is closing"):
        queue.submit(session, session.story.frames[0].id)


def test_stories_take_turns(queue, pictures):
    """The third story is asked for last and does not wait for the five frames of the first."""
    drawn = []
    stories = [session_of(pictures, *["Rosa waves."] * count) for count in (5, 2, 1)]
    gate = held(stories[0])
    for number, session in enumerate(stories):
        session.renderer.requests = _Noted(drawn, number)
        jobs = [queue.submit(session, frame.id) for frame in session.story.frames]
        if number == 0:
            assert session.renderer.started.wait(5)
    waiting = {
        number: [job.ahead for job in queue.jobs_of(session.story.id)]
        for number, session in enumerate(stories)
    }
    assert waiting == {0: [0, 3, 5, 6, 7], 1: [1, 4], 2: [2]}
    gate.set()
    for session in stories:
        for job in queue.jobs_of(session.story.id):
            wait_until(queue, job, "done")
    assert drawn == [0, 1, 2, 0, 1, 0, 0, 0]
    assert job_now(queue, jobs[0]).ahead == 0


class _Noted(list):
    """A renderer's requests; each also notes whose it was."""

    def __init__(self, drawn: list[int], number: int) -> None:
        self.drawn, self.number = drawn, number

    def append(self, request) -> None:
        self.drawn.append(self.number)
        super().append(request)


def test_two_busy_stories_alternate(queue, pictures):
    long, quick = session_of(pictures, *["Rosa waves."] * 4), session_of(pictures, "Milo waves.")
    drawn = []
    long.renderer.requests, quick.renderer.requests = _Noted(drawn, 0), _Noted(drawn, 1)
    gate = held(long)
    long_jobs = [queue.submit(long, frame.id) for frame in long.story.frames]
    assert long.renderer.started.wait(5)
    for _ in range(3):
        queue.submit(quick, quick.story.frames[0].id, reroll=True)
    gate.set()
    wait_until(queue, long_jobs[-1], "done")
    assert drawn[:5] == [0, 1, 0, 1, 0]


def test_progress_says_how_much_is_done_and_how_long_it_takes(pictures):
    now = [0.0]
    queue = DrawingQueue(clock=lambda: now[0])
    session = session_of(pictures, "Rosa waves.", "Milo waves.")
    gate = held(session)
    jobs = [queue.submit(session, frame.id) for frame in session.story.frames]
    assert (jobs[0].steps, jobs[0].seconds_left, queue.seconds_a_frame()) == (0, None, None)
    assert session.renderer.started.wait(5)
    first = wait_until(queue, jobs[0], "drawing")
    assert (first.step, first.steps) == (1, 3)
    now[0] = 4.0
    gate.set()
    done = [wait_until(queue, job, "done") for job in jobs]
    assert all((job.step, job.seconds_left, job.ahead) == (job.steps, None, 0) for job in done)
    assert queue.seconds_a_frame() is not None
    queue.close()


def test_all_jobs_of_a_story_are_cancelled_at_once_and_no_others(queue, pictures):
    session, other = session_of(pictures, "Rosa waves.", "Milo waves."), session_of(pictures, "Bolt waves.")
    gate = held(session)
    jobs = [queue.submit(session, frame.id) for frame in session.story.frames]
    kept = queue.submit(other, other.story.frames[0].id)
    assert session.renderer.started.wait(5)
    assert queue.cancel_all(session.story.id) == 2
    for job in jobs:
        wait_until(queue, job, "cancelled")
    gate.set()
    wait_until(queue, kept, "done")
    assert queue.cancel_all(session.story.id) == 0
    assert all(frame.takes == () for frame in session.story.frames)


def test_what_is_remembered_is_what_would_be_lost(pictures):
    remembered = {}

    def remember(job: Job) -> None:
        assert job.preview is None
        remembered.pop(job.id, None)
        if job.state in ("queued", "interrupted"):
            remembered[job.id] = job

    queue = DrawingQueue(remember=remember)
    session = session_of(pictures, "Rosa waves.", "Milo waves.", "Bolt waves.")
    first, second, third = session.story.frames
    job = queue.submit(session, first.id)
    assert job.id in remembered
    wait_until(queue, job, "done")
    assert remembered == {}
    session.renderer.started.clear()
    held(session)
    jobs = [queue.submit(session, frame.id, reroll=True) for frame in (first, second, third)]
    assert session.renderer.started.wait(5)
    queue.cancel(jobs[1].id)
    queue.close()
    assert [one.frame_id for one in remembered.values()] == [third.id, first.id]
    assert {one.state for one in remembered.values()} == {"interrupted"}


def test_what_the_writer_stopped_is_not_offered_again_after_closing(pictures):
    queue = DrawingQueue()
    session = session_of(pictures, "Rosa waves.")
    session.renderer = _Deaf()
    job = queue.submit(session, session.story.frames[0].id)
    assert session.renderer.started.wait(5)
    queue.cancel(job.id)
    session.renderer.gate.set()
    queue.close()
    assert job_now(queue, job).state == "cancelled"


class _Deaf(FlatRenderer):
    """Goes on after it was cancelled, until its gate opens."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def render(self, request, cancelled=lambda: False):
        yield from super().render(request, lambda: False)


def test_interrupted_jobs_are_shown_and_queued_again(queue, pictures):
    session = session_of(pictures, "Rosa waves.", "Milo waves.", "Bolt waves.")
    first, second, third = session.story.frames
    lost = [
        Job("1", session.story.id, first.id),
        Job("2", session.story.id, second.id, reroll=True),
        Job("3", session.story.id, "removed since"),
        Job("4", session.story.id, third.id),
        Job("5", "another story", third.id),
    ]
    queue.recall(lost)
    shown = queue.jobs_of(session.story.id)
    assert [(job.id, job.state, job.finished) for job in shown] == [
        (one, "interrupted", True) for one in "1234"
    ]
    assert queue.cancel("4")
    again = queue.resume(session)
    assert [(job.frame_id, job.reroll) for job in again] == [(first.id, False), (second.id, True)]
    for job in again:
        wait_until(queue, job, "done")
    assert {job.state for job in queue.jobs_of(session.story.id)} == {"done"}
    assert queue.resume(session) == ()
    assert [job.id for job in queue.jobs_of("another story")] == ["5"]


def test_drawing_a_frame_again_replaces_the_offer_to(queue, pictures):
    session = session_of(pictures, "Rosa waves.")
    frame = session.story.frames[0]
    queue.recall([Job("1", session.story.id, frame.id)])
    job = queue.submit(session, frame.id, reroll=True)
    assert "1" not in [one.id for one in queue.jobs_of(session.story.id)]
    wait_until(queue, job, "done")


@contextmanager
def visited_by(name: str):
    token = VISITOR.set(name)
    try:
        yield
    finally:
        VISITOR.reset(token)


def test_visitors_take_turns_however_many_stories_they_have(queue, pictures):
    """Stories took turns, so whoever opened twenty had twenty turns to everybody else's one."""
    held_up = session_of(pictures, "Rosa waves.")
    gate = held(held_up)
    queue.submit(held_up, held_up.story.frames[0].id)
    held_up.renderer.started.wait(5)
    with visited_by("one"):
        mine = [session_of(pictures, "Rosa waves.") for _ in range(4)]
        jobs = [queue.submit(one, one.story.frames[0].id) for one in mine]
    with visited_by("two"):
        other = session_of(pictures, "Milo sits.")
        late = queue.submit(other, other.story.frames[0].id)
    assert [job_now(queue, job).ahead for job in jobs] == [1, 3, 4, 5] and late.ahead == 2
    gate.set()
    wait_until(queue, jobs[-1], "done")


def test_one_visitor_has_a_share_of_the_line_and_newcomers_find_a_place(queue, pictures, monkeypatch):
    """One visitor could fill all thousand places, and everybody else was sent away."""
    monkeypatch.setattr("storyboard.studio.jobs.MAX_WAITING", 8)
    monkeypatch.setattr("storyboard.studio.jobs.MAX_WAITING_A_VISITOR", 4)
    monkeypatch.setattr("storyboard.studio.jobs.PLACES_FOR_NEWCOMERS", 2)
    session = session_of(pictures, "Rosa waves.")
    gate, frame = held(session), session.story.frames[0].id
    queue.submit(session, frame)
    session.renderer.started.wait(5)

    def wait_in_line(visitor: str, count: int) -> None:
        with visited_by(visitor):
            for _ in range(count):
                queue.submit(session, frame, reroll=True)

    wait_in_line("one", 4)
    with pytest.raises(StoryError, match="4 of yours are waiting"):
        wait_in_line("one", 1)
    wait_in_line("two", 2)
    with pytest.raises(StoryError, match="6 are waiting"):
        wait_in_line("two", 1)
    wait_in_line("three", 1)
    gate.set()


def test_a_renderer_that_ends_the_program_ends_only_its_job(queue, pictures):
    """SystemExit out of a library ended the thread that draws, and nothing was drawn any more."""
    session = session_of(pictures, "Rosa waves.")
    session.renderer.failure = SystemExit(1)
    failed = wait_until(queue, queue.submit(session, session.story.frames[0].id), "failed")
    assert "SystemExit" in failed.error
    session.renderer.failure = None
    wait_until(queue, queue.submit(session, session.story.frames[0].id), "done")
