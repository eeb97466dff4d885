"""The drawing queue: frames wait here, worker threads draw them, and anyone may look at how far they are.

Knows neither torch nor gradio, and no page: a job belongs to a story and goes on whoever is watching. Jobs are
handed out as frozen snapshots; `version` says whether there is anything new to see.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from PIL import Image

from storyboard.errors import StoryError
from storyboard.renderer import Preview
from storyboard.session import StorySession
from storyboard.story import Take, new_id

MAX_WAITING = 200  # jobs, over all stories
KEPT_FINISHED = 200  # finished jobs remembered, over all stories

JobState = Literal["queued", "drawing", "done", "failed", "cancelled"]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """One drawing as it was when asked: `step` of `steps` done, `preview` the latest rough picture while drawing."""

    id: str
    story_id: str
    frame_id: str
    reroll: bool = False
    state: JobState = "queued"
    step: int = 0
    steps: int = 0  # 0 until the first step is done
    preview: Image.Image | None = None
    error: str | None = None  # the sentence for the writer when state is "failed"

    @property
    def finished(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


@dataclass
class _Entry:
    """A job with what only the queue may touch."""

    job: Job
    session: StorySession
    cancelled: threading.Event = field(default_factory=threading.Event)


class DrawingQueue:
    """Draws submitted frames in order, one at a time per story, by `workers` threads. Call `close` when done."""

    def __init__(self, workers: int = 1) -> None:
        self._changed = threading.Condition()  # guards everything below
        self._waiting: deque[_Entry] = deque()
        self._drawing: dict[str, _Entry] = {}  # by story id
        self._finished: deque[Job] = deque(maxlen=KEPT_FINISHED)
        self._versions: dict[str, int] = {}
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"drawing-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, session: StorySession, frame_id: str, reroll: bool = False) -> Job:
        """Queue a frame; what it says when its turn comes is what is drawn. StoryError for a frame not in the story.

        A frame that already waits for the same is not queued twice; every reroll is its own job.
        """
        story = session.story
        number = story.frame_number(frame_id)
        with self._changed:
            if self._closed:
                raise StoryError(f"Frame {number} was not queued because the app is closing; start it again.")
            for entry in self._waiting:
                if (
                    not reroll
                    and not entry.job.reroll
                    and entry.session is session
                    and entry.job.frame_id == frame_id
                ):
                    return entry.job
            if len(self._waiting) >= MAX_WAITING:
                raise StoryError(
                    f"Frame {number} was not queued: {MAX_WAITING} are waiting; try again in a while."
                )
            entry = _Entry(Job(id=new_id(), story_id=story.id, frame_id=frame_id, reroll=reroll), session)
            self._waiting.append(entry)
            self._touch(story.id)
            return entry.job

    def cancel(self, job_id: str) -> bool:
        """Stop a job; False where it is unknown or over. One being drawn ends at its next step and leaves no take."""
        with self._changed:
            for entry in self._waiting:
                if entry.job.id == job_id:
                    self._waiting.remove(entry)
                    self._finish(entry, "cancelled")
                    return True
            for entry in self._drawing.values():
                if entry.job.id == job_id:
                    entry.cancelled.set()
                    return True
        return False

    def jobs_of(self, story_id: str) -> tuple[Job, ...]:
        """The story's jobs: the finished ones still remembered, then the one being drawn, then those waiting."""
        with self._changed:
            active = [*self._drawing.values(), *self._waiting]
            jobs = [*self._finished, *(entry.job for entry in active)]
            return tuple(job for job in jobs if job.story_id == story_id)

    def version(self, story_id: str) -> int:
        """A number that grows with every change to the story's jobs; 0 before the first."""
        with self._changed:
            return self._versions.get(story_id, 0)

    def wait_for_change(self, story_id: str, seen: int, timeout: float) -> int:
        """The version as soon as it is past `seen`, or after `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._versions.get(story_id, 0) > seen or self._closed, timeout)
            return self._versions.get(story_id, 0)

    def close(self) -> None:
        """Cancel everything and wait for the workers to stop. Safe to call twice."""
        with self._changed:
            self._closed = True
            while self._waiting:
                self._finish(self._waiting.popleft(), "cancelled")
            for entry in self._drawing.values():
                entry.cancelled.set()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (entry := self._next()) is not None:
            state: JobState = "failed"
            error = None
            try:
                state = self._draw(entry)
            except StoryError as failure:
                error = str(failure)
            except Exception as failure:  # whatever a model throws fails one job, never the queue
                log.exception("drawing frame %s of story %s failed", entry.job.frame_id, entry.job.story_id)
                error = _explained(entry, failure)
            with self._changed:
                del self._drawing[entry.job.story_id]
                self._finish(entry, state, error)

    def _next(self) -> _Entry | None:
        """The first waiting job whose story is not being drawn; waits for one, None once closed."""
        with self._changed:
            while not self._closed:
                for entry in self._waiting:
                    if entry.job.story_id not in self._drawing:
                        self._waiting.remove(entry)
                        self._drawing[entry.job.story_id] = entry
                        self._update(entry, state="drawing")
                        return entry
                self._changed.wait()
        return None

    def _draw(self, entry: _Entry) -> JobState:
        state: JobState = "cancelled"  # what a drawing without a take was
        for event in self._events(entry):
            if isinstance(event, Take):
                state = "done"
            else:
                preview = event.picture if event.picture is not None else entry.job.preview
                with self._changed:
                    self._update(entry, step=event.step, steps=event.steps, preview=preview)
        return state

    @staticmethod
    def _events(entry: _Entry) -> Iterator[Preview | Take]:
        session, job = entry.session, entry.job
        if not session.story.has_frame(job.frame_id):
            return iter(())  # removed while it waited
        if job.reroll:
            return session.reroll(job.frame_id, cancelled=entry.cancelled.is_set)
        return session.draw(job.frame_id, cancelled=entry.cancelled.is_set)

    def _finish(self, entry: _Entry, state: JobState, error: str | None = None) -> None:
        self._finished.append(replace(entry.job, state=state, error=error, preview=None))
        self._touch(entry.job.story_id)

    def _update(self, entry: _Entry, **changes) -> None:
        entry.job = replace(entry.job, **changes)
        self._touch(entry.job.story_id)

    def _touch(self, story_id: str) -> None:
        self._versions[story_id] = self._versions.get(story_id, 0) + 1
        self._changed.notify_all()


def _explained(entry: _Entry, failure: Exception) -> str:
    story = entry.session.story
    frame = (
        f"Frame {story.frame_number(entry.job.frame_id)}"
        if story.has_frame(entry.job.frame_id)
        else "The frame"
    )
    return f"{frame} could not be drawn ({type(failure).__name__}); draw it again, or restart the app."
