"""Where things are kept that were prepared once on this machine: a folder for each, among the Hub's cached assets.

A folder is named by the sha256 of what it was made from, so it can never be out of date. Only one process at a time
prepares a thing. Imports neither torch nor models.
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

WAIT_SECONDS = 0.2  # time between two checks whether another process has finished


def home_of(kind: str) -> Path | None:
    """Returns the folder for everything of one kind; None if it cannot be created."""
    try:
        return cached_assets_path("storyboard", namespace=kind)
    except (OSError, ValueError):
        log.warning("no cache for %s can be made", kind, exc_info=True)
        return None


@contextmanager
def alone(home: Path, key: str, waiting: Callable[[], None]) -> Iterator[bool]:
    """Waits until no other process prepares `home / key`, and makes others wait. Gives False if it cannot be locked.

    `waiting` is called again and again while it waits. What an interrupted process left half-written is removed.
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
