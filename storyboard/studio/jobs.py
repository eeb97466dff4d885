"""The drawing queue: frames wait here, worker threads draw them, and everybody may look at the progress.

Imports neither torch nor Gradio, and knows no page: a job belongs to a story, and goes on whether anybody watches or
not. Jobs are handed out as frozen snapshots; `version` says whether there is anything new. Stories take turns, so that
a long story does not make the others wait. Jobs that wait or run when the app ends are "interrupted": `remember` keeps
them beyond the process, and `recall` brings them back.
"""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from storyboard.errors import StoryError
from storyboard.renderer import Preview
from storyboard.story.job import Job, JobState
from storyboard.story.values import Take, new_id
from storyboard.studio.pace import Pace
from storyboard.studio.session import StorySession
from storyboard.studio.visitors import VISITOR

MAX_WAITING = 1000  # jobs of all stories together
MAX_WAITING_A_STORY = 250  # enough for every frame of the longest story, and some rerolls
MAX_WAITING_A_VISITOR = 400
PLACES_FOR_NEWCOMERS = 200  # so many places of MAX_WAITING are for visitors who have nothing waiting
KEPT_FINISHED = 200  # so many finished jobs are remembered, of all stories together

log = logging.getLogger(__name__)


@dataclass
class _Entry:
    """A job, with what only the queue may use."""

    job: Job
    session: StorySession
    cancelled: threading.Event = field(default_factory=threading.Event)
    stops_as: JobState = "cancelled"
    visitor: str = field(default_factory=VISITOR.get)
    # The context of the visitor who asked for the drawing. If GPUs are lent per visitor, the renderer finds them here.
    context: contextvars.Context = field(default_factory=contextvars.copy_context)

    @property
    def whose(self) -> str:
        """The key by which turns are taken: the visitor, or the story if the visitor is at this machine."""
        return self.visitor or self.job.story_id


def _forget(job: Job) -> None:
    """Remembers nothing beyond the process."""


