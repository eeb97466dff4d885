"""The folders that a library makes: a temporary folder, and the folder for pictures. Knows no stories."""

from __future__ import annotations

import tempfile
from pathlib import Path

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.library.lock import FolderUnusable


def temporary_folder() -> tempfile.TemporaryDirectory:
    """Returns a new temporary folder. FolderUnusable if the system has no room for one."""
    try:
        return tempfile.TemporaryDirectory(prefix="storyboard-")
    except OSError as error:
        raise FolderUnusable(
            f"There is no room for stories even while the app runs ({error.strerror}); free some disk space, or give "
            "another folder with --library."
        ) from error


def picture_store(folder: Path, budget: int | None) -> PictureStore:
    """Returns the picture store in `folder`, cleared of what a crash left there.

    FolderUnusable if it cannot be opened.
    """
    try:
        store = PictureStore(folder, budget)
        store.sweep()
    except (StoryError, OSError) as error:
        raise FolderUnusable(
            f"No pictures can be kept in {folder} ({error}); give another folder with --library."
        ) from error
    return store
