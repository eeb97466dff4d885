"""The library itself, in one folder: every story, its undo history, its shelves, and what was being drawn.

Imports neither torch nor Gradio, and knows no sessions. `library.sqlite3` holds the stories as JSON, `pictures/` holds
their pictures. When `save` returns, the story is on disk whatever happens next. When it raises, nothing has changed.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from storyboard.errors import StoryError
from storyboard.library.file import LibraryFile
from storyboard.library.folders import picture_store, temporary_folder
from storyboard.library.jobs import RememberedJobs
from storyboard.library.leaving import (
    DAY,
    PICTURE_DAYS,
    STORY_DAYS,
    forget,
    found_often,
    is_another_day,
    pictures_spoken_of,
)
from storyboard.library.mirror import Mirror
from storyboard.library.parts import Numbers, Parts, described, numbers_in, read_frames, story_with
from storyboard.library.salvage import salvaged
from storyboard.library.shelves import Shelves
from storyboard.library.steps import STACKS, SavedStep, read_steps, write_steps
from storyboard.story.as_json import Tell, story_to_json, untold
from storyboard.story.undo import Step
from storyboard.story.values import ID, MAX_TITLE, Frame, Story, new_id
from storyboard.text.captions import clean_text

DAYS_KEPT = 30  # so many days a deleted story can be restored
Kept = Literal["disk", "hub", "nowhere"]  # "nowhere": the stories are lost when the app ends
MAX_OPENING = 120  # the list shows so many characters of the first sentence

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Saved:
    """A story as the library has it. `updated` is in seconds since 1970.

    The next step of each stack is its last item.
    """

    story: Story
    revision: int
    updated: float
    undo: tuple[Step, ...]
    redo: tuple[Step, ...]


class Library:
    """The stories in one folder. Safe to call from several threads of one process. Close it when done.

    How a session uses it: it starts from the `revision`, `undo` and `redo` of `open`, or from 0 and empty stacks for a
    new story. For every change it calls `save(story, revision + 1, undo, redo)` under its own lock, *before* it accepts
    the change. If `save` raises a StoryError, the error goes to the writer and the session stays as it was.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] | None,
        clock: Callable[[], float] = time.time,
        notice: str = "",
        budget: int | None = None,
        mirror: Mirror | None = None,
        lasting: bool = True,
    ) -> None:
        """Opens the library in `folder`, which is created if it is missing.

        folder: None stands for a temporary folder, which is removed by `close`.
        notice: one more sentence that the writer should see.
        budget: the most bytes that its pictures may take.
        mirror: a copy elsewhere, which is closed with the library.
        lasting: whether the folder is still there after a restart.

        FolderUnusable if the folder cannot be written. StoryError if another process has the library open, or if a
        newer version of the app made it.
        """
        self._temporary = None
        if folder is None:
            self._temporary = temporary_folder()
            folder = self._temporary.name
        self.folder = Path(folder)
        self._clock = clock
        self._kept: dict[str, _Kept] = {}  # for each open story, what of it is on disk
        self._lasting = lasting
        self.mirror = mirror
        self._file = LibraryFile(self.folder, clock, mirror.restore if mirror else None)
        self.shelves, self.jobs = Shelves(self._file), RememberedJobs(self._file)
        try:
            self.pictures = picture_store(self.folder / "pictures", budget)
            self.notices = tuple(filter(None, (notice, *self._file.notices, self._salvaged())))
            self._tidy()
        except BaseException:
            self.close()
            raise
        if mirror is not None:
            mirror.follow(self)

    @property
    def kept(self) -> Kept:
        """Where stories are kept over a restart."""
        if self.mirror is not None:
            return "hub"
        return "disk" if self._lasting and self._temporary is None else "nowhere"

    @property
    def trouble(self) -> str:
        """What is wrong with the mirror at the moment, as a sentence; "" for nothing."""
        return self.mirror.trouble if self.mirror else ""

    @property
    def changes(self) -> int:
        """A number that is different after every change."""
        return self._file.changes

    def copy_to(self, path: Path) -> None:
        """Writes all stories, without pictures, to a file at `path`. StoryError if the disk does not take it."""
        self._file.copy_to(path)

    def save(
        self, story: Story, revision: int, undo: Sequence[Step] = (), redo: Sequence[Step] = ()
    ) -> float:
        """Puts the story on disk as `revision`, with its whole undo and redo stacks. Returns the time of saving.

        The library must have `revision - 1`, but a story that it does not have may start with any revision. Only new
        steps of the stacks are written; a step is recognised by the identity of its story.

        StoryError if the library has another revision because the story was saved elsewhere, if the story was deleted,
        or if the disk does not take it.
        """
        now, known = self._clock(), self._kept.get(story.id, _Kept())
        parts = known.parts.copy()  # a copy, so that nothing wrong is remembered if the transaction fails
        with self._file.transaction() as connection:
            numbers = parts.write(connection, story)
            parts.leave(known.numbers)
            row = _row(story, numbers, revision, now)
            changed = connection.execute(
                """UPDATE stories SET body = :body, revision = :revision, title = :title, opening = :opening,
                    frames = :frames, thumbnail = :thumbnail, updated = :updated
                WHERE id = :id AND revision = :revision - 1 AND deleted IS NULL""",
                row,
            ).rowcount
            if not changed:
                self._insert(connection, row)
            steps = write_steps(connection, story.id, known.steps, undo, redo, parts)
            if known.steps or known.numbers:
                parts.sweep(connection)
            else:  # which rows of the story are on disk is unknown
                parts.sweep_others(connection, story.id)
        self._kept[story.id] = _Kept(steps, numbers, parts)
        return now

    def has(self, story_id: str) -> bool:
        """Returns whether there is a story with that id that is not deleted."""
        row = self._row_of(story_id)
        return row is not None and row["deleted"] is None

    def open(self, story_id: str) -> Saved:
        """Returns the story with that id as the library has it.

        StoryError if there is none, if it was deleted, or if it is damaged.
        """
        row = self._found(story_id)
        tell = partial(log.warning, "story %s: %s", story_id)
        frames, data = self._frames(story_id, tell), _parsed(row["body"])
        story = story_with(data, frames, tell)
        steps, numbers, parts = self._changes(story_id, frames), numbers_in(data), Parts()
        for held, rows in ((story, numbers), *((one.step[1], one.parts) for one in steps)):
            if rows:
                parts.know(held.frames, rows)
        self._kept[story_id] = _Kept(steps, numbers, parts)
        undo, redo = (tuple(one.step for one in steps if one.stack == stack) for stack in STACKS)
        return Saved(story, row["revision"], row["updated"], undo, redo)

    def let_go(self, story_id: str) -> None:
        """Forgets what is kept in memory of a story that is no longer open in a session."""
        self._kept.pop(story_id, None)

    def rename(self, story_id: str, title: str) -> None:
        """Gives another title to a story that is not open in a session. An open story is renamed in its session."""
        saved = self.open(story_id)
        story = replace(saved.story, title=clean_text(title)[:MAX_TITLE].strip())
        self.save(story, saved.revision + 1, saved.undo, saved.redo)

    def duplicate(self, story_id: str) -> str:
        """Copies a story under a fresh id, with its takes and without its undo history. Returns the new id."""
        story = story_with(_parsed(self._found(story_id)["body"]), self._frames(story_id))
        title = clean_text(f"{story.title[: MAX_TITLE - 7]} (copy)") if story.title else ""
        copy = replace(story, id=new_id(), title=title)
        self.save(copy, 1)
        self.let_go(copy.id)
        return copy.id

    def delete(self, story_id: str) -> None:
        """Deletes the story. `restore` can bring it back for DAYS_KEPT days. StoryError if there is no such story."""
        self._found(story_id)
        with self._file.transaction() as connection:
            connection.execute("UPDATE stories SET deleted = ? WHERE id = ?", (self._clock(), story_id))
            connection.execute("DELETE FROM jobs WHERE story = ?", (story_id,))

    def restore(self, story_id: str) -> None:
        """Brings a deleted story back. StoryError if it is gone for good, or was never there."""
        if self._row_of(story_id) is None:
            raise StoryError(f"That story cannot be brought back; deleted stories are kept {DAYS_KEPT} days.")
        with self._file.transaction() as connection:
            connection.execute("UPDATE stories SET deleted = NULL WHERE id = ?", (story_id,))

    def close(self) -> None:
        """Finishes writing and releases the library for another process. Safe to call twice."""
        if self.mirror is not None:
            self.mirror.close()
        self._file.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _insert(self, connection: sqlite3.Connection, row: dict[str, object]) -> None:
        """Saves a story for the first time. StoryError if the library has it already."""
        there = connection.execute("SELECT deleted FROM stories WHERE id = ?", (row["id"],)).fetchone()
        if there is None:
            _insert_row(connection, row)
        elif there["deleted"] is not None:
            raise StoryError("This story was deleted, so nothing was saved; restore it from the list first.")
        else:
            raise StoryError("This story was changed elsewhere, so nothing was saved; reload the page.")

    def _found(self, story_id: str) -> sqlite3.Row:
        """Returns the row of a story that can be opened. StoryError if there is none, or if the story was deleted."""
        row = self._row_of(story_id)
        if row is None:
            raise StoryError("There is no story with that id; check the link, or begin a new one.")
        if row["deleted"] is not None:
            raise StoryError("This story was deleted; restore it from the list of stories to open it.")
        return row

    def _row_of(self, story_id: str) -> sqlite3.Row | None:
        if not ID.fullmatch(story_id):
            return None
        return next(iter(self._file.rows("SELECT * FROM stories WHERE id = ?", (story_id,))), None)

    def _frames(self, story_id: str, tell: Tell = untold) -> dict[int, Frame]:
        """Returns the story's frames by row number."""
        return read_frames(self._file.rows("SELECT * FROM parts WHERE story = ?", (story_id,)), tell)

    def _changes(self, story_id: str, frames: Mapping[int, Frame]) -> tuple[SavedStep, ...]:
        """Returns the story's undo history as it is on disk. It is empty if it cannot be read."""
        rows = self._file.rows("SELECT * FROM changes WHERE story = ? ORDER BY number", (story_id,))
        try:
            return read_steps(rows, frames)
        except StoryError as error:  # the story is worth more than its history
            log.warning("story %s: %s", story_id, error)
            return ()

    def _salvaged(self) -> str:
        """Takes over stories that the damaged file has and the backup in its place lacks.

        Returns a notice, "" for none.
        """
        damaged = self._file.set_aside
        count = self.take_over(damaged) if damaged is not None else 0
        return f"{count} stories were read from the damaged file." if count else ""

    def take_over(self, path: Path) -> int:
        """Takes in the stories of another library's file that this one lacks or has in an older revision.

        The stories come without their undo history. The file may be damaged. Returns how many stories were taken in.
        """
        taken, frames = [], read_frames(list(salvaged(path, "parts")))
        with self._file.transaction() as connection:
            for row in salvaged(path, "stories"):
                try:
                    story = story_with(_parsed(row["body"]), frames)
                    newer = _row(story, None, int(row["revision"]), float(row["updated"]))
                    newer |= {
                        "created": float(row["created"]),
                        "deleted": row["deleted"] and float(row["deleted"]),
                    }
                except (StoryError, KeyError, TypeError, ValueError):
                    continue
                older = "DELETE FROM stories WHERE id = ? AND revision < ?"
                connection.execute(older, (story.id, newer["revision"]))
                if not connection.execute("SELECT 1 FROM stories WHERE id = ?", (story.id,)).fetchone():
                    _insert_row(connection, newer)
                    taken.append(story.id)
            for table in ("shelves", "owners"):
                for row in salvaged(path, table):
                    connection.execute(
                        f"INSERT OR IGNORE INTO {table} (shelf, story) VALUES (:shelf, :story)", row
                    )
        for story_id in taken:
            self.let_go(story_id)
        return len(taken)

    def _tidy(self) -> None:
        """Removes stories deleted long ago, pictures that nothing uses, and shelf entries of stories that were never
        saved.
        """
        now = self._clock()
        try:
            with self._file.transaction() as connection:
                long_ago = "SELECT id FROM stories WHERE deleted < ?"
                due = [row["id"] for row in connection.execute(long_ago, (now - DAYS_KEPT * DAY,))]
                gone = found_often(connection, "story", due, STORY_DAYS, now)
                connection.executemany("DELETE FROM stories WHERE id = ?", [(one,) for one in gone])
                forget(connection, "story", gone)
                for table in ("shelves", "owners"):
                    connection.execute(f"DELETE FROM {table} WHERE story NOT IN (SELECT id FROM stories)")
                # Pictures stay while a damaged file lies beside this one: somebody may still repair that by hand.
                if not self._file.has_damaged() and is_another_day(connection, "pictures", now):
                    spare = self.pictures.keys() - pictures_spoken_of(connection)
                    gone = found_often(connection, "picture", spare, PICTURE_DAYS, now)
                    self.pictures.remove(gone)  # nothing draws yet, so no picture is on its way into a story
                    forget(connection, "picture", gone)
        except (StoryError, zlib.error) as error:  # tidying can wait; the writer can still open stories
            log.warning("the library was not tidied: %s", error)


