"""The frames of stories in rows of their own, so that an edit of one frame writes one frame.

A story and each step of its undo history are written as what they are beside frames, and the numbers of the rows that
hold these. A row is never changed, and goes when nothing speaks of it any more. Libraries of earlier versions have
whole stories; they are read as well.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from storyboard.errors import StoryError
from storyboard.story.as_json import (
    Tell,
    frame_from_json,
    frame_to_json,
    story_from_json,
    story_to_json,
    untold,
)
from storyboard.story.values import Frame, Story

Numbers = tuple[int, ...]  # of the rows of a story's frames, in the story's order


class Parts:
    """Where the frames of one open story are, and how often each row is spoken of. A frame is known by its identity."""

    def __init__(self) -> None:
        self._rows: dict[
            int, tuple[Frame, int]
        ] = {}  # by the frame's id() in memory, which holding it keeps its own
        self._frames: dict[int, Frame] = {}  # by the number of its row
        self._uses: Counter[int] = Counter()
        self._unused: set[int] = set()

    def copy(self) -> Parts:
        copy = Parts()
        copy._rows, copy._frames = self._rows.copy(), self._frames.copy()
        copy._uses, copy._unused = self._uses.copy(), self._unused.copy()
        return copy

    def know(self, frames: Iterable[Frame], numbers: Numbers) -> None:
        """These frames are in these rows, and one more story speaks of them."""
        for frame, number in zip(frames, numbers, strict=True):
            self._rows[id(frame)] = frame, number
            self._frames[number] = frame
            self._uses[number] += 1

    def write(self, connection: sqlite3.Connection, story: Story) -> Numbers:
        """Write the frames that have no row yet, inside a transaction. Returns the numbers of all, once more used."""
        numbers = tuple(
            self._rows[id(frame)][1] if id(frame) in self._rows else _insert(connection, story.id, frame)
            for frame in story.frames
        )
        self.know(story.frames, numbers)
        return numbers

    def leave(self, numbers: Numbers) -> None:
        """A story that spoke of these rows is no more."""
        self._uses.subtract(numbers)
        self._unused.update(number for number in numbers if self._uses[number] <= 0)

    def sweep(self, connection: sqlite3.Connection) -> None:
        """Delete the rows that nothing speaks of, inside a transaction."""
        gone = [number for number in self._unused if self._uses[number] <= 0]
        connection.executemany("DELETE FROM parts WHERE number = ?", [(number,) for number in gone])
        for number in gone:
            self._rows.pop(id(self._frames.pop(number)), None)
            del self._uses[number]
        self._unused.clear()

    def sweep_others(self, connection: sqlite3.Connection, story_id: str) -> None:
        """Delete every row of the story that is not known here, inside a transaction."""
        rows = connection.execute("SELECT number FROM parts WHERE story = ?", (story_id,))
        gone = [(row["number"],) for row in rows if self._uses[row["number"]] <= 0]
        connection.executemany("DELETE FROM parts WHERE number = ?", gone)


def described(story: Story, numbers: Numbers) -> str:
    """Returns the story as text, its frames as the numbers of their rows."""
    rows = iter(numbers)
    return json.dumps(story_to_json(story, lambda frame: next(rows)))


def numbers_in(data: object) -> Numbers:
    """Returns the rows a parsed story speaks of; none for one of an earlier version, which has its frames itself."""
    frames = data.get("frames") if isinstance(data, dict) else None
    return tuple(one for one in frames if type(one) is int) if isinstance(frames, list) else ()


def story_with(data: object, frames: Mapping[int, Frame], tell: Tell = untold) -> Story:
    """Returns the story of a parsed text, its frames from `frames` by their rows. StoryError where one is missing."""
    if isinstance(data, dict) and numbers_in(data):
        data = data | {"frames": [frames.get(one) if type(one) is int else one for one in data["frames"]]}
    return story_from_json(data, tell)


def read_frames(rows: Iterable[Mapping[str, Any] | sqlite3.Row], tell: Tell = untold) -> dict[int, Frame]:
    """Returns the frames in rows of (number, body) by their numbers, except those that cannot be read."""
    frames = {}
    for row in rows:
        try:
            frames[row["number"]] = frame_from_json(json.loads(row["body"]), tell)
        except (StoryError, TypeError, ValueError, RecursionError):
            continue  # whatever speaks of it is damaged, and says so
    return frames


def inserted(connection: sqlite3.Connection, statement: str, values: Sequence[object]) -> int:
    """Returns the number of the row that an INSERT made."""
    number = connection.execute(statement, values).lastrowid
    if number is None:
        raise ValueError(f"made no row: {statement}")
    return number


def _insert(connection: sqlite3.Connection, story_id: str, frame: Frame) -> int:
    body = json.dumps(frame_to_json(frame))
    return inserted(connection, "INSERT INTO parts (story, body) VALUES (?, ?)", (story_id, body))
