"""Drawing of stories: puts frames into the queue, takes them out of it, and estimates how long they take.

Imports neither torch nor Gradio.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from storyboard.errors import StoryError
from storyboard.renderer import steps_for
from storyboard.story.inputs import stale_frames
from storyboard.story.job import Job
from storyboard.story.values import QUALITIES, Frame, Story
from storyboard.studio.jobs import DrawingQueue
from storyboard.studio.session import StorySession
from storyboard.studio.sessions import MAX_OPEN
from storyboard.studio.stories import Stories
from storyboard.studio.verbs import an_id

MAX_VARIANTS = 8
TAKES_LOOKED_AT = 9


class Drawings(Stories):
    """The stories and the queue that draws them. Close it when done, before the library.

    `own_steps`: how many steps the pipeline uses if `steps` says nothing; 0 if that is unknown. `workers`: how many
    stories are drawn at the same time. All other arguments are as in `Stories`.
    """

    def __init__(self, *stories: Any, own_steps: int = 0, workers: int = 1, **named: Any) -> None:
        super().__init__(*stories, **named)
        self.own_steps = own_steps
        kept: dict[str, Any] = {"remember": self.library.jobs.remember} if self.library else {}
        self.queue = DrawingQueue(workers, **kept)
        self._stale: dict[str, tuple[Story, frozenset[str]]] = {}
        # Versions of jobs count from 0 in every run. Without this, a page from before a restart could miss changes.
        self._first_version = int(time.time() * 1000)
        if self.library:
            self.queue.recall(self.library.jobs.interrupted())

    def draw(
        self,
        story_id: object,
        frame_id: object,
        reroll: bool = False,
        variants: object = None,
        best: bool = False,
    ) -> Job:
        """Queues a frame as it is now, and stops a drawing of it that is running. Returns its job.

        `reroll`: draw with a new seed. `variants`: queue so many rerolls, without stopping other drawings of the frame;
        the last job is returned. `best`: draw again until the pipeline sees no fault in the picture, and choose the
        best of these takes.
        """
        session = self.session(story_id)
        frame = session.story.frame(an_id(frame_id))
        if variants is not None:
            if not isinstance(variants, int) or not 1 <= variants <= MAX_VARIANTS:
                raise StoryError(f"There can be 1 to {MAX_VARIANTS} variants at a time; choose one of these.")
            return [self.queue.submit(session, frame.id, reroll=True) for _ in range(variants)][-1]
        # A job that still waits keeps its place, because it will draw the frame as it is at that time.
        for job in self.queue.jobs_of(session.story.id):
            if job.frame_id == frame.id and job.state == "drawing":
                self.queue.cancel(job.id)
        return self.queue.submit(session, frame.id, reroll, best)

    def draw_missing(self, story_id: object) -> int:
        """Queues every frame without a picture, in order, except locked frames. Returns how many."""
        session = self.session(story_id)
        return self._queue_all(session, {one.id for one in session.story.frames if one.take is None})

    def draw_stale(self, story_id: object) -> int:
        """Queues every frame whose picture is out of date, in order, except locked frames. Returns how many.

        Undoing this stops the drawings that still wait, and shows the earlier pictures again.
        """
        session = self.session(story_id)
        wanted = self._waiting(session.story, self.stale_frames(session.story))
        if wanted:
            session.begin_update()
        return self._queue_all(session, {frame.id for frame in wanted})

    def retry_failed(self, story_id: object) -> int:
        """Queues again every frame whose last drawing failed or was interrupted, except locked frames.

        Returns how many.
        """
        session = self.session(story_id)
        latest = {job.frame_id: job for job in self.queue.jobs_of(session.story.id)}
        again = {job.frame_id: job for job in latest.values() if job.state in ("failed", "interrupted")}
        return self._queue_all(session, again, lambda frame: again[frame.id].reroll)

    def resume(self, story_id: object) -> int:
        """Queues again what a restart of the app interrupted. Returns how many jobs these are."""
        return len(self.queue.resume(self.session(story_id)))

    def stale_frames(self, story: Story) -> frozenset[str]:
        """Returns the ids of the frames whose picture is out of date (as in `StorySession.is_stale`).

        They are computed once per change.
        """
        known = self._stale.get(story.id)
        if known is None or known[0] is not story:
            if len(self._stale) > MAX_OPEN:
                self._stale.clear()
            known = self._stale[story.id] = (story, stale_frames(story))
        return known[1]

    def estimate(self, story_id: object, quality: str | None = None) -> float | None:
        """Returns how many seconds a frame takes, or None if that is unknown.

        The time is measured by the queue. Until it has measured any, the story's last takes give it. `quality`: None
        for the story's own.
        """
        story = self.session(story_id).story
        steps = self.steps_in(quality or story.quality)
        measured = self.queue.seconds_a_frame(steps)
        if measured is not None:
            return measured
        takes = [frame.takes[-1] for frame in story.frames if frame.takes][-TAKES_LOOKED_AT:]
        return (
            statistics.median(one.seconds * (steps or one.steps) / one.steps for one in takes)
            if takes
            else None
        )

    def steps_in(self, quality: str) -> int | None:
        """Returns how many denoising steps a picture gets in a quality.

        Returns None if the pipeline does not say its usual number.
        """
        usual = self.steps or self.own_steps
        return steps_for(usual, QUALITIES[quality]) if usual else None

    def stop(self, story_id: object, frame_id: object) -> None:
        """Stops all running and waiting drawings of this frame. Its picture stays."""
        self._cancel(story_id, lambda job: job.frame_id == frame_id)

    def cancel(self, story_id: object, job_id: object) -> None:
        """Stops one job of this story, or gives up an interrupted one."""
        self._cancel(story_id, lambda job: job.id == job_id)

    def cancel_all(self, story_id: object) -> None:
        self.queue.cancel_all(self.session(story_id).story.id)

    def open_jobs(self, story_id: object) -> tuple[Job, ...]:
        """Returns the jobs that a writer should still see.

        Those are the jobs that wait, run or were interrupted, and a frame's job that failed if it was the frame's
        latest.
        """
        story = self.session(story_id).story
        frames = {frame.id for frame in story.frames}
        jobs = [job for job in self.queue.jobs_of(story.id) if job.frame_id in frames]
        latest = {job.frame_id: job.id for job in jobs}
        return tuple(
            job
            for job in jobs
            if job.state in ("queued", "drawing", "interrupted")
            or (job.state == "failed" and latest[job.frame_id] == job.id)
        )

    def wait(self, job: Job) -> Job:
        """Returns the job once it has ended."""
        while not job.finished:
            seen = self.queue.version(job.story_id)
            jobs = {one.id: one for one in self.queue.jobs_of(job.story_id)}
            # A job that the queue has forgotten ended long ago, so it counts as done.
            job = jobs.get(job.id) or replace(job, state="done")
            if not job.finished:
                self.queue.wait_for_change(job.story_id, seen, timeout=5)
        return job

    def version(self, story_id: object) -> int:
        """Returns a number that grows with every change to the story or its jobs.

        A page that has seen this number has seen everything.
        """
        session = self.session(story_id)
        return self._first_version + session.revision + self.queue.version(session.story.id)

    def close(self) -> None:
        """Interrupts what is being drawn, and stops. Safe to call twice."""
        self.queue.close()

    def _queue_all(
        self,
        session: StorySession,
        wanted: Iterable[str],
        reroll: Callable[[Frame], bool] = lambda frame: False,
    ) -> int:
        frames = self._waiting(session.story, wanted)
        for frame in frames:
            self.queue.submit(session, frame.id, reroll(frame))
        return len(frames)

    def _waiting(self, story: Story, wanted: Iterable[str]) -> list[Frame]:
        """Returns, in order, those of the wanted frames that are neither locked, nor being drawn, nor waiting."""
        wanted = frozenset(wanted)
        busy = {job.frame_id for job in self.queue.jobs_of(story.id) if not job.finished}
        return [one for one in story.frames if one.id in wanted - busy and not one.locked]

    def _stop_updating(self, story_id: object) -> None:
        """Stops the drawings of frames that are out of date, after their update was undone."""
        stale = self.stale_frames(self.session(story_id).story)
        self._cancel(story_id, lambda job: job.frame_id in stale)

    def _stop_removed(self, story_id: object) -> None:
        # A set, because every edit checks every remembered job.
        there = {frame.id for frame in self.session(story_id).story.frames}
        self._cancel(story_id, lambda job: job.frame_id not in there)

    def _cancel(self, story_id: object, chosen: Callable[[Job], bool]) -> None:
        for job in self.queue.jobs_of(self.session(story_id).story.id):
            if chosen(job) and (not job.finished or job.state == "interrupted"):
                self.queue.cancel(job.id)