@dataclass(frozen=True)
class _Kept:
    """What is on disk of a story: the steps of its history, the row numbers of its frames, and all its rows."""

    steps: tuple[SavedStep, ...] = ()
    numbers: Numbers = ()
    parts: Parts = field(default_factory=Parts)


def _row(story: Story, numbers: Numbers | None, revision: int, updated: float) -> dict[str, object]:
    """Returns the row of a new story that is not deleted.

    `numbers`: the row numbers of its frames. If it is None, the frames are put into the row itself.
    """
    drawn = next((frame.take.picture for frame in reversed(story.frames) if frame.take is not None), None)
    return {
        "id": story.id,
        "body": json.dumps(story_to_json(story)) if numbers is None else described(story, numbers),
        "revision": revision,
        "title": story.title,
        "opening": story.frames[0].caption[:MAX_OPENING] if story.frames else "",
        "frames": len(story.frames),
        "thumbnail": drawn,
        "created": updated,
        "updated": updated,
        "deleted": None,
    }


def _insert_row(connection: sqlite3.Connection, row: dict[str, object]) -> None:
    connection.execute(
        f"INSERT INTO stories ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})", row
    )


def _parsed(body: Any) -> object:
    """Returns the parsed JSON. StoryError if `body` is no JSON text."""
    try:
        return json.loads(body)
    except (TypeError, ValueError, RecursionError) as error:
        raise StoryError("The story is damaged; a backup of the library may have it whole.") from error
