"""A file of JSON objects, one a line, that only grows. What is in it survives a crash and a power cut.

Its first line, the head, says what the other lines belong to. Does not interpret the lines.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from storyboard.disk.durable import write_whole
from storyboard.errors import StoryError


class KeptLines:
    """Such a file, opened or begun with `head`. `rows`: the objects after the head.

    of, by, remedy: words for the message of the StoryError: what the file holds, what it belongs to, and what to do.
    StoryError if the file belongs to something else, or if it is no such file.
    """

    def __init__(self, path: Path, head: dict, of: str, by: str, remedy: str) -> None:
        self.path, self._of, self._remedy = path, of, remedy
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, _line(head))
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:
            write_whole(path, whole)
        found, self.rows = self._read(whole)
        if found != head:
            raise StoryError(f"{path} is of another {by} ({json.dumps(found)[:200]}); {remedy}.")

    def append(self, rows: Iterable[dict]) -> None:
        """Adds rows. They are on the disk when this returns."""
        rows = list(rows)
        with open(self.path, "ab") as file:
            file.write(b"".join(map(_line, rows)))
            file.flush()
            os.fsync(file.fileno())
        self.rows += rows

    def broken(self) -> StoryError:
        """Returns the error for a file whose lines are not as expected."""
        return _no_file(self.path, self._of, self._remedy)

    def _read(self, data: bytes) -> tuple[dict, list[dict]]:
        try:
            return _objects(data)
        except ValueError as error:
            raise self.broken() from error


def read_lines(path: Path, of: str, remedy: str) -> tuple[dict, list[dict]]:
    """Returns the head and the rows of a file, to which another process may be adding.

    StoryError for any other file.
    """
    try:
        data = path.read_bytes()
        return _objects(data[: data.rfind(b"\n") + 1])
    except FileNotFoundError:
        raise StoryError(f"There is no file {path}; {remedy}.") from None
    except ValueError as error:
        raise _no_file(path, of, remedy) from error


def _objects(data: bytes) -> tuple[dict, list[dict]]:
    """The head and the rows. ValueError for anything except lines of objects.

    A line without its end was not finished, so it is not in `data`.
    """
    found = [json.loads(line) for line in data.splitlines()]
    if not found or not all(isinstance(one, dict) for one in found):
        raise ValueError("no lines of objects")
    return found[0], found[1:]


def _no_file(path: Path, of: str, remedy: str) -> StoryError:
    return StoryError(f"{path} is no file of {of}; {remedy}.")


def _line(row: dict) -> bytes:
    return json.dumps(row).encode() + b"\n"
