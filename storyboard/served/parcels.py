"""What is sent to another process to be drawn, and what comes back. That process may have none of this machine's files.

Imports neither Ray nor torch.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, replace

from PIL import Image

from storyboard.disk.pictures import StoredPicture
from storyboard.renderer import FrameRequest, Picture


@dataclass(frozen=True)
class Refused:
    """A StoryError that leaves the other process as a value.

    Raised there, it would reach the app without its sentence.
    """

    sentence: str


@dataclass(frozen=True)
class SentPicture(StoredPicture):
    """A picture of a store that is sent with the bytes of its file.

    It is decoded when somebody looks at it. data: PNG.
    """

    data: bytes = b""

    def convert(self, mode: str) -> Image.Image:
        """Returns the picture, as `StoredPicture.convert` does."""
        try:
            with Image.open(io.BytesIO(self.data), formats=("PNG",)) as picture:
                return picture.convert(mode)
        except (OSError, SyntaxError) as error:
            raise self.missing() from error


def packed(request: FrameRequest) -> FrameRequest:
    """Returns the request with the bytes of its pictures in it. StoryError if a picture is gone."""
    style = request.style
    return replace(
        request,
        cast=tuple(replace(member, portrait=_sent(member.portrait)) for member in request.cast),
        history=tuple(replace(frame, picture=_sent(frame.picture)) for frame in request.history),
        style=replace(style, picture=None if style.picture is None else _sent(style.picture)),
    )


def story_key(request: FrameRequest) -> str:
    """Returns a key that tells stories apart: a hash of what the first frame of the story says.

    It only decides which replica most likely has read the story before. Stories with the same beginning share a key,
    and a story whose beginning is edited gets another key.
    """
    first = request.history[0].caption if request.history else request.resolved or request.caption
    return hashlib.blake2b(first.encode(), digest_size=8).hexdigest()


def _sent(picture: Picture) -> Picture:
    if not isinstance(picture, StoredPicture):
        return picture
    try:
        return SentPicture(picture.key, picture.path, picture.path.read_bytes())
    except OSError as error:
        raise picture.missing() from error
