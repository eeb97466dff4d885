"""The frames of stories in rows of their own, so that editing one frame writes only one frame.

The row of a story, or of a step of its undo history, has everything except the frames, and the numbers of the rows that
hold the frames. A row is never changed. It is removed when no story and no step uses it. Libraries of earlier versions
have frames inside the story; they can still be read.
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

Numbers = tuple[int, ...]  # the row numbers of a story's frames, in the story's order


class Parts:
    """The rows of one open story's frames, and how often each row is used. A frame is recognised by its identity."""

    def __init__(self) -> None:
        # By the frame's id() in memory. The frame is stored too, so that no other object can get the same id().
        self._rows: dict[int, tuple[Frame, int]] = {}
        self._frames: dict[int, Frame] = {}  # by row number
        self._uses: Counter[int] = Counter()
        self._unused: set[int] = set()

    def copy(self) -> Parts:
        copy = Parts()
        copy._rows, copy._frames = self._rows.copy(), self._frames.copy()
        copy._uses, copy._unused = self._uses.copy(), self._unused.copy()
        return copy

    def know(self, frames: Iterable[Frame], numbers: Numbers) -> None:
        """Notes that these frames are in these rows, and that one more story uses them."""
        for frame, number in zip(frames, numbers, strict=True):
            self._rows[id(frame)] = frame, number
            self._frames[number] = frame
            self._uses[number] += 1

    def write(self, connection: sqlite3.Connection, story: Story) -> Numbers:
        """Writes the frames that have no row yet, inside a transaction. Returns the row numbers of all frames.

        Each of these rows then has one more use.
        """
        numbers = tuple(
            self._rows[id(frame)][1] if id(frame) in self._rows else _insert(connection, story.id, frame)
            for frame in story.frames
        )
        self.know(story.frames, numbers)
        return numbers

    def leave(self, numbers: Numbers) -> None:
        """Notes that a story which used these rows no longer exists."""
        self._uses.subtract(numbers)
        self._unused.update(number for number in numbers if self._uses[number] <= 0)

    def sweep(self, connection: sqlite3.Connection) -> None:
        """Deletes the rows that nothing uses any more, inside a transaction."""
        gone = [number for number in self._unused if self._uses[number] <= 0]
        connection.executemany("DELETE FROM parts WHERE number = ?", [(number,) for number in gone])
        for number in gone:
            self._rows.pop(id(self._frames.pop(number)), None)
            del self._uses[number]
        self._unused.clear()

    def sweep_others(self, connection: sqlite3.Connection, story_id: str) -> None:
        """Deletes every row of the story that is not known here, inside a transaction."""
        rows = connection.execute("SELECT number FROM parts WHERE story = ?", (story_id,))
        gone = [(row["number"],) for row in rows if self._uses[row["number"]] <= 0]
        connection.executemany("DELETE FROM parts WHERE number = ?", gone)


def described(story: Story, numbers: Numbers) -> str:
    """Returns the story as JSON text, with row numbers in place of its frames."""
    rows = iter(numbers)
    return json.dumps(story_to_json(story, lambda frame: next(rows)))


def numbers_in(data: object) -> Numbers:
    """Returns the row numbers in a parsed story.

    It is () for a story of an earlier version, which holds its frames itself.
    """
    frames = data.get("frames") if isinstance(data, dict) else None
    return tuple(one for one in frames if type(one) is int) if isinstance(frames, list) else ()


def story_with(data: object, frames: Mapping[int, Frame], tell: Tell = untold) -> Story:
    """Returns the story of a parsed text. Row numbers in it are replaced by frames from `frames`.

    StoryError if a frame is missing.
    """
    if isinstance(data, dict) and numbers_in(data):
        data = data | {"frames": [frames.get(one) if type(one) is int else one for one in data["frames"]]}
    return story_from_json(data, tell)


def read_frames(rows: Iterable[Mapping[str, Any] | sqlite3.Row], tell: Tell = untold) -> dict[int, Frame]:
    """Returns the frames in rows of (number, body), by number. Frames that cannot be read are left out."""
    frames = {}
    for row in rows:
        try:
            frames[row["number"]] = frame_from_json(json.loads(row["body"]), tell)
        except (StoryError, TypeError, ValueError, RecursionError):
            continue  # reading a story that uses it reports the damage
    return frames


def inserted(connection: sqlite3.Connection, statement: str, values: Sequence[object]) -> int:
    """Runs an INSERT. Returns the number of the row that it made."""
    number = connection.execute(statement, values).lastrowid
    if number is None:
        raise ValueError(f"made no row: {statement}")
    return number


def _insert(connection: sqlite3.Connection, story_id: str, frame: Frame) -> int:
    body = json.dumps(frame_to_json(frame))
    return inserted(connection, "INSERT INTO parts (story, body) VALUES (?, ?)", (story_id, body))
