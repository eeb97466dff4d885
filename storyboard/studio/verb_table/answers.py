"""What verbs for programs return besides stories, frames, characters and jobs. `described.py` turns it into JSON."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from storyboard.people import Look
from storyboard.story.values import Frame


@dataclass(frozen=True)
class InShort:
    """The story without its takes, and what undo and redo would do. `phrase`: what was just undone or redone."""

    phrase: str | None = None


@dataclass(frozen=True)
class Details:
    """A frame, with everything that its picture was drawn with."""

    frame: Frame


@dataclass(frozen=True)
class Files:
    """Files that were made, the main one first, and letters that are left out because no font here has them."""

    paths: tuple[Path, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Portrayed:
    """A look and the file of its portrait."""

    look: Look
    picture: Path
