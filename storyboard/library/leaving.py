"""What is removed from the library for good: only what was found superfluous on several different days.

Otherwise a clock that is years ahead for a single start would empty the bin. Knows the tables `stories`, `parts`,
`changes` and `leaving`, and that pictures are files named by 64 hexadecimal digits. Does not know what is in a story.
"""

from __future__ import annotations

import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator

DAY = 24 * 3600
STORY_DAYS = 3  # on so many days a story must be found long deleted before it is removed
PICTURE_DAYS = 8  # on so many days a picture must be found unused; by then no backup uses it either

_KEY = re.compile(rb"[0-9a-f]{64}")


def found_often(
    connection: sqlite3.Connection, kind: str, whats: Iterable[str], often: int, now: float
) -> list[str]:
    """Notes that exactly these things of a kind are superfluous now.

    Returns those found superfluous on `often` days.
    """
    whats = set(whats)
    known = {
        row["what"]: (row["days"], row["last"])
        for row in connection.execute("SELECT * FROM leaving WHERE kind = ?", (kind,))
    }
    connection.executemany(
        "DELETE FROM leaving WHERE kind = ? AND what = ?", [(kind, what) for what in known.keys() - whats]
    )
    gone = []
    for what in sorted(whats):
        days, last = known.get(what, (0, None))
        if last is None or abs(now - last) >= DAY:  # a clock that was set back also counts as another day
            days, last = days + 1, now
            connection.execute("INSERT OR REPLACE INTO leaving VALUES (?, ?, ?, ?)", (kind, what, days, last))
        if days >= often:
            gone.append(what)
    return gone


def forget(connection: sqlite3.Connection, kind: str, whats: Iterable[str]) -> None:
    """Removes the notes on these things, which are gone."""
    connection.executemany(
        "DELETE FROM leaving WHERE kind = ? AND what = ?", [(kind, what) for what in whats]
    )


def is_another_day(connection: sqlite3.Connection, what: str, now: float) -> bool:
    """Returns whether a daily task is due, and notes that it is done now."""
    row = connection.execute("SELECT last FROM leaving WHERE kind = 'daily' AND what = ?", (what,)).fetchone()
    if row is not None and abs(now - row["last"]) < DAY:
        return False
    connection.execute("INSERT OR REPLACE INTO leaving VALUES ('daily', ?, 0, ?)", (what, now))
    return True


def pictures_spoken_of(connection: sqlite3.Connection) -> set[str]:
    """Returns the keys of all pictures that a story, deleted or not, or a step of its undo history uses.

    Everything that looks like a key counts. A hash too many keeps a picture, a hash too few would lose one.
    """
    return {match.group().decode() for body in _bodies(connection) for match in _KEY.finditer(body)}


def _bodies(connection: sqlite3.Connection) -> Iterator[bytes]:
    for (body,) in connection.execute("SELECT body FROM stories UNION ALL SELECT body FROM parts"):
        yield body.encode()
    for (body,) in connection.execute("SELECT body FROM changes"):
        yield zlib.decompress(body)
