"""The folders a library makes: a temporary one, and the one for pictures. Knows no stories."""

from __future__ import annotations

import tempfile
from pathlib import Path

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.library.lock import FolderUnusable


def temporary_folder() -> tempfile.TemporaryDirectory:
    """Returns a new temporary folder. FolderUnusable where the system has no room for one either."""
    try:
        return tempfile.TemporaryDirectory(prefix="storyboard-")
    except OSError as error:
        raise FolderUnusable(
            f"There is no room for stories even while the app runs ({error.strerror}); free some disk space, or give "
            "another folder with --library."
        ) from error


def picture_store(folder: Path, budget: int | None) -> PictureStore:
    """Returns the store in `folder`, without what a crash left there. FolderUnusable where it cannot be had."""
    try:
        store = PictureStore(folder, budget)
        store.sweep()
    except (StoryError, OSError) as error:
        raise FolderUnusable(
            f"No pictures can be kept in {folder} ({error}); give another folder with --library."
        ) from error
    return store
