"""Shelves: whose list a story stands in, by an id that each browser and each account has; and which account owns it.

Knows the tables `shelves`, `owners` and `stories`, not what is in a story.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from storyboard.errors import StoryError
from storyboard.library.file import LibraryFile
from storyboard.story.values import ID

SHELF = re.compile(r"[A-Za-z0-9_-]{10,64}")


@dataclass(frozen=True)
class Entry:
    """A line of the list of stories; times are seconds since 1970."""

    story_id: str
    title: str  # "" where the writer gave none: `opening` says more
    opening: str  # the first sentence, "" for a story without frames
    frames: int
    thumbnail: str | None  # picture key of the last frame that has a picture
    created: float
    updated: float
    deleted: float | None  # None while it is not; a deleted one can be restored


class Shelves:
    """The shelves of the library in a file. Safe to call from several threads."""

    def __init__(self, file: LibraryFile):
        self._file = file

    def put(self, shelf: str, story_id: str) -> None:
        """Show the story in the list of `shelf`, the id a browser keeps, as soon as it is saved for the first time.

        StoryError for what is no shelf id.
        """
        if not (SHELF.fullmatch(shelf) and ID.fullmatch(story_id)):
            raise StoryError("That is no shelf of stories, or no story; give the id of one.")
        if not self.has(shelf, story_id):
            with self._file.transaction() as connection:
                connection.execute("INSERT OR IGNORE INTO shelves VALUES (?, ?)", (shelf, story_id))

    def put_all(self, source: str, shelf: str) -> None:
        """Show every story in the list of `source`, deleted ones too, in that of `shelf` as well."""
        missing = """SELECT story FROM shelves WHERE shelf = ?
            AND story NOT IN (SELECT story FROM shelves WHERE shelf = ?)"""
        for row in self._file.rows(missing, (source, shelf)):
            self.put(shelf, row["story"])

    def has(self, shelf: str, story_id: str) -> bool:
        """Returns whether the story is in that list."""
        if not (SHELF.fullmatch(shelf) and ID.fullmatch(story_id)):
            return False
        return bool(self._file.rows("SELECT 1 FROM shelves WHERE shelf = ? AND story = ?", (shelf, story_id)))

    def give(self, story_id: str, shelf: str) -> None:
        """From now on the story is the own of the account of that shelf. One that is somebody's stays theirs."""
        with self._file.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO owners VALUES (?, ?)", (story_id, shelf))

    def owner(self, story_id: str) -> str | None:
        """Returns the shelf of the account that owns the story; None for a story of whoever has its address."""
        rows = self._file.rows("SELECT shelf FROM owners WHERE story = ?", (story_id,))
        return rows[0]["shelf"] if rows else None

    def list(self, shelf: str, deleted: bool = False) -> tuple[Entry, ...]:
        """Returns the stories of a shelf, the latest first; with `deleted` those that can be restored instead."""
        if not SHELF.fullmatch(shelf):
            return ()
        rows = self._file.rows(
            f"""SELECT id, title, opening, frames, thumbnail, created, updated, deleted
                FROM shelves JOIN stories ON id = story
                WHERE shelf = ? AND deleted IS {"NOT NULL" if deleted else "NULL"} ORDER BY updated DESC, id""",
            (shelf,),
        )
        return tuple(Entry(*row) for row in rows)
