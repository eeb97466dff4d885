"""The drawing queue: order, progress, cancelling and failure. It survives everything that a renderer does."""

from contextlib import closing

import pytest

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.studio.jobs import KEPT_FINISHED, MAX_WAITING_A_STORY, DrawingQueue
from tests.queues import held, job_now, session_of, wait_until


@pytest.fixture
def pictures(tmp_path):
    return PictureStore(tmp_path)


@pytest.fixture
def queue():
    with closing(DrawingQueue()) as queue:
        yield queue


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
    assert queue.submit(session, second.id) == job  # it waits already, so it is not queued twice
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


def test_a_renderer_that_ends_the_program_ends_only_its_job(queue, pictures):
    """A SystemExit from a library ended the thread that draws, and nothing was drawn any more."""
    session = session_of(pictures, "Rosa waves.")
    session.renderer.failure = SystemExit(1)
    failed = wait_until(queue, queue.submit(session, session.story.frames[0].id), "failed")
    assert "SystemExit" in failed.error
    session.renderer.failure = None
    wait_until(queue, queue.submit(session, session.story.frames[0].id), "done")
