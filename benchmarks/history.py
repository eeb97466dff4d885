"""The code of earlier commits, out of this checkout's history."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

from storyboard.errors import StoryError

CHECKOUT = Path(__file__).parents[1]


def check_out(commit: str, folder: Path, *paths: str) -> None:
    """Write these paths of a commit into `folder`. StoryError where the history is not here."""
    done = subprocess.run(["git", "archive", commit, *paths], cwd=CHECKOUT, capture_output=True)
    if done.returncode:
        raise StoryError(
            f"The code of {commit} is needed, and is not in {CHECKOUT}; clone the repository with all its history."
        )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
