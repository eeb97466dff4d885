"""What verbs for programs return beside stories, frames, characters and jobs: `described.py` tells each as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from storyboard.people import Look
from storyboard.story.values import Frame


@dataclass(frozen=True)
class InShort:
    """The story without its takes, and what undo and redo would do. `phrase`: what was undone or done again."""

    phrase: str | None = None


@dataclass(frozen=True)
class Details:
    """A frame, and everything that its picture was drawn with."""

    frame: Frame


@dataclass(frozen=True)
class Files:
    """Files that were made, the main one first, and letters that no font here has, so they were left out."""

    paths: tuple[Path, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Portrayed:
    """A look and the file of its portrait."""

    look: Look
    picture: Path
