"""What goes from the library for good: only what was found superfluous on several days, whatever one day's clock says.

A clock that is years ahead for one start would otherwise empty the bin. Knows the tables `stories`, `parts`, `changes`
and `leaving`, and that pictures are files named by 64 hexadecimal digits, not what is in a story.
"""

from __future__ import annotations

import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator

DAY = 24 * 3600
STORY_DAYS = 3  # days on which a story has to be found long deleted before it goes
PICTURE_DAYS = 8  # days on which a picture has to be found spare: by then no backup speaks of it either

_KEY = re.compile(rb"[0-9a-f]{64}")


def found_often(
    connection: sqlite3.Connection, kind: str, whats: Iterable[str], often: int, now: float
) -> list[str]:
    """Note that these of a kind, and no others, are superfluous now. Returns those found so on `often` days."""
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
        if last is None or abs(now - last) >= DAY:  # a clock put back is another day too
            days, last = days + 1, now
            connection.execute("INSERT OR REPLACE INTO leaving VALUES (?, ?, ?, ?)", (kind, what, days, last))
        if days >= often:
            gone.append(what)
    return gone


def forget(connection: sqlite3.Connection, kind: str, whats: Iterable[str]) -> None:
    """These have gone."""
    connection.executemany(
        "DELETE FROM leaving WHERE kind = ? AND what = ?", [(kind, what) for what in whats]
    )


def is_another_day(connection: sqlite3.Connection, what: str, now: float) -> bool:
    """Returns whether something that is done once a day is to be done; notes that it is."""
    row = connection.execute("SELECT last FROM leaving WHERE kind = 'daily' AND what = ?", (what,)).fetchone()
    if row is not None and abs(now - row["last"]) < DAY:
        return False
    connection.execute("INSERT OR REPLACE INTO leaving VALUES ('daily', ?, 0, ?)", (what, now))
    return True


def pictures_spoken_of(connection: sqlite3.Connection) -> set[str]:
    """Returns the keys of all pictures that a story here, deleted ones too, or a step of its undo history speaks of.

    Whatever looks like a key counts: a hash too many keeps a picture, one too few would lose it.
    """
    return {match.group().decode() for body in _bodies(connection) for match in _KEY.finditer(body)}


def _bodies(connection: sqlite3.Connection) -> Iterator[bytes]:
    for (body,) in connection.execute("SELECT body FROM stories UNION ALL SELECT body FROM parts"):
        yield body.encode()
    for (body,) in connection.execute("SELECT body FROM changes"):
        yield zlib.decompress(body)
