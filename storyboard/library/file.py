"""The library's SQLite file: locked, checked, migrated and backed up on opening; every change is one transaction.

Knows the tables, but nothing else of stories. One connection writes, under one lock, because SQLite before 3.51.3 can
damage a WAL that several connections reset. Backups read through a second connection. Not for network drives.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from storyboard.disk.durable import part_of, settle
from storyboard.errors import StoryError
from storyboard.library.backups import SECONDS_BETWEEN_BACKUPS, Backups, shown_time, stamp, write_copy
from storyboard.library.lock import FolderLock, FolderUnusable

FILE = "library.sqlite3"
DAMAGED = "library-damaged-"  # prefix of the name of a damaged file that was set aside
SECONDS_WAITED = 5  # how long to wait while another program uses the file
# Words in SQLite's errors that mean that the folder is at fault. All other errors on opening mean a damaged file.
FAULTS_OF_FOLDER = ("unable to open", "readonly", "full", "disk i/o", "locked", "permission")

# What each version adds to the version before it; entry 0 makes version 1. Never change a released entry.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE stories (
            id TEXT PRIMARY KEY, body TEXT NOT NULL, revision INTEGER NOT NULL,
            title TEXT NOT NULL, opening TEXT NOT NULL, frames INTEGER NOT NULL, thumbnail TEXT,
            created REAL NOT NULL, updated REAL NOT NULL, deleted REAL)""",
        # No foreign key to stories: a story is on a shelf as soon as it is begun, and is saved with its first change.
        """CREATE TABLE shelves (
            shelf TEXT NOT NULL, story TEXT NOT NULL, PRIMARY KEY (shelf, story))""",
    ),
    (
        """CREATE TABLE changes (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            story TEXT NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
            stack TEXT NOT NULL CHECK (stack IN ('undo', 'redo')), name TEXT NOT NULL, body BLOB NOT NULL)""",
        "CREATE INDEX changes_of_story ON changes (story)",
        """CREATE TABLE jobs (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            story TEXT NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
            frame TEXT NOT NULL, reroll INTEGER NOT NULL)""",
        "CREATE INDEX jobs_of_story ON jobs (story)",
    ),
    # What will be removed: on how many days it was found superfluous, and when last (`leaving.py`).
    (
        """CREATE TABLE leaving (
            kind TEXT NOT NULL, what TEXT NOT NULL, days INTEGER NOT NULL, last REAL NOT NULL,
            PRIMARY KEY (kind, what))""",
    ),
    # Frames in rows of their own (`parts.py`). Deferred, because the first frames are written before their story is.
    (
        """CREATE TABLE parts (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            story TEXT NOT NULL REFERENCES stories (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
            body TEXT NOT NULL)""",
        "CREATE INDEX parts_of_story ON parts (story)",
    ),
    # The account that began a story, given by its shelf. No foreign key to stories, as for shelves.
    ("CREATE TABLE owners (story TEXT PRIMARY KEY, shelf TEXT NOT NULL)",),
)

log = logging.getLogger(__name__)


