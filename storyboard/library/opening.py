"""Decides where a library is opened: in the named folder, or for the time being in a temporary one.

Knows folders, but not what is in a library.
"""

from __future__ import annotations

import os
from pathlib import Path

from storyboard.library.lock import FolderUnusable
from storyboard.library.mirror import Mirror
from storyboard.library.stories import Library

FORGETFUL = "Stories are kept here only until the app restarts: save a project file of what matters."


def open_library(
    folder: str | os.PathLike[str],
    fall_back: bool = False,
    budget: int | None = None,
    mirror: Mirror | None = None,
    lasting: bool = True,
) -> Library:
    """Returns the library in `folder`, where `~` is the home folder.

    If that folder cannot be written and `fall_back` is set, the library is in a temporary folder and its notice says
    so. With a mirror there is no such notice.

    `budget`: the most bytes that its pictures may take. `mirror`, `lasting`: as for `Library`.

    StoryError as for `Library`. A library that is open elsewhere is never replaced by a temporary one.
    """
    notice = "" if lasting or mirror else FORGETFUL
    try:
        return Library(_at_home(folder), notice=notice, budget=budget, mirror=mirror, lasting=lasting)
    except FolderUnusable as error:
        if not fall_back:
            raise
        until = f"{error} Until then stories are kept only as long as the app runs: export what matters."
        return Library(None, notice="" if mirror else until, budget=budget, mirror=mirror)


def _at_home(folder: str | os.PathLike[str]) -> Path:
    """Returns the folder with `~` replaced. FolderUnusable if there is no home folder."""
    try:
        return Path(folder).expanduser()
    except RuntimeError as error:
        raise FolderUnusable(
            f"There is no home folder to keep stories in ({folder}); give a folder with --library."
        ) from error
