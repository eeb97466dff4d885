"""The order of the drawing queue: stories take turns, and so do visitors with any number of stories."""

from contextlib import closing, contextmanager

import pytest

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.studio.jobs import DrawingQueue
from storyboard.studio.visitors import VISITOR
from tests.queues import held, job_now, session_of, wait_until


@pytest.fixture
def pictures(tmp_path):
    return PictureStore(tmp_path)


@pytest.fixture
def queue():
    with closing(DrawingQueue()) as queue:
        yield queue


def test_stories_take_turns(queue, pictures):
    """The third story came last, but does not wait for the five frames of the first."""
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
    """A list of a renderer's requests that also notes whose each was."""

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


@contextmanager
def visited_by(name: str):
    token = VISITOR.set(name)
    try:
        yield
    finally:
        VISITOR.reset(token)


def test_visitors_take_turns_however_many_stories_they_have(queue, pictures):
    """Only stories took turns, so a visitor with twenty stories had twenty turns for every one of others."""
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
    """One visitor could fill all thousand places of the queue, and everybody else was sent away."""
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
