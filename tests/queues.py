"""Shared by the tests of the drawing queue: sessions to draw, and waiting for the end of a job."""

import threading
import time

from storyboard.story.job import Job
from storyboard.story.values import new_story
from storyboard.studio.jobs import DrawingQueue
from tests.fakes import FlatRenderer, small_cast
from tests.writing import FlatSession


def session_of(pictures, *captions: str) -> FlatSession:
    session = FlatSession(new_story(small_cast(pictures)), FlatRenderer(), pictures)
    for caption in captions:
        session.add(caption)
    return session


def held(session: FlatSession) -> threading.Event:
    """Makes the session's renderer wait after its first preview. Returns the event that lets it continue."""
    session.renderer.gate = gate = threading.Event()
    return gate


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
