"""One holder at a time of an open file, on every system; it lets go however its process ends. Knows no contents."""

from __future__ import annotations

import os
import sys


def lock(descriptor: int) -> None:
    """Hold the open file until it is closed. BlockingIOError where it is held already, here or in another process."""
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
