"""Reads what still can be read of a damaged library file, row by row.

Knows its tables, not what is in them: whoever calls checks every value.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

MOST_ROWS = 20_000  # looked for where the damage hides how many there are


def salvaged(path: Path, table: str) -> Iterator[dict[str, Any]]:
    """The rows of `table` that can be read, in the order they were made; none where nothing can."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute(
                "SELECT count(*) FROM sqlite_master"
            )  # raises where not even the tables are known
            connection.row_factory = sqlite3.Row
            try:
                rows = connection.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()
            except sqlite3.DatabaseError:  # somewhere in it is damage
                rows = None
            if rows is not None:
                yield from map(dict, rows)
                return
            for number in range(1, _last_row(connection, table) + 1):
                try:
                    row = connection.execute(f"SELECT * FROM {table} WHERE rowid = ?", (number,)).fetchone()
                except sqlite3.DatabaseError:  # this one lies in a damaged page; the next may not
                    continue
                if row is not None:
                    yield dict(row)
    except (sqlite3.Error, UnicodeDecodeError):  # not even a database any more, or its tables have no names
        return


def _last_row(connection: sqlite3.Connection, table: str) -> int:
    try:
        return min(connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0, MOST_ROWS)
    except sqlite3.OperationalError:  # no such table
        return 0
    except sqlite3.DatabaseError:
        return MOST_ROWS
