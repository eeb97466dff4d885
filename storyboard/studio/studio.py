"""The studio: every story there is, the queue that draws them, and what can be done to one from outside.

Knows neither torch nor gradio: the page and the API both come through here. A story is reached by its id
alone, which nobody can guess; values from outside are checked here and refused with a StoryError. With a library
every change is on disk when its verb returns; without one, stories end with the app.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from storyboard.disk.pictures import PictureStore, read_upload
from storyboard.errors import StoryError
from storyboard.library import Entry, Library
from storyboard.renderer import Renderer, steps_for
from storyboard.story.inputs import frames_touched, stale_frames
from storyboard.story.job import Job
from storyboard.story.values import MAX_FRAMES, QUALITIES, Character, Frame, Portrait, Story, new_id
from storyboard.studio.jobs import DrawingQueue
from storyboard.studio.session import StorySession
from storyboard.studio.sessions import MAX_OPEN, Sessions
from storyboard.text.script import MAX_SCRIPT, split_script

MAX_STORIES = 2000  # without a library
MAX_TEXT = 10_000  # characters looked at in any text from outside; a sentence's own limit is far below
MAX_VARIANTS = 8
TAKES_LOOKED_AT = 9


class Studio:
    """The stories of everyone who uses this app. Safe to call from several threads; close it when done.

    `library` is closed by whoever opened it, after the studio; its pictures are then `pictures`. `model`: the name of
    the pipeline; `drawn_by`: that and which weights, noted in every take; `own_steps`: in how many steps it draws where
    `steps` says nothing, 0 where that is not known.
    """

    def __init__(
        self,
        renderer: Renderer,
        cast: Sequence[Character],
        pictures: PictureStore,
        steps: int | None = None,
        max_stories: int | None = None,
        library: Library | None = None,
        model: str = "",
        own_steps: int = 0,
        drawn_by: str = "",
    ) -> None:
        self.renderer = renderer
        self.model = model
        self.cast = tuple(cast)
        self.pictures = pictures
        self.steps = steps
        self.own_steps = own_steps
        self.drawn_by = drawn_by or model
        self.library = library
        self.queue = DrawingQueue(remember=library.remember) if library else DrawingQueue()
        self._sessions = Sessions(
            self._session, library, max_stories or (MAX_OPEN if library else MAX_STORIES)
        )
        self._stale: dict[str, tuple[Story, frozenset[str]]] = {}
        # Jobs count from 0 in every run: without this a page from before a restart could take old for new.
        self._first_version = int(time.time() * 1000)
        if library:
            self.queue.recall(library.interrupted_jobs())

    # -- Stories

    def create(self, shelf: object = None) -> str:
        """A new empty story with the whole cast; its id. It is saved, and stands on `shelf`, from its first change."""
        story_id = self._sessions.create(self.cast).story.id
        if shelf is not None:
            self.put_on_shelf(shelf, story_id)
        return story_id

    def has(self, story_id: object) -> bool:
        return isinstance(story_id, str) and len(story_id) <= 100 and self._sessions.has(story_id)

    def session(self, story_id: object) -> StorySession:
        """The story of that id, opened where it was not. StoryError where there is none."""
        if not isinstance(story_id, str) or len(story_id) > 100:
            raise StoryError("There is no story with that id; check the link, or begin a new one.")
        return self._sessions.get(story_id)

    def adopt(self, story: Story, shelf: object = None) -> str:
        """Take in a story from elsewhere, its pictures already in the store, under a fresh id; the id."""
        story_id = self._sessions.adopt(replace(story, id=new_id())).story.id
        if shelf is not None:
            self.put_on_shelf(shelf, story_id)
        return story_id

    def stories(self, shelf: object, deleted: bool = False) -> tuple[Entry, ...]:
        """The stories of a shelf, the latest first; with `deleted` those that can be restored instead."""
        return self.library.list(_id(shelf), deleted) if self.library else ()

    def put_on_shelf(self, shelf: object, story_id: object) -> None:
        """Show a story in the list of a shelf, the id a browser keeps."""
        if self.library:
            self.library.put_on_shelf(_id(shelf), self.session(story_id).story.id)

    def take_off_shelf(self, shelf: object, story_id: object) -> None:
        """Leave a story out of a list; its link still opens it."""
        if self.library:
            self.library.take_off_shelf(_id(shelf), _id(story_id))

    def rename(self, story_id: object, title: object) -> None:
        self.session(story_id).rename(_text(title, "The title"))

    def set_look(self, story_id: object, look: object) -> None:
        self.session(story_id).set_look(_text(look, "The look"))

    def set_quality(self, story_id: object, quality: object) -> None:
        self.session(story_id).set_quality(_text(quality, "The quality"))

    def duplicate_story(self, story_id: object, shelf: object = None) -> str:
        """A copy of a story under a fresh id, with its takes; the id."""
        story = self.session(story_id).story
        return self._kept().duplicate(story.id, None if shelf is None else _id(shelf))

    def delete_story(self, story_id: object) -> None:
        """Delete a story, what is drawn of it included; `restore_story` brings it back."""
        story_id = self.session(story_id).story.id
        self.queue.cancel_all(story_id)
        if self._kept().has(story_id):  # not an empty one, which was never saved
            self.library.delete(story_id)
        self._sessions.drop(story_id)
        self._stale.pop(story_id, None)

    def restore_story(self, story_id: object) -> None:
        self._kept().restore(_id(story_id))

    # -- Frames

    def add(
        self,
        story_id: object,
        caption: object,
        after: object = None,
        before: object = None,
        draw: bool = True,
    ) -> tuple[Frame, Job | None]:
        """Add a frame after or before another one, or at the end, and queue its drawing if `draw`."""
        session = self.session(story_id)
        frame = session.add(_text(caption, "The sentence"), _id_or_none(after), _id_or_none(before))
        if not draw:
            return frame, None
        try:
            return frame, self.queue.submit(session, frame.id)
        except StoryError:
            session.remove(frame.id)  # the writer gets the sentence back instead
            raise

    def add_many(
        self,
        story_id: object,
        captions: object,
        after: object = None,
        before: object = None,
        draw: bool = False,
    ) -> tuple[Frame, ...]:
        """Add frames in one step, all or none, and queue their drawing if `draw`."""
        session = self.session(story_id)
        if not isinstance(captions, (list, tuple)) or len(captions) > MAX_FRAMES:
            raise StoryError(f"A script has to be a list of at most {MAX_FRAMES} sentences; split it.")
        texts = [_text(caption, "A sentence") for caption in captions]
        frames = session.add_many(texts, _id_or_none(after), _id_or_none(before))
        if draw:
            self._queue_all(session, {frame.id for frame in frames})
        return frames

    def split(self, story_id: object, script: object) -> list[str]:
        """A pasted script as sentences, one a frame, for the writer to look at before `add_many`."""
        names = self.session(story_id).story.names
        spellings = [spelling for name, aliases in names.items() for spelling in (name, *aliases)]
        return split_script(_text(script, "The script", MAX_SCRIPT), spellings)

    def edit(self, story_id: object, frame_id: object, caption: object, base: object = None) -> Frame:
        """Another sentence for a frame. A drawing of the old one that waits or runs is left as it is.

        `base`: the sentence the writer started from; where another one stands there by now, it stays.
        """
        started = None if base is None else _text(base, "The sentence before")
        return self.session(story_id).edit(_id(frame_id), _text(caption, "The sentence"), started)

    def duplicate(self, story_id: object, frame_id: object) -> Frame:
        return self.session(story_id).duplicate(_id(frame_id))

    def move(self, story_id: object, frame_id: object, number: object) -> None:
        self.session(story_id).move(_id(frame_id), number)

    def remove(self, story_id: object, frame_id: object) -> None:
        self.session(story_id).remove(_id(frame_id))
        self.stop(story_id, frame_id)

    def lock(self, story_id: object, frame_id: object, locked: object) -> None:
        if not isinstance(locked, bool):
            raise StoryError("A frame is locked or not; reload the page and choose again.")
        self.session(story_id).lock(_id(frame_id), locked)

    def see(self, story_id: object, frame_id: object, count: object) -> None:
        self.session(story_id).see(_id(frame_id), count)

    def keep_seed(self, story_id: object, frame_id: object, seed: object) -> None:
        self.session(story_id).keep_seed(_id(frame_id), seed)

    def use_portrait(self, story_id: object, frame_id: object, name: object, portrait_id: object) -> None:
        self.session(story_id).use_portrait(_id(frame_id), _text(name, "The name"), _id_or_none(portrait_id))

    def include(self, story_id: object, frame_id: object, name: object, presence: object) -> None:
        self.session(story_id).include(_id(frame_id), _text(name, "The name"), presence)

    def rebind(self, story_id: object, frame_id: object, occurrence: object, names: object) -> None:
        people = None if names is None else _texts(names, "Whom a pronoun stands for")
        self.session(story_id).rebind(_id(frame_id), occurrence, people)

    def choose_take(self, story_id: object, frame_id: object, take_id: object) -> None:
        self.session(story_id).choose_take(_id(frame_id), _id(take_id))

    def undo(self, story_id: object) -> str:
        """Take the latest change back; what it was, as a phrase."""
        phrase = self.session(story_id).undo()
        self._stop_removed(story_id)
        return phrase

    def redo(self, story_id: object) -> str:
        phrase = self.session(story_id).redo()
        self._stop_removed(story_id)
        return phrase

    # -- The cast

    def add_character(
        self, story_id: object, name: object, pronoun: object, aliases: object, upload: Path
    ) -> Character:
        """One more cast member, wearing the picture in the file `upload`."""
        session, name = self.session(story_id), _text(name, "The name")
        picture = read_upload(upload, what="The portrait")
        return session.add_character(name, pronoun, _texts(aliases, "The aliases"), picture)

    def edit_character(
        self, story_id: object, name: object, new_name: object, pronoun: object, aliases: object
    ) -> Character:
        return self.session(story_id).edit_character(
            _text(name, "The name"), _text(new_name, "The name"), pronoun, _texts(aliases, "The aliases")
        )

    def remove_character(self, story_id: object, name: object) -> None:
        self.session(story_id).remove_character(_text(name, "The name"))

    def choose_portrait(self, story_id: object, name: object, portrait_id: object) -> None:
        self.session(story_id).choose_portrait(_text(name, "The name"), _id(portrait_id))

    def add_portrait(self, story_id: object, name: object, upload: Path) -> Portrait:
        """One more portrait of a character, worn at once unless that makes a drawn frame out of date.

        StoryError where the file `upload` is no usable picture.
        """
        session = self.session(story_id)
        character = session.story.character(_text(name, "The name"))
        picture = read_upload(upload, what=f"The portrait for {character.name}")
        touched = frames_touched(session.story, character.name, portrait=True)
        return session.add_portrait(character.name, picture, upload.stem, wear=not touched)

    def frames_touched(self, story_id: object, name: object, portrait: bool = False) -> tuple[str, ...]:
        """The ids of the drawn frames that a change to a character, or to its portrait, makes out of date."""
        return frames_touched(self.session(story_id).story, _text(name, "The name"), portrait)

    # -- Drawing

    def draw(self, story_id: object, frame_id: object, reroll: bool = False, variants: object = None) -> Job:
        """Queue a frame as it stands; what is being drawn of it is stopped. `reroll`: under a new seed.

        `variants`: so many rerolls, beside whatever is drawn of the frame; the job is that of the last one.
        """
        session = self.session(story_id)
        frame = session.story.frame(_id(frame_id))
        if variants is not None:
            if not isinstance(variants, int) or not 1 <= variants <= MAX_VARIANTS:
                raise StoryError(f"There can be 1 to {MAX_VARIANTS} variants at a time; choose one of these.")
            return [self.queue.submit(session, frame.id, reroll=True) for _ in range(variants)][-1]
        # One that still waits keeps its place: it will be drawn as the frame is then.
        for job in self.queue.jobs_of(story_id):
            if job.frame_id == frame.id and job.state == "drawing":
                self.queue.cancel(job.id)
        return self.queue.submit(session, frame.id, reroll)

    def draw_missing(self, story_id: object) -> int:
        """Queue every frame without a picture, in order, save locked ones; how many."""
        session = self.session(story_id)
        return self._queue_all(session, {one.id for one in session.story.frames if one.take is None})

    def draw_stale(self, story_id: object) -> int:
        """Queue every frame whose picture is out of date, from the first to the last, save locked ones; how many."""
        session = self.session(story_id)
        return self._queue_all(session, self.stale_frames(session.story))

    def retry_failed(self, story_id: object) -> int:
        """Queue once more what failed or was interrupted last, save locked frames; how many."""
        session = self.session(story_id)
        latest = {job.frame_id: job for job in self.queue.jobs_of(session.story.id)}
        again = {job.frame_id: job for job in latest.values() if job.state in ("failed", "interrupted")}
        return self._queue_all(session, again, lambda frame: again[frame.id].reroll)

    def resume(self, story_id: object) -> int:
        """Queue again what a restart of the app interrupted; how many."""
        return len(self.queue.resume(self.session(story_id)))

    def stale_frames(self, story: Story) -> frozenset[str]:
        """The frames whose picture is out of date (as `StorySession.is_stale`), worked out once a change."""
        known = self._stale.get(story.id)
        if known is None or known[0] is not story:
            if len(self._stale) > MAX_OPEN:
                self._stale.clear()
            known = self._stale[story.id] = (story, stale_frames(story))
        return known[1]

    def estimate(self, story_id: object, quality: str | None = None) -> float | None:
        """Seconds a frame takes lately: as measured here, else as the story's last takes say; None without any.

        `quality`: in that one instead of the story's own.
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
        """Denoising steps a picture gets in a quality; None where the pipeline does not say what it usually takes."""
        usual = self.steps or self.own_steps
        return steps_for(usual, QUALITIES[quality]) if usual else None

    def stop(self, story_id: object, frame_id: object) -> None:
        """Stop whatever is drawn or waits for this frame; its picture stays."""
        self._cancel(story_id, lambda job: job.frame_id == frame_id)

    def cancel(self, story_id: object, job_id: object) -> None:
        """Stop one job of this story, or give up an interrupted one."""
        self._cancel(story_id, lambda job: job.id == job_id)

    def cancel_all(self, story_id: object) -> None:
        self.queue.cancel_all(self.session(story_id).story.id)

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
        return self._first_version + self.session(story_id).revision + self.queue.version(story_id)

    def close(self) -> None:
        """Interrupt what is being drawn and stop. Safe to call twice."""
        self.queue.close()

    def _session(self, story: Story, **kept) -> StorySession:
        noted = {"steps": self.steps, "explain": True, "model": self.drawn_by}
        return StorySession(story, self.renderer, self.pictures, **noted, **kept)

    def _kept(self) -> Library:
        if self.library is None:
            raise StoryError(
                "This app keeps stories only as long as it runs; start it with a library folder."
            )
        return self.library

    def _queue_all(
        self,
        session: StorySession,
        wanted: Iterable[str],
        reroll: Callable[[Frame], bool] = lambda frame: False,
    ) -> int:
        story, wanted = session.story, frozenset(wanted)
        busy = {job.frame_id for job in self.queue.jobs_of(story.id) if not job.finished}
        frames = [one for one in story.frames if one.id in wanted - busy and not one.locked]
        for frame in frames:
            self.queue.submit(session, frame.id, reroll(frame))
        return len(frames)

    def _stop_removed(self, story_id: object) -> None:
        story = self.session(story_id).story
        self._cancel(story_id, lambda job: not story.has_frame(job.frame_id))

    def _cancel(self, story_id: object, chosen: Callable[[Job], bool]) -> None:
        for job in self.queue.jobs_of(self.session(story_id).story.id):
            if chosen(job) and (not job.finished or job.state == "interrupted"):
                self.queue.cancel(job.id)


def _text(value: object, what: str, limit: int = MAX_TEXT) -> str:
    if not isinstance(value, str):
        raise StoryError(f"{what} has to be text, not {type(value).__name__}; write it again.")
    return value[:limit]


def _texts(value: object, what: str) -> list[str]:
    if not isinstance(value, (list, tuple)) or len(value) > 100:
        raise StoryError(f"{what} has to be a list of at most 100 names; choose again.")
    return [_text(one, what) for one in value]


def _id(value: object) -> str:
    if not isinstance(value, str) or len(value) > 100:
        raise StoryError("That is no part of this story; reload the page and choose one from the board.")
    return value


def _id_or_none(value: object) -> str | None:
    return None if value is None else _id(value)
