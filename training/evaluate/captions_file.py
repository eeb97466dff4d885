"""Captions that were made, kept line by line, so that an interrupted evaluation goes on where it stopped.

A picture is known by its pixels: one that is drawn again is described again. Knows no dataset and no score.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PIL import Image

from storyboard.errors import StoryError


class Describes(Protocol):
    def captions(self, pictures: Sequence[Image.Image]) -> list[list[str]]:
        """Captions of each picture, best first."""


class CaptionsFile:
    """`made_by`: what decides the captions; it opens the file, and one made by something else is refused."""

    def __init__(self, path: Path, made_by: dict[str, str]):
        self.path, self.known = path, {}
        if not path.exists():
            path.write_text(json.dumps(made_by) + "\n", "utf-8")
            return
        # A last line without its end was being written when the run stopped.
        text = path.read_text("utf-8")
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            path.write_text(whole, "utf-8")
        try:
            head, *rows = (json.loads(line) for line in whole.splitlines())
            self.known = {row["picture"]: row["captions"] for row in rows}
        except (ValueError, TypeError, KeyError) as error:
            raise StoryError(f"{path} is no file of captions; remove it, or give another --json.") from error
        if head != made_by:
            raise StoryError(f"{path} is of another captioner ({head}); remove it, or give another --json.")

    def of(self, pictures: Sequence[Image.Image], captioner: Describes) -> list[list[str]]:
        """Captions of each picture, those that are not known yet from `captioner`."""
        names = [_name(picture) for picture in pictures]
        unknown = {
            name: picture for name, picture in zip(names, pictures, strict=True) if name not in self.known
        }
        if unknown:
            made = captioner.captions(list(unknown.values()))
            self.known |= dict(zip(unknown, made, strict=True))
            with open(self.path, "a", encoding="utf-8") as file:
                for name in unknown:
                    file.write(json.dumps({"picture": name, "captions": self.known[name]}) + "\n")
        return [self.known[name] for name in names]


def _name(picture: Image.Image) -> str:
    pixels = picture.convert("RGB")
    return hashlib.blake2b(f"{pixels.size}".encode() + pixels.tobytes(), digest_size=16).hexdigest()
