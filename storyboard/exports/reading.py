"""Foreign pictures and JSON, checked before use, for project files and for pictures with notes.

Imports neither torch nor Gradio, and knows no file format.
"""

from __future__ import annotations

import io
import json

from PIL import Image

from storyboard.disk.uploads import UPLOAD_SIDE, read_upload
from storyboard.errors import StoryError

MAX_DEPTH = 20  # the format itself needs 8 levels
MAX_MEMORY = 40 * 2**20  # the most bytes that the values of a text may take, by the estimate below
# How many bytes the value behind each of these letters takes: a list, an object, half a string, a number in a list.
_COSTS = ((b"[", 64), (b"{", 64), (b'"', 32), (b",", 36))


def read_picture(data: bytes, what: str) -> Image.Image:
    """Returns a PNG written by this app, as RGB in its own size.

    Anything else: a StoryError that begins with `what`.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as header:  # nothing is decoded yet
            width, height = header.size
    except Exception as error:  # damaged bytes can make decoders raise any error
        raise StoryError(f"{what} is no PNG, or is damaged; use another copy of it.") from error
    if max(width, height) > UPLOAD_SIDE:
        raise StoryError(
            f"{what} is {width} x {height} pixels, larger than any this app draws; use it as a portrait instead."
        )
    return read_upload(data, what)


def has_too_many_parts(data: bytes) -> bool:
    """Returns whether the values of a JSON text would take more than MAX_MEMORY.

    The parts are counted before the text is parsed: 31 MB of brackets would become 860 MB of lists.
    """
    return sum(data.count(letter) * cost for letter, cost in _COSTS) > MAX_MEMORY


def read_json(data: bytes, what: str) -> object:
    """Returns the JSON value in `data`.

    If it is no JSON, nested too deep or has too many parts, the StoryError's sentence begins with `what`.
    """
    if has_too_many_parts(data):
        raise StoryError(f"{what} has far too many parts to be a story; use another copy of it.")
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
