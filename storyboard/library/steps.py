"""The undo and redo stacks of stories in the library's file. Only new steps of a stack are written.

A row is a step of `story/undo.py`: its name, and the story that it leads to.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storyboard.errors import StoryError
from storyboard.library.parts import Numbers, Parts, described, inserted, numbers_in, story_with
from storyboard.story.undo import Step
from storyboard.story.values import Frame

MAX_UNDO_SAVED = 50  # so many of the latest steps of each stack are saved
STACKS = ("undo", "redo")


@dataclass(frozen=True)
class SavedStep:
    """A step that is on disk, in row `number`."""

    number: int
    stack: str  # one of STACKS
    step: Step
    parts: Numbers = ()  # the rows of its frames; () if an earlier version wrote it, with the frames inside


def write_steps(
    connection: sqlite3.Connection,
    story_id: str,
    kept: Sequence[SavedStep],
    undo: Sequence[Step],
    redo: Sequence[Step],
    parts: Parts,
) -> tuple[SavedStep, ...]:
    """Changes the story's rows from `kept` to these stacks, inside a transaction. Returns the steps that are kept then.

    New frames are written through `parts`. A step is recognised by its name and the identity of its story: equal
    stories at two moments are two steps. Rows that `kept` does not know are deleted.
    """
    old = {_identity(one.stack, one.step): one for one in kept}
    result = []
    for stack, steps in zip(STACKS, (undo, redo), strict=True):
        last = 0  # row numbers must grow along a stack: a row with a smaller number is written again
        for step in steps[-MAX_UNDO_SAVED:]:
            there = old.get(_identity(stack, step))
            if there is None or there.number < last:
                there = _write(connection, story_id, stack, step, parts)
            else:
                del old[_identity(stack, step)]
            last = there.number
            result.append(there)
    stay = [one.number for one in result]
    staying = set(stay)
    for one in kept:
        if one.number not in staying:
            parts.leave(one.parts)
    connection.execute(
        f"DELETE FROM changes WHERE story = ? AND number NOT IN ({', '.join('?' * len(stay))})",
        (story_id, *stay),
    )
    return tuple(result)


def read_steps(rows: Sequence[sqlite3.Row], frames: Mapping[int, Frame]) -> tuple[SavedStep, ...]:
    """Returns the steps in the rows (number, stack, name, body) of one story. `frames`: its frames by row number.

    StoryError if a step cannot be read.
    """
    try:
        found = []
        for row in rows:
            data = json.loads(zlib.decompress(row["body"]))
            step = row["name"], story_with(data, frames)
            found.append(SavedStep(row["number"], row["stack"], step, numbers_in(data)))
        return tuple(found)
    except (zlib.error, ValueError, RecursionError) as error:
        raise StoryError("The undo history of the story is damaged; the story itself is whole.") from error


def _identity(stack: str, step: Step) -> tuple[str, str, int]:
    return stack, step[0], id(step[1])


def _write(connection: sqlite3.Connection, story_id: str, stack: str, step: Step, parts: Parts) -> SavedStep:
    name, story = step
    numbers = parts.write(connection, story)
    body = zlib.compress(described(story, numbers).encode(), level=1)
    statement = "INSERT INTO changes (story, stack, name, body) VALUES (?, ?, ?, ?)"
    number = inserted(connection, statement, (story_id, stack, name, body))
    return SavedStep(number, stack, step, numbers)
