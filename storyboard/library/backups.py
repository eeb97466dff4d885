"""The backups of a library's file: daily copies in their own folder. The oldest copies are removed first.

Knows how to tell whether a copy is whole, but not what is in it. The clock is trusted as little as possible: a backup
with a date in the future neither delays the next backup nor counts as newer than a good one.
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
    """The backups in `folder`, which may not exist yet."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self.folder = folder
        self._clock = clock

    def sweep(self) -> None:
        """Removes backups that a crash left half-written."""
        if self.folder.is_dir():
            sweep_parts(self.folder)

    def all(self) -> list[Path]:
        """Returns the backups, the newest first.

        Backups with a date in the future, which a wrong clock makes, come last.
        """
        now = self._clock()
        found = [(made, one) for one in self.folder.glob("*") if (made := _time_of(one)) is not None]
        return [
            one for _, one in sorted(found, key=lambda each: (each[0] <= now, each[1].name), reverse=True)
        ]

    def write(self, database: Path) -> Path:
        """Copies `database` now and removes the oldest copies. Returns the path of the copy.

        StoryError if the disk does not take it.
        """
        path = self.folder / f"library-{stamp(self._clock())}.sqlite3"
        with suppress(OSError):  # writing into the folder raises the clearer error
            self.folder.mkdir(mode=0o700, exist_ok=True)
        write_copy(database, path)
        for old in self.all()[BACKUPS_KEPT:]:
            old.unlink(missing_ok=True)
        return path

    def newest_time(self) -> float | None:
        """Returns when the newest backup was made, in seconds since 1970.

        Backups with a date in the future are ignored. Returns None if there is no other.
        """
        times = [made for one in self.all() if (made := _time_of(one)) is not None]
        return max((made for made in times if made <= self._clock()), default=None)

    def newest_whole(self) -> Path | None:
        """Returns the newest backup that has the tables of a library and no visible damage, or None."""
        return next((one for one in self.all() if _is_whole(one)), None)


def write_copy(database: Path, path: Path) -> None:
    """Writes the whole of an open `database` to `path`, where the copy is either whole or not there.

    StoryError if the disk does not take it.
    """
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
    """Returns a moment (seconds since 1970) as it is written in the names of backups."""
    return time.strftime(_STAMP, time.gmtime(seconds))


def shown_time(backup: Path) -> str:
    """Returns the moment at which a backup was made, in a form for people."""
    return time.strftime("%d %b %Y, %H:%M", time.localtime(_time_of(backup)))


def _is_whole(backup: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{backup.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            whole = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
            return whole and connection.execute("PRAGMA user_version").fetchone()[0] > 0
    except (sqlite3.Error, UnicodeDecodeError) as error:  # a damaged name in the schema may not be UTF-8
        log.error("the backup %s is damaged too: %s", backup, error)
        return False


def _time_of(backup: Path) -> float | None:
    """Returns when a backup was written, in seconds since 1970, or None if the name is not that of a backup."""
    named = _NAME.fullmatch(backup.name)
    try:
        return calendar.timegm(time.strptime(named[1], _STAMP)) if named else None
    except ValueError:
        return None
