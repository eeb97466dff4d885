"""The backups of a library's file: daily copies in a folder of their own, the newest last to go.

Knows what makes a copy whole, and nothing of what is in it. The clock is believed as little as possible: a backup from
the future neither puts off the next one nor takes the place of one that is not.
"""

from __future__ import annotations

import calendar
import logging
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from storyboard.disk.durable import part_of, settle, sweep_parts
from storyboard.errors import StoryError

SECONDS_BETWEEN_BACKUPS = 24 * 3600
BACKUPS_KEPT = 7

_NAME = re.compile(r"library-(\d{8}-\d{6})\.sqlite3")
_STAMP = "%Y%m%d-%H%M%S"  # in UTC
log = logging.getLogger(__name__)


class Backups:
    """The backups in `folder`, which need not be there yet."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self.folder = folder
        self._clock = clock

    def sweep(self) -> None:
        """Remove what a crash left half-written."""
        if self.folder.is_dir():
            sweep_parts(self.folder)

    def all(self) -> list[Path]:
        """Returns the backups, the newest first; those from the future, which only a wrong clock makes, come last."""
        now = self._clock()
        found = [(made, one) for one in self.folder.glob("*") if (made := _time_of(one)) is not None]
        return [
            one for _, one in sorted(found, key=lambda each: (each[0] <= now, each[1].name), reverse=True)
        ]

    def write(self, database: Path) -> Path:
        """Copy `database` now and drop the oldest copies. Returns its path; StoryError where the disk takes none."""
        path = self.folder / f"library-{stamp(self._clock())}.sqlite3"
        with suppress(OSError):  # whatever is written there says it better
            self.folder.mkdir(mode=0o700, exist_ok=True)
        write_copy(database, path)
        for old in self.all()[BACKUPS_KEPT:]:
            old.unlink(missing_ok=True)
        return path

    def newest_time(self) -> float | None:
        """Returns when the newest one was made, in seconds since 1970; None without any that is not of the future."""
        times = [made for one in self.all() if (made := _time_of(one)) is not None]
        return max((made for made in times if made <= self._clock()), default=None)

    def newest_whole(self) -> Path | None:
        """Returns the newest one that has the tables of a library and no damage that shows."""
        return next((one for one in self.all() if _is_whole(one)), None)


def write_copy(database: Path, path: Path) -> None:
    """Write the whole of an open `database` to `path`, where it is whole or not there. StoryError where the disk takes
    none."""
    part = part_of(path)
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as reader:
            reader.execute("VACUUM INTO ?", (str(part),))
        part.chmod(0o600)
        settle(part, path)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise StoryError(f"The library could not be backed up ({error}); free some disk space.") from error


def stamp(seconds: float) -> str:
    """Returns a moment as it stands in the names of backups."""
    return time.strftime(_STAMP, time.gmtime(seconds))


def shown_time(backup: Path) -> str:
    """Returns when a backup was made, for people."""
    return time.strftime("%d %b %Y, %H:%M", time.localtime(_time_of(backup)))


def _is_whole(backup: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{backup.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            whole = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
            return whole and connection.execute("PRAGMA user_version").fetchone()[0] > 0
    except (sqlite3.Error, UnicodeDecodeError) as error:  # a flipped byte in a name of the schema is no UTF-8
        log.error("the backup %s is damaged too: %s", backup, error)
        return False


def _time_of(backup: Path) -> float | None:
    """Returns when it was written, in seconds since 1970; None for a name that is no backup's."""
    named = _NAME.fullmatch(backup.name)
    try:
        return calendar.timegm(time.strptime(named[1], _STAMP)) if named else None
    except ValueError:
        return None
