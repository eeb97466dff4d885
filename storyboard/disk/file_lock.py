"""A lock on an open file: one holder at a time, on every system. It is released however its process ends.

Knows nothing of what is in the file.
"""

from __future__ import annotations

import os
import sys


def lock(descriptor: int) -> None:
    """Holds the lock of an open file until the file is closed.

    Raises BlockingIOError if the lock is already held, in this process or in another.
    """
    if sys.platform == "win32":
        import msvcrt

        try:
            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError from error
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
