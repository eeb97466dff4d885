"""What the drawing queue remembers: everything that a crash would lose is offered again and queued again."""

import threading
from contextlib import closing

import pytest

from storyboard.disk.pictures import PictureStore
from storyboard.story.job import Job
from storyboard.studio.jobs import DrawingQueue
from tests.fakes import FlatRenderer
from tests.queues import held, job_now, session_of, wait_until


@pytest.fixture
def pictures(tmp_path):
    return PictureStore(tmp_path)


@pytest.fixture
def queue():
    with closing(DrawingQueue()) as queue:
        yield queue


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
    """Continues after it was cancelled, until its gate opens."""

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
