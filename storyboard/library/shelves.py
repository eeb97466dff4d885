"""Shelves and owners of stories.

A shelf is the list of stories of one browser or one account, under an id that it keeps. A story may also be owned by an
account. Knows the tables `shelves`, `owners` and `stories`, but not what is in a story.
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
    """A line in the list of stories. Times are seconds since 1970."""

    story_id: str
    title: str  # "" if the writer gave none; then `opening` is shown
    opening: str  # the first sentence, "" for a story without frames
    frames: int
    thumbnail: str | None  # picture key of the last frame that has a picture
    created: float
    updated: float
    deleted: float | None  # when it was deleted, None if it is not; a deleted story can be restored


class Shelves:
    """The shelves in a library's file. Safe to call from several threads."""

    def __init__(self, file: LibraryFile):
        self._file = file

    def put(self, shelf: str, story_id: str) -> None:
        """Puts the story into the list of `shelf`. It appears there as soon as it is saved for the first time.

        `shelf` is the id that a browser keeps. StoryError if it is no shelf id.
        """
        if not (SHELF.fullmatch(shelf) and ID.fullmatch(story_id)):
            raise StoryError("That is no shelf of stories, or no story; give the id of one.")
        if not self.has(shelf, story_id):
            with self._file.transaction() as connection:
                connection.execute("INSERT OR IGNORE INTO shelves VALUES (?, ?)", (shelf, story_id))

    def put_all(self, source: str, shelf: str) -> None:
        """Puts every story in the list of `source`, deleted ones too, into the list of `shelf` as well."""
        missing = """SELECT story FROM shelves WHERE shelf = ?
            AND story NOT IN (SELECT story FROM shelves WHERE shelf = ?)"""
        for row in self._file.rows(missing, (source, shelf)):
            self.put(shelf, row["story"])

    def has(self, shelf: str, story_id: str) -> bool:
        """Returns whether the story is in the list of that shelf."""
        if not (SHELF.fullmatch(shelf) and ID.fullmatch(story_id)):
            return False
        return bool(self._file.rows("SELECT 1 FROM shelves WHERE shelf = ? AND story = ?", (shelf, story_id)))

    def give(self, story_id: str, shelf: str) -> None:
        """Makes the account of that shelf the owner of the story.

        If the story already has an owner, nothing changes.
        """
        with self._file.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO owners VALUES (?, ?)", (story_id, shelf))

    def owner(self, story_id: str) -> str | None:
        """Returns the shelf of the account that owns the story. None means that anybody with its address may use it."""
        rows = self._file.rows("SELECT shelf FROM owners WHERE story = ?", (story_id,))
        return rows[0]["shelf"] if rows else None

    def list(self, shelf: str, deleted: bool = False) -> tuple[Entry, ...]:
        """Returns the stories of a shelf, the latest first.

        With `deleted`, returns the stories that can be restored instead.
        """
        if not SHELF.fullmatch(shelf):
            return ()
        rows = self._file.rows(
            f"""SELECT id, title, opening, frames, thumbnail, created, updated, deleted
                FROM shelves JOIN stories ON id = story
                WHERE shelf = ? AND deleted IS {"NOT NULL" if deleted else "NULL"} ORDER BY updated DESC, id""",
            (shelf,),
        )
        return tuple(Entry(*row) for row in rows)