class DrawingQueue:
    """Draws submitted frames with `workers` threads. Stories take turns, and a story has one frame drawn at a time.

    `remember` is called with every job that was queued, has ended or was given up, before anybody else learns of it.
    Call `close` when done.
    """

    def __init__(
        self,
        workers: int = 1,
        remember: Callable[[Job], None] = _forget,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._changed = threading.Condition()  # guards everything below
        self._waiting: list[_Entry] = []  # in the order they were submitted
        self._drawing: dict[str, _Entry] = {}  # by story id
        self._finished: deque[Job] = deque(maxlen=KEPT_FINISHED)
        self._interrupted: list[Job] = []
        self._versions: dict[str, int] = {}
        self._turns: dict[str, int] = {}  # by story id or visitor: the number of its last turn
        self._pace = Pace(workers, clock)
        self._remember = remember
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"drawing-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, session: StorySession, frame_id: str, reroll: bool = False, best: bool = False) -> Job:
        """Queues a frame. It is drawn as it is when its turn comes. Returns its job.

        A frame that already waits for a normal drawing is not queued twice; every reroll is a job of its own. best:
        redraw until nothing is wrong with the picture, as `StorySession.draw_best` does. StoryError for a frame that is
        not in the story.
        """
        story = session.story
        number = story.frame_number(frame_id)
        with self._changed:
            if self._closed:
                raise StoryError(f"Frame {number} was not queued because the app is closing; start it again.")
            job = None if reroll or best else self._waiting_for(session, frame_id)
            if job is None:
                self._check_room(story.id, number)
                job = Job(id=new_id(), story_id=story.id, frame_id=frame_id, reroll=reroll or best, best=best)
                self._remember(job)
                self._waiting.append(_Entry(job, session))
                self._give_up([one for one in self._interrupted if _same_frame(one, job)])
                self._touch(story.id)
                self._touch_waiting(story.id)
            return self._active(lambda one: one is job)[0]

    def recall(self, jobs: Iterable[Job]) -> None:
        """Shows jobs of an earlier process as interrupted until they are cancelled or their frames are queued again."""
        with self._changed:
            for job in jobs:
                self._interrupted.append(replace(job, state="interrupted", preview=None))
                self._touch(job.story_id)

    def resume(self, session: StorySession) -> tuple[Job, ...]:
        """Queues again what was interrupted of a story, in its order, except frames that are gone.

        Returns the jobs that were queued.
        """
        with self._changed:
            mine = [job for job in self._interrupted if job.story_id == session.story.id]
            self._give_up([job for job in mine if not session.story.has_frame(job.frame_id)])
            still = [job for job in mine if session.story.has_frame(job.frame_id)]
            return tuple(self.submit(session, job.frame_id, job.reroll) for job in still)

    def cancel(self, job_id: str) -> bool:
        """Stops a job. Returns whether there was one to stop; False if it is unknown or has ended.

        A running job ends at its next step and leaves no take. An interrupted job is given up for good.
        """
        with self._changed:
            return self._cancel(lambda job: job.id == job_id) > 0

    def cancel_all(self, story_id: str) -> int:
        """Stops all jobs of a story, as `cancel` does. Returns how many there were."""
        with self._changed:
            return self._cancel(lambda job: job.story_id == story_id)

    def jobs_of(self, story_id: str) -> tuple[Job, ...]:
        """Returns the story's jobs.

        First come finished jobs that are still remembered, then interrupted jobs, the running job, and waiting jobs.
        """
        with self._changed:
            over = [job for job in (*self._finished, *self._interrupted) if job.story_id == story_id]
            return (*over, *self._active(lambda job: job.story_id == story_id))

    def seconds_a_frame(self, steps: int | None = None) -> float | None:
        """Returns how many seconds a frame takes at present, from its turn to its picture.

        `steps`: for a frame with that many steps, if it has others than the latest frame. None until the second step of
        the first drawing has ended.
        """
        with self._changed:
            return self._pace.frame(steps)

    def version(self, story_id: str) -> int:
        """Returns a number that grows with every change to the story's jobs. It is 0 before the first."""
        with self._changed:
            return self._versions.get(story_id, 0)

    def wait_for_change(self, story_id: str, seen: int, timeout: float) -> int:
        """Returns the version as soon as it is greater than `seen`, or after `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._versions.get(story_id, 0) > seen or self._closed, timeout)
            return self._versions.get(story_id, 0)

    def close(self) -> None:
        """Interrupts everything, and waits until the workers have stopped. Safe to call twice."""
        with self._changed:
            self._closed = True
            for entry in self._waiting:
                self._finish(entry.job, "interrupted")
            self._waiting.clear()
            for entry in self._drawing.values():
                if not entry.cancelled.is_set():
                    entry.stops_as = "interrupted"
                    entry.cancelled.set()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (entry := self._next()) is not None:
            state: JobState = "failed"
            error = None
            try:
                state = entry.context.run(self._draw, entry)
            except StoryError as failure:
                error = str(failure)
            # Any error of a model, even SystemExit, fails only its job and never the queue.
            except BaseException as failure:
                log.exception("drawing frame %s of story %s failed", entry.job.frame_id, entry.job.story_id)
                error = _explained(entry, failure)
            with self._changed:
                del self._drawing[entry.job.story_id]
                self._pace.ended(entry.job.id, whole=state == "done")
                self._finish(entry.job, entry.stops_as if state == "cancelled" else state, error)

    def _next(self) -> _Entry | None:
        """Returns the next job whose turn it is, of a story that is not being drawn.

        Waits until there is one. Returns None once the queue is closed.
        """
        with self._changed:
            while not self._closed:
                ready = [one for one in self._in_order() if one.job.story_id not in self._drawing]
                if ready:
                    entry = ready[0]
                    self._waiting.remove(entry)
                    self._drawing[entry.job.story_id] = entry
                    turn = 1 + max(self._turns.values(), default=0)
                    self._turns[entry.job.story_id] = self._turns[entry.whose] = turn
                    self._pace.started(entry.job.id)
                    self._update(entry, state="drawing")
                    self._touch_waiting(entry.job.story_id)
                    return entry
                self._changed.wait()
        return None

    def _in_order(self) -> list[_Entry]:
        """Returns everything that waits, in the order in which it will be drawn.

        Visitors take turns, and within a visitor's jobs stories take turns. Those that were drawn least recently come
        first.
        """
        by_story = self._in_turns(self._waiting, lambda entry: entry.job.story_id)
        return self._in_turns(by_story, lambda entry: entry.whose)

    def _in_turns(self, entries: list[_Entry], whose: Callable[[_Entry], str]) -> list[_Entry]:
        """Returns the entries, one of each owner in turn. Owners whose last turn is oldest come first."""
        rounds: dict[str, int] = {}  # how many of each were seen so far
        keys = []
        for place, entry in enumerate(entries):
            number = rounds.get(whose(entry), 0)
            rounds[whose(entry)] = number + 1
            keys.append((number, self._turns.get(whose(entry), 0), place))
        return [entries[key[2]] for key in sorted(keys)]

    def _draw(self, entry: _Entry) -> JobState:
        state: JobState = "cancelled"  # for a drawing that ends without a take
        for event in self._events(entry):
            if isinstance(event, Take):
                state = "done"
            else:
                preview = event.picture if event.picture is not None else entry.job.preview
                with self._changed:
                    self._pace.stepped(entry.job.id, event.step, event.steps)
                    self._update(entry, step=event.step, steps=event.steps, preview=preview)
        return state

    @staticmethod
    def _events(entry: _Entry) -> Iterator[Preview | Take]:
        session, job = entry.session, entry.job
        if not session.story.has_frame(job.frame_id):
            return iter(())  # removed while it waited
        stopped = entry.cancelled.is_set
        again = session.draw_best(job.frame_id, stopped)
        if job.best:
            return again
        once = (session.reroll if job.reroll else session.draw)(job.frame_id, cancelled=stopped)
        return chain(once, again) if session.story.checking == "always" else once

    def _active(self, chosen: Callable[[Job], bool]) -> list[Job]:
        """Returns the chosen jobs of those that run or wait, in order, with their place and the seconds left."""
        entries = [*self._drawing.values(), *self._in_order()]
        left = self._pace.seconds_left([(one.job.step, one.job.steps) for one in entries])
        return [
            replace(entry.job, ahead=place if entry.job.state == "queued" else 0, seconds_left=seconds)
            for place, (entry, seconds) in enumerate(zip(entries, left, strict=True))
            if chosen(entry.job)
        ]

    def _waiting_for(self, session: StorySession, frame_id: str) -> Job | None:
        """Returns the job that already waits to draw this frame as it is, or None."""
        for entry in self._waiting:
            if entry.session is session and entry.job.frame_id == frame_id and not entry.job.reroll:
                return entry.job
        return None

    def _check_room(self, story_id: str, number: int) -> None:
        of_story = sum(entry.job.story_id == story_id for entry in self._waiting)
        visitor = VISITOR.get()
        of_visitor = sum(entry.visitor == visitor for entry in self._waiting) if visitor else 0
        if of_visitor >= MAX_WAITING_A_VISITOR:
            raise StoryError(
                f"Frame {number} was not queued: {of_visitor} of yours are waiting, the most one visitor may have; try "
                "again once some are drawn."
            )
        room = MAX_WAITING - (PLACES_FOR_NEWCOMERS if of_visitor else 0)
        if len(self._waiting) >= room or of_story >= MAX_WAITING_A_STORY:
            raise StoryError(
                f"Frame {number} was not queued: {len(self._waiting)} are waiting; try again in a while."
            )

    def _cancel(self, chosen: Callable[[Job], bool]) -> int:
        waiting = [entry for entry in self._waiting if chosen(entry.job)]
        drawing = [entry for entry in self._drawing.values() if chosen(entry.job)]
        interrupted = [job for job in self._interrupted if chosen(job)]
        for entry in waiting:
            self._waiting.remove(entry)
            self._finish(entry.job, "cancelled")
        for entry in drawing:
            entry.cancelled.set()
        self._give_up(interrupted)
        return len(waiting) + len(drawing) + len(interrupted)

    def _give_up(self, interrupted: list[Job]) -> None:
        for job in interrupted:
            self._interrupted.remove(job)
            self._remember(replace(job, state="cancelled"))
            self._touch(job.story_id)

    def _finish(self, job: Job, state: JobState, error: str | None = None) -> None:
        job = replace(job, state=state, error=error, preview=None)
        self._remember(job)
        self._finished.append(job)
        self._touch(job.story_id)
        self._touch_waiting(job.story_id)

    def _update(self, entry: _Entry, **changes) -> None:
        entry.job = replace(entry.job, **changes)
        self._touch(entry.job.story_id)

    def _touch(self, story_id: str) -> None:
        self._versions[story_id] = self._versions.get(story_id, 0) + 1
        self._changed.notify_all()

    def _touch_waiting(self, but: str) -> None:
        """Raises the versions of other stories with waiting jobs, because their pages show that these jobs moved up."""
        for story_id in {entry.job.story_id for entry in self._waiting} - {but}:
            self._touch(story_id)


def _same_frame(one: Job, other: Job) -> bool:
    return (one.story_id, one.frame_id) == (other.story_id, other.frame_id)


def _explained(entry: _Entry, failure: BaseException) -> str:
    story = entry.session.story
    frame = (
        f"Frame {story.frame_number(entry.job.frame_id)}"
        if story.has_frame(entry.job.frame_id)
        else "The frame"
    )
    return f"{frame} could not be drawn ({type(failure).__name__}); draw it again, or restart the app."
