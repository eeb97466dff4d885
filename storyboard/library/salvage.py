"""Reads what can still be read of a damaged library file, row by row.

Knows its tables, but not what is in them: the caller checks every value.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

MOST_ROWS = 20_000  # so many rows are tried if the damage hides how many there are


def salvaged(path: Path, table: str) -> Iterator[dict[str, Any]]:
    """Yields the rows of `table` that can be read, in the order in which they were made. There may be none."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            # Raises if not even the list of tables can be read.
            connection.execute("SELECT count(*) FROM sqlite_master")
            connection.row_factory = sqlite3.Row
            try:
                rows = connection.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()
            except sqlite3.DatabaseError:  # the table is damaged somewhere
                rows = None
            if rows is not None:
                yield from map(dict, rows)
                return
            for number in range(1, _last_row(connection, table) + 1):
                try:
                    row = connection.execute(f"SELECT * FROM {table} WHERE rowid = ?", (number,)).fetchone()
                except sqlite3.DatabaseError:  # this row lies in a damaged page; the next one may not
                    continue
                if row is not None:
                    yield dict(row)
    # No longer a database, or the names of its tables are damaged.
    except (sqlite3.Error, UnicodeDecodeError):
        return


def _last_row(connection: sqlite3.Connection, table: str) -> int:
    try:
        return min(connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0, MOST_ROWS)
    except sqlite3.OperationalError:  # no such table
        return 0
    except sqlite3.DatabaseError:
        return MOST_ROWS
