"""Foreign pictures and JSON, checked before they are believed: for project files and pictures with notes.

Knows neither torch nor gradio, and no file format.
"""

from __future__ import annotations

import io
import json

from PIL import Image

from storyboard.disk.pictures import read_upload
from storyboard.errors import StoryError

MAX_DEPTH = 20  # the format itself needs 8


def read_picture(data: bytes, what: str) -> Image.Image:
    """A PNG of this app's as RGB in its own size. StoryError opening with `what` for anything else."""
    picture = read_upload(data, what)
    with Image.open(io.BytesIO(data)) as original:
        if picture.size != original.size:
            raise StoryError(
                f"{what} is {original.width} x {original.height} pixels, larger than any this app draws; use it as a"
                " portrait instead."
            )
    return picture


def read_json(data: bytes, what: str) -> object:
    """The JSON value in `data`. StoryError opening with `what` where it is none, or nested too deep."""
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise StoryError(f"{what} is damaged or was changed by hand; use another copy of it.") from error
    _check_depth(value, what)
    return value


def _check_depth(value: object, what: str) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for one in level
            if isinstance(one, (dict, list))
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise StoryError(f"{what} is nested far too deep to be a story; use another copy of it.")
