"""The undo and redo stacks of stories in the library's file. Only what is new in a stack is written.

A row is a step of `story/undo.py`: its name and the story it leads to.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from storyboard.errors import StoryError
from storyboard.story.as_json import story_from_json, story_to_json
from storyboard.story.undo import Step

MAX_UNDO_SAVED = 50  # of each stack, the latest
STACKS = ("undo", "redo")


@dataclass(frozen=True)
class SavedStep:
    """A step that is on disk, in row `number`."""

    number: int
    stack: str  # one of STACKS
    step: Step


def write_steps(
    connection: sqlite3.Connection,
    story_id: str,
    kept: Sequence[SavedStep],
    undo: Sequence[Step],
    redo: Sequence[Step],
) -> tuple[SavedStep, ...]:
    """Bring the story's rows from `kept` to these stacks, inside a transaction; what is kept then.

    A step is known again by its name and the identity of its story: equal stories at two moments are two steps.
    Rows that `kept` does not know of are replaced.
    """
    old = {_identity(one.stack, one.step): one for one in kept}
    result = []
    for stack, steps in zip(STACKS, (undo, redo), strict=True):
        last = 0  # rows are numbered as written: one from before that order is written again
        for step in steps[-MAX_UNDO_SAVED:]:
            there = old.get(_identity(stack, step))
            if there is None or there.number < last:
                there = SavedStep(_write(connection, story_id, stack, step), stack, step)
            else:
                del old[_identity(stack, step)]
            last = there.number
            result.append(there)
    stay = [one.number for one in result]
    connection.execute(
        f"DELETE FROM changes WHERE story = ? AND number NOT IN ({', '.join('?' * len(stay))})",
        (story_id, *stay),
    )
    return tuple(result)


def read_steps(rows: Sequence[sqlite3.Row]) -> tuple[SavedStep, ...]:
    """What is kept in the rows (number, stack, name, body) of one story. StoryError where it cannot be read."""
    try:
        return tuple(
            SavedStep(
                row["number"],
                row["stack"],
                (row["name"], story_from_json(json.loads(zlib.decompress(row["body"])))),
            )
            for row in rows
        )
    except (zlib.error, ValueError, RecursionError) as error:
        raise StoryError("The undo history of the story is damaged; the story itself is whole.") from error


def _identity(stack: str, step: Step) -> tuple[str, str, int]:
    return stack, step[0], id(step[1])


def _write(connection: sqlite3.Connection, story_id: str, stack: str, step: Step) -> int:
    name, story = step
    body = zlib.compress(json.dumps(story_to_json(story)).encode(), level=1)
    return connection.execute(
        "INSERT INTO changes (story, stack, name, body) VALUES (?, ?, ?, ?)", (story_id, stack, name, body)
    ).lastrowid
