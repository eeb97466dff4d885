"""Lets only one process at a time use a library's folder.

A file in the folder is locked; the system unlocks it however the process ends. Knows nothing of what the folder holds.
"""

from __future__ import annotations

import os
from pathlib import Path

from storyboard.disk.file_lock import lock
from storyboard.errors import StoryError

FILE = "library.lock"


class FolderUnusable(StoryError):
    """The folder cannot hold a library: it is missing, not writable or full. Another folder would do."""


class FolderLock:
    """Holds `folder` until released, and creates it if it is missing.

    FolderUnusable if it cannot be written. StoryError if another process, or another lock of this process, holds it.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Unbuffered: on a full disk, writing a buffer's rest on closing would fail a second time.
            self._file = open(folder / FILE, "a+b", buffering=0)
        except OSError as error:
            raise FolderUnusable(
                f"No stories can be kept in {folder} ({error.strerror}); give a folder you may write to with --library."
            ) from error
        try:
            lock(self._file.fileno())
        except BlockingIOError as error:
            holder = self._holder()
            self._file.close()
            raise StoryError(
                f"The library in {folder} is already open{holder}; close the app there, or give another folder with "
                "--library."
            ) from error
        except OSError as error:
            self._file.close()
            raise FolderUnusable(
                f"The library in {folder} cannot be locked ({error.strerror}); give a folder on a local disk with "
                "--library."
            ) from error
        self._sign()

    def release(self) -> None:
        """Releases the folder for another process. Safe to call twice."""
        self._file.close()

    def _holder(self) -> str:
        try:
            self._file.seek(0)
            number = self._file.read(20).decode("ascii", "replace").strip()
        except OSError:  # on Windows a lock also prevents reading
            return ""
        return f" in process {number}" if number.isdecimal() else ""

    def _sign(self) -> None:
        """Writes this process's number into the file, for the error message above. A full disk leaves it out."""
        try:
            self._file.truncate(0)
            self._file.write(str(os.getpid()).encode())
        except OSError:
            return