class LibraryFile:
    """The open file of a library folder. Safe to call from several threads. Close it when done."""

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float] = time.time,
        restore: Callable[[Path], None] | None = None,
    ) -> None:
        """Opens the file in `folder`, and creates it if it is missing.

        If the file is damaged, emptied or missing, the newest whole backup takes its place, and `notices` says so. If
        file and backups are both missing, `restore` is called first and may put a file into the folder.

        FolderUnusable if the folder cannot be written. StoryError if another process has the library open, or if a
        newer version of the app made it.
        """
        self.folder = folder
        self.path = folder / FILE
        self.backups = Backups(folder / "backups", clock)
        self.notices: list[str] = []
        self.set_aside: Path | None = None  # the new path of the damaged file, if there was one
        self._clock = clock
        self._lock = threading.RLock()
        self._closed = False
        self._backing_up: threading.Thread | None = None
        self._folder_lock = FolderLock(folder)
        try:
            if restore is not None and not self.path.is_file() and not self.backups.newest_whole():
                restore(folder)
            self._connection = self._open()
        except BaseException:
            self._folder_lock.release()
            raise
        try:
            self._last_backup = self._newest_backup_time()
            self._migrate()
            self._back_up_if_due()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Gives the connection for one change. It is on disk after the block, or undone if the block raises.

        StoryError if the disk does not take the change.
        """
        with self._lock:
            self._check_open()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.IntegrityError:
                self._roll_back()
                raise
            except sqlite3.Error as error:
                self._roll_back()
                raise self._refusal(error) from error
            except BaseException:
                self._roll_back()
                raise
        self._back_up_if_due(wait=False)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """Returns the rows that a query finds. StoryError if the file cannot be read."""
        with self._lock:
            self._check_open()
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise self._refusal(error) from error

    @property
    def changes(self) -> int:
        """How many rows were changed since the file was opened."""
        return self._connection.total_changes

    def copy_to(self, path: Path) -> None:
        """Writes the whole file, as it is now, to `path`. StoryError if the disk does not take it."""
        write_copy(self.path, path)

    def back_up(self) -> Path:
        """Writes a backup now. Returns its path. StoryError if the disk does not take it."""
        self._last_backup = self._clock()
        return self.backups.write(self.path)

    def has_damaged(self) -> bool:
        """Returns whether a damaged file is in the folder that was set aside at this start or an earlier one."""
        return any(self.folder.glob(f"{DAMAGED}*"))

    def close(self) -> None:
        """Writes everything into the one file and releases the folder for others. Safe to call twice."""
        if self._backing_up is not None:
            self._backing_up.join()
        with self._lock:
            self._closed = True
            self._connection.close()
            self._folder_lock.release()

    def _open(self) -> sqlite3.Connection:
        self.backups.sweep()
        try:
            if not self.path.is_file() or not self.path.stat().st_size:
                return self._open_backup("was gone") if self.backups.newest_whole() else _checked(self.path)
            connection = _checked(self.path)
        except (
            sqlite3.Error,
            UnicodeDecodeError,
        ) as error:  # a damaged byte in a name of the schema is not UTF-8
            reason = str(error)
            if isinstance(error, sqlite3.OperationalError) and any(
                one in reason.lower() for one in FAULTS_OF_FOLDER
            ):
                raise FolderUnusable(
                    f"The library in {self.folder} cannot be opened ({reason}); give a folder you may write to with "
                    "--library."
                ) from error
            log.error("%s is damaged: %s", self.path, reason)
            return self._open_backup("was damaged")
        if _version(connection) == 0 and self.backups.newest_whole():
            connection.close()
            return self._open_backup("was empty")
        return connection

    def _open_backup(self, what: str) -> sqlite3.Connection:
        """Sets the file aside and opens the newest whole backup in its place, or an empty library if there is none."""
        said = f"The story library {what}"
        if self.path.is_file() and self.path.stat().st_size:
            self.set_aside = self.folder / f"{DAMAGED}{stamp(self._clock())}.sqlite3"
            for ending in ("-wal", "-shm", ""):  # SQLite would replay a log left behind into the next library
                file = self.path.with_name(FILE + ending)
                if file.exists():
                    file.rename(self.set_aside.with_name(self.set_aside.name + ending))
            said += f"; the file is kept as {self.set_aside}"
        backup = self.backups.newest_whole()
        if backup is None:
            self.notices.append(f"{said}. There is no backup, so the library starts anew.")
            return _checked(self.path)
        part = part_of(self.path)
        try:
            shutil.copyfile(backup, part)
            for ending in ("-wal", "-shm"):
                self.path.with_name(FILE + ending).unlink(missing_ok=True)
            settle(part, self.path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise FolderUnusable(
                f"{said}, and its backup cannot be copied to {self.folder} ({error.strerror}); free some disk space."
            ) from error
        self.notices.append(f"{said}. The backup of {shown_time(backup)} was opened instead.")
        return _checked(self.path)

    def _migrate(self) -> None:
        version = _version(self._connection)
        if version > len(MIGRATIONS):
            raise StoryError(
                f"The library in {self.folder} was made by a newer version of this app (form {version}, and this one "
                f"knows up to {len(MIGRATIONS)}); update the app, or give another folder with --library."
            )
        if 0 < version < len(MIGRATIONS):
            self.back_up()
        for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
            with self.transaction() as connection:
                for statement in statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")

    def _back_up_if_due(self, wait: bool = True) -> None:
        """Backs up once a day. Without `wait` this happens in a thread of its own. A failure is only logged."""
        with self._lock:
            now = self._clock()
            if 0 <= now - self._last_backup < SECONDS_BETWEEN_BACKUPS:  # a date in the future makes it due
                return
            self._last_backup = now  # so that no second backup starts meanwhile
            if not wait:
                self._backing_up = threading.Thread(target=self._try_to_back_up, name="library-backup")
                self._backing_up.start()
                return
        self._try_to_back_up()

    def _try_to_back_up(self) -> None:
        try:
            self.back_up()
        except StoryError as error:
            log.warning("%s", error)

    def _newest_backup_time(self) -> float:
        """Returns when the newest backup was made, in seconds since 1970.

        Returns the present for a new library, because an empty library needs no backup.
        """
        newest = self.backups.newest_time()
        if newest is not None:
            return newest
        return 0.0 if _version(self._connection) else self._clock()

    def _check_open(self) -> None:
        if self._closed:
            raise StoryError("Nothing was saved because the app is closing; start it again.")

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _refusal(self, error: sqlite3.Error) -> StoryError:
        reason = str(error)
        if "malformed" in reason:
            return StoryError(
                f"The library in {self.folder} is damaged; restart the app, which opens the newest backup."
            )
        if "full" in reason:
            return StoryError(
                f"Nothing was saved because the disk of {self.folder} is full; free some space and do it again."
            )
        if "readonly" in reason:
            return StoryError(
                f"Nothing was saved because {self.folder} cannot be written; allow writing to it and do it again."
            )
        if "locked" in reason:
            return StoryError(
                f"Nothing was saved because another program is using {self.path}; close that and do it again."
            )
        return StoryError(f"Nothing was saved ({reason}); check the disk of {self.folder} and do it again.")


def _checked(path: Path) -> sqlite3.Connection:
    """Opens the file, and creates it if it is missing. Returns the connection.

    sqlite3.Error or UnicodeDecodeError if the file is damaged, or cannot be opened or written.
    """
    with suppress(OSError):  # SQLite's own error says better what is wrong
        path.touch(mode=0o600)
        path.chmod(path.stat().st_mode & 0o700)  # private to its owner, also if an earlier version made it
    connection = sqlite3.connect(
        path, timeout=SECONDS_WAITED, isolation_level=None, check_same_thread=False, cached_statements=64
    )
    try:
        for setting in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "trusted_schema = OFF",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {setting}")
        findings = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
        if findings != ["ok"]:
            raise sqlite3.DatabaseError("; ".join(findings))
        _check_schema(connection)
        connection.execute("BEGIN IMMEDIATE")  # fails now for a read-only file, not at the first edit
        connection.execute("ROLLBACK")
    except BaseException:
        connection.close()
        raise
    connection.row_factory = sqlite3.Row
    return connection


def _check_schema(connection: sqlite3.Connection) -> None:
    """Raises sqlite3.DatabaseError if the tables are not those of the file's version.

    PRAGMA quick_check alone does not read their names.
    """
    version, found = _version(connection), _schema(connection)
    with closing(sqlite3.connect(":memory:")) as model:
        for statement in (one for statements in MIGRATIONS[: max(0, version)] for one in statements):
            model.execute(statement)
        expected = _schema(model)
    if version < 0 or not expected <= found or (found and not version):
        raise sqlite3.DatabaseError(f"the tables are not those of form {version}")


def _schema(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    return set(connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master"))


def _version(connection: sqlite3.Connection) -> int:
    """Returns how many of MIGRATIONS the file has had; 0 for a file without tables."""
    return connection.execute("PRAGMA user_version").fetchone()[0]
