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
    """A picture of a store that is read from disk only when somebody looks at it.

    `key` identifies it without reading it.
    """

    key: str
    path: Path

    def convert(self, mode: str) -> Image.Image:
        """Returns the whole picture in one of Pillow's modes, such as "RGB". StoryError if it is gone or damaged."""
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
    """A folder of PNG files named by the SHA-256 of their bytes.

    Equal pictures are stored once, and no file ever changes.
    """

    def __init__(self, folder: str | os.PathLike[str], budget: int | None = None) -> None:
        """`budget`: the most bytes that all pictures here may take. StoryError if the folder cannot be created."""
        self.folder = Path(folder)
        self.budget = budget
        self._size = 0  # bytes used, when there is a budget; pictures removed later are not subtracted
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoryError(
                f"The pictures cannot be kept in {folder} ({error.strerror}); give a folder you may write to."
            ) from error
        if budget is not None:
            self._size = sum(entry.stat().st_size for entry in os.scandir(self.folder))

    def put(self, picture: Image.Image) -> str:
        """Stores `picture` as RGB. Returns its key; the picture is then whole on disk.

        StoryError if the disk is full or the budget is spent.
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
        """Adds `size` bytes to what is used. StoryError if the budget does not allow them."""
        if self.budget is not None and self._size + size > self.budget:
            raise StoryError(
                f"Nothing was kept: this library may hold {self.budget / 2**30:g} GB of pictures and is full; delete "
                "stories, or start the app with a larger --budget."
            )
        self._size += size

    def sweep(self) -> int:
        """Removes pictures that a crash left half-written. Returns how many there were.

        Call it only while nobody draws.
        """
        return sweep_parts(self.folder)

    def keys(self) -> set[str]:
        """Returns the keys of all pictures here."""
        return {path.stem for path in self.folder.glob("*.png") if _KEY.fullmatch(path.stem)}

    def remove(self, keys: Iterable[str]) -> None:
        """Deletes pictures for good. Keys that are not here, or cannot be removed, are skipped."""
        for key in keys:
            with suppress(OSError):
                self.path(key).unlink()

    def path(self, key: str) -> Path:
        """Returns the path that the picture with this key has or would have.

        StoryError for anything else than a key.
        """
        if not _KEY.fullmatch(key):
            raise StoryError("That is not a picture of this story; choose one of its own.")
        return self.folder / f"{key}.png"

    def open(self, key: str) -> Image.Image:
        """Returns the whole picture as RGB. StoryError if it is gone or damaged."""
        return self.later(key).convert("RGB")

    def later(self, key: str) -> StoredPicture:
        """Returns the picture without reading it, for callers that may never look at it. StoryError if it is gone."""
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
    plain.info = {}  # text or a colour profile would give an equal picture another key
    buffer = io.BytesIO()
    plain.save(buffer, format="PNG")
    return buffer.getvalue()
