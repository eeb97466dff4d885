"""Generated captions in a file, kept line by line, so that an interrupted evaluation continues where it stopped.

A picture is known by its pixels: a picture that is drawn again gets a new caption. Contains no dataset and no score.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PIL import Image

from training.evaluate.kept_lines import KeptLines


class Describes(Protocol):
    def captions(self, pictures: Sequence[Image.Image]) -> list[list[str]]:
        """Returns the captions of each picture, with the best caption first."""


class CaptionsFile:
    """Captions that are kept in a file by the hash of their picture.

    made_by: everything that decides the captions. The file begins with it. StoryError if an existing file begins with
    something else.
    """

    def __init__(self, path: Path, made_by: dict[str, str]):
        self._lines = KeptLines(path, made_by, "captions", "captioner", "remove it, or give another --json")
        try:
            self.known = {row["picture"]: row["captions"] for row in self._lines.rows}
        except KeyError as error:
            raise self._lines.broken() from error

    def of(self, pictures: Sequence[Image.Image], captioner: Describes) -> list[list[str]]:
        """Returns the captions of each picture. Captions that are not known yet come from `captioner`."""
        names = [_name(picture) for picture in pictures]
        unknown = {
            name: picture for name, picture in zip(names, pictures, strict=True) if name not in self.known
        }
        if unknown:
            made = captioner.captions(list(unknown.values()))
            self.known |= dict(zip(unknown, made, strict=True))
            self._lines.append({"picture": name, "captions": self.known[name]} for name in unknown)
        return [self.known[name] for name in names]


def _name(picture: Image.Image) -> str:
    pixels = picture.convert("RGB")
    return hashlib.blake2b(f"{pixels.size}".encode() + pixels.tobytes(), digest_size=16).hexdigest()
