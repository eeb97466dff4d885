"""The studio: every story that is open, the queue that draws them, and what can be done to one from outside.

Knows neither torch nor gradio: the page and the API both come through here. A story is reached by its id
alone, which nobody can guess; values from outside are checked here and refused with a StoryError. Stories are
kept in memory.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from storyboard.errors import StoryError
from storyboard.jobs import DrawingQueue, Job
from storyboard.pictures import PictureStore, read_upload
from storyboard.renderer import Renderer
from storyboard.session import StorySession
from storyboard.story import MAX_SEED, Character, Frame, Story, inputs_hash, new_story

MAX_STORIES = 2000
MAX_TEXT = 10_000  # characters looked at in any text from outside; a sentence's own limit is far below


class Studio:
    """The stories of everyone who uses this app. Safe to call from several threads; close it when done."""

    def __init__(
        self,
        renderer: Renderer,
        cast: Sequence[Character],
        pictures: PictureStore,
        steps: int | None = None,
        max_stories: int = MAX_STORIES,
    ) -> None:
        self.renderer = renderer
        self.cast = tuple(cast)
        self.pictures = pictures
        self.steps = steps
        self.max_stories = max_stories
        self.queue = DrawingQueue()
        self._sessions: dict[str, StorySession] = {}  # oldest first
        self._stale: dict[str, tuple[Story, frozenset[str]]] = {}
        self._lock = threading.Lock()

    def create(self) -> str:
        """A new empty story with the whole cast; its id. StoryError once the app holds too many."""
        story = new_story(self.cast, seed=secrets.randbelow(MAX_SEED + 1))
        session = StorySession(story, self.renderer, self.pictures, steps=self.steps)
        with self._lock:
            if len(self._sessions) >= self.max_stories:
                self._drop_an_empty_story()
            self._sessions[story.id] = session
        return story.id

    def has(self, story_id: object) -> bool:
        return isinstance(story_id, str) and story_id in self._sessions

    def session(self, story_id: object) -> StorySession:
        """The story of that id. StoryError where there is none."""
        if not self.has(story_id):
            raise StoryError(
                "There is no story with that id (a restart of the app ends them all); begin a new one."
            )
        return self._sessions[story_id]

    def add(self, story_id: object, caption: object) -> tuple[Frame, Job]:
        """Add a frame to the end and queue its drawing."""
        session = self.session(story_id)
        frame = session.add(_text(caption, "The sentence"))
        try:
            return frame, self.queue.submit(session, frame.id)
        except StoryError:
            session.remove(frame.id)  # the writer gets the sentence back instead
            raise

    def edit(self, story_id: object, frame_id: object, caption: object) -> Frame:
        """Another sentence for a frame. A drawing of the old one that waits or runs is left as it is."""
        return self.session(story_id).edit(_id(frame_id), _text(caption, "The sentence"))

    def draw(self, story_id: object, frame_id: object, reroll: bool = False) -> Job:
        """Queue a frame as it stands; what is being drawn of it is stopped. `reroll`: under a new seed."""
        session = self.session(story_id)
        session.story.frame(_id(frame_id))
        # One that still waits keeps its place: it will be drawn as the frame is then.
        for job in self.queue.jobs_of(story_id):
            if job.frame_id == frame_id and job.state == "drawing":
                self.queue.cancel(job.id)
        return self.queue.submit(session, frame_id, reroll)

    def draw_stale(self, story_id: object) -> None:
        """Queue every frame whose picture is out of date, from the first to the last."""
        session = self.session(story_id)
        busy = {job.frame_id for job in self.queue.jobs_of(story_id) if not job.finished}
        story = session.story
        stale = self.stale_frames(story)
        for frame in story.frames:
            if frame.id in stale - busy:
                self.queue.submit(session, frame.id)

    def stale_frames(self, story: Story) -> frozenset[str]:
        """The frames whose picture is out of date (as `StorySession.is_stale`), worked out once a change."""
        known = self._stale.get(story.id)
        if known is None or known[0] is not story:
            known = (story, frozenset(frame.id for frame in story.frames if _is_stale(story, frame)))
            self._stale[story.id] = known
        return known[1]

    def stop(self, story_id: object, frame_id: object) -> None:
        """Stop whatever is drawn or waits for this frame; its picture stays."""
        self.session(story_id)
        for job in self.queue.jobs_of(story_id):
            if job.frame_id == frame_id and not job.finished:
                self.queue.cancel(job.id)

    def remove(self, story_id: object, frame_id: object) -> None:
        self.session(story_id).remove(_id(frame_id))
        self.stop(story_id, frame_id)

    def choose_take(self, story_id: object, frame_id: object, take_id: object) -> None:
        self.session(story_id).choose_take(_id(frame_id), _id(take_id))

    def choose_portrait(self, story_id: object, name: object, portrait_id: object) -> None:
        self.session(story_id).choose_portrait(_text(name, "The name"), _id(portrait_id))

    def add_portrait(self, story_id: object, name: object, upload: Path) -> None:
        """Let a character wear the picture in the file `upload`. StoryError where it is no usable picture."""
        session = self.session(story_id)
        character = session.story.character(_text(name, "The name"))
        picture = read_upload(upload, what=f"The portrait for {character.name}")
        portrait = session.add_portrait(character.name, picture, upload.stem)
        session.choose_portrait(character.name, portrait.id)

    def wait(self, job: Job) -> Job:
        """The job once it is over."""
        while not job.finished:
            seen = self.queue.version(job.story_id)
            jobs = {one.id: one for one in self.queue.jobs_of(job.story_id)}
            # One so long over that the queue has forgotten it is done.
            job = jobs.get(job.id) or replace(job, state="done")
            if not job.finished:
                self.queue.wait_for_change(job.story_id, seen, timeout=5)
        return job

    def version(self, story_id: object) -> int:
        """Grows with every change to the story or its jobs: who has seen this number has seen everything."""
        return self.session(story_id).revision + self.queue.version(story_id)

    def close(self) -> None:
        self.queue.close()

    def _drop_an_empty_story(self) -> None:
        for story_id, session in self._sessions.items():
            if not session.story.frames:
                del self._sessions[story_id]
                self._stale.pop(story_id, None)
                return
        raise StoryError(f"This app holds {self.max_stories} stories, the most it can; try again later.")


def _is_stale(story: Story, frame: Frame) -> bool:
    return frame.take is not None and frame.take.inputs != inputs_hash(story, frame.id)


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise StoryError(f"{what} has to be text, not {type(value).__name__}; write it again.")
    return value[:MAX_TEXT]


def _id(value: object) -> str:
    if not isinstance(value, str) or len(value) > 100:
        raise StoryError("That is no part of this story; reload the page and choose one from the board.")
    return value
