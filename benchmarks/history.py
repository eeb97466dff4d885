"""The code of earlier commits, from the history of this checkout."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

from storyboard.errors import StoryError

CHECKOUT = Path(__file__).parents[1]


def check_out(commit: str, folder: Path, *paths: str) -> None:
    """Writes these paths of a commit into `folder`. StoryError if the history is not here."""
    done = subprocess.run(["git", "archive", commit, *paths], cwd=CHECKOUT, capture_output=True)
    if done.returncode:
        raise StoryError(
            f"The code of {commit} is needed, and is not in {CHECKOUT}; clone the repository with all its history."
        )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
