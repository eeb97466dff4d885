"""The undo and redo stacks of stories in the library's file. Only what is new in a stack is written.

Knows nothing of what a change is but its name and the story it leads to.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from storyboard.errors import StoryError
from storyboard.story.as_json import story_from_json, story_to_json
from storyboard.story.values import Story

Change = tuple[str, Story]  # what undoing (or redoing) it is called, and the story it leads to
MAX_CHANGES_KEPT = 50  # of each stack, the latest
STACKS = ("undo", "redo")


@dataclass(frozen=True)
class Kept:
    """A change that is on disk, in row `number`."""

    number: int
    stack: str  # one of STACKS
    change: Change


def write_changes(
    connection: sqlite3.Connection,
    story_id: str,
    kept: Sequence[Kept],
    undo: Sequence[Change],
    redo: Sequence[Change],
) -> tuple[Kept, ...]:
    """Bring the story's rows from `kept` to these stacks, inside a transaction; what is kept then.

    A change is known again by its name and the identity of its story: equal stories at two moments are two changes.
    Rows that `kept` does not know of are replaced.
    """
    old = {_identity(one.stack, one.change): one for one in kept}
    result = []
    for stack, changes in zip(STACKS, (undo, redo), strict=True):
        last = 0  # rows are numbered as written: one from before that order is written again
        for change in changes[-MAX_CHANGES_KEPT:]:
            there = old.get(_identity(stack, change))
            if there is None or there.number < last:
                there = Kept(_write(connection, story_id, stack, change), stack, change)
            else:
                del old[_identity(stack, change)]
            last = there.number
            result.append(there)
    stay = [one.number for one in result]
    connection.execute(
        f"DELETE FROM changes WHERE story = ? AND number NOT IN ({', '.join('?' * len(stay))})",
        (story_id, *stay),
    )
    return tuple(result)


def read_changes(rows: Sequence[sqlite3.Row]) -> tuple[Kept, ...]:
    """What is kept in the rows (number, stack, name, body) of one story. StoryError where it cannot be read."""
    try:
        return tuple(
            Kept(
                row["number"],
                row["stack"],
                (row["name"], story_from_json(json.loads(zlib.decompress(row["body"])))),
            )
            for row in rows
        )
    except (zlib.error, ValueError, RecursionError) as error:
        raise StoryError("The undo history of the story is damaged; the story itself is whole.") from error


def _identity(stack: str, change: Change) -> tuple[str, str, int]:
    return stack, change[0], id(change[1])


def _write(connection: sqlite3.Connection, story_id: str, stack: str, change: Change) -> int:
    name, story = change
    body = zlib.compress(json.dumps(story_to_json(story)).encode(), level=1)
    return connection.execute(
        "INSERT INTO changes (story, stack, name, body) VALUES (?, ?, ?, ?)", (story_id, stack, name, body)
    ).lastrowid
