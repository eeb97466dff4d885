"""Pictures on disk, each under the hash of its content.

Knows neither torch, gradio nor stories. Foreign pictures come in through `uploads.py`.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from storyboard.disk.durable import sweep_parts, write_whole
from storyboard.errors import StoryError

_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class StoredPicture:
    """A picture of a store that is read when somebody looks at it; `key` says which without reading it."""

    key: str
    path: Path

    def convert(self, mode: str) -> Image.Image:
        """Returns the picture, read whole, in a mode of Pillow's. StoryError where it is gone or damaged."""
        try:
            with Image.open(self.path, formats=("PNG",)) as picture:
                return picture.convert(mode)
        except (OSError, SyntaxError) as error:
            raise self.missing() from error

    def missing(self) -> StoryError:
        return StoryError(
            f"The picture {self.key[:8]} is missing from {self.path.parent}; draw its frame again."
        )


class PictureStore:
    """A folder of PNG files named by the SHA-256 of their bytes: an equal picture is stored once, none is changed."""

    def __init__(self, folder: str | os.PathLike[str], budget: int | None = None) -> None:
        """`budget`: bytes that all pictures here may take. StoryError where the folder cannot be made."""
        self.folder = Path(folder)
        self.budget = budget
        self._size = 0  # bytes, known once something is put; what goes meanwhile is not counted
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoryError(
                f"The pictures cannot be kept in {folder} ({error.strerror}); give a folder you may write to."
            ) from error
        if budget is not None:
            self._size = sum(entry.stat().st_size for entry in os.scandir(self.folder))

    def put(self, picture: Image.Image) -> str:
        """Store `picture` as RGB. Returns its key; the picture is then on disk, whole.

        StoryError where the disk is full, or the budget spent.
        """
        data = _png(picture)
        key = hashlib.sha256(data).hexdigest()
        path = self.path(key)
        try:
            if not _has_size(path, len(data)):  # a file cut short by a power cut is written again
                self.make_room(len(data))
                write_whole(path, data)
        except OSError as error:
            raise StoryError(
                f"The picture could not be saved ({error.strerror}); free some disk space."
            ) from error
        return key

    def make_room(self, size: int) -> None:
        """Count `size` more bytes. StoryError where the budget does not have them."""
        if self.budget is not None and self._size + size > self.budget:
            raise StoryError(
                f"Nothing was kept: this library may hold {self.budget / 2**30:g} GB of pictures and is full; delete "
                "stories, or start the app with a larger --budget."
            )
        self._size += size

    def sweep(self) -> int:
        """Remove the half pictures a crash left behind. Returns how many. Only while nobody draws."""
        return sweep_parts(self.folder)

    def keys(self) -> set[str]:
        """Returns the keys of all pictures here."""
        return {path.stem for path in self.folder.glob("*.png") if _KEY.fullmatch(path.stem)}

    def remove(self, keys: Iterable[str]) -> None:
        """Let pictures go for good; those that are not here, or cannot be removed, are left."""
        for key in keys:
            with suppress(OSError):
                self.path(key).unlink()

    def path(self, key: str) -> Path:
        """Returns where the picture of that key is or would be. StoryError for anything that is not a key."""
        if not _KEY.fullmatch(key):
            raise StoryError("That is not a picture of this story; choose one of its own.")
        return self.folder / f"{key}.png"

    def open(self, key: str) -> Image.Image:
        """Returns the picture as RGB, read whole. StoryError where it is gone or damaged."""
        return self.later(key).convert("RGB")

    def later(self, key: str) -> StoredPicture:
        """Returns the picture unread, for those who may not look at it. StoryError where it is gone."""
        picture = StoredPicture(key, self.path(key))
        if not picture.path.is_file():
            raise picture.missing()
        return picture


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False


def _png(picture: Image.Image) -> bytes:
    plain = picture.convert("RGB").copy()
    plain.info = {}  # text, colour profiles and the like would change the key of an equal picture
    buffer = io.BytesIO()
    plain.save(buffer, format="PNG")
    return buffer.getvalue()
