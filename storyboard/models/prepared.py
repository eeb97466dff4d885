"""Where what was prepared once on this machine is kept: among the Hub's own cached assets, a folder for each thing.

A folder is named by the sha256 of what it was made from, so it never has to be asked whether it is out of date. One
process at a time prepares a thing. Knows neither torch nor models.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import cached_assets_path

from storyboard.disk.durable import PART
from storyboard.disk.file_lock import lock

log = logging.getLogger(__name__)

WAIT_SECONDS = 0.2  # between looks at whether another process is through


def home_of(kind: str) -> Path | None:
    """Returns the folder of all that is kept of one kind; None where none can be made."""
    try:
        return cached_assets_path("storyboard", namespace=kind)
    except (OSError, ValueError):
        log.warning("no cache for %s can be made", kind, exc_info=True)
        return None


@contextmanager
def alone(home: Path, key: str, waiting: Callable[[], None]) -> Iterator[bool]:
    """Wait until no other process prepares `home / key`, and keep others waiting; False where no lock can be had.

    `waiting` is called again and again meanwhile. What a process that ended half-way left is removed.
    """
    try:
        file = open(home / f"{key}.lock", "a+b")
    except OSError:
        yield False
        return
    with file:
        held = _waited(file.fileno(), waiting)
        if held:
            for left in home.glob(f"{key}.*{PART}"):
                shutil.rmtree(left, ignore_errors=True)
        yield held


def _waited(descriptor: int, waiting: Callable[[], None]) -> bool:
    while True:
        try:
            lock(descriptor)
            return True
        except BlockingIOError:
            waiting()
            time.sleep(WAIT_SECONDS)
        except OSError:
            return False
