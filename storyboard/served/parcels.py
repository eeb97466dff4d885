"""What goes to another process to be drawn, which may have none of this machine's files, and what comes back.

Knows neither Ray nor torch.
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
    """A StoryError on its way out of the other process, which would keep its sentence to itself."""

    sentence: str


@dataclass(frozen=True)
class SentPicture(StoredPicture):
    """A store's picture that carries its file along; decoded when somebody looks at it. data: PNG."""

    data: bytes = b""

    def convert(self, mode: str) -> Image.Image:
        """Returns the picture, as `StoredPicture.convert` does."""
        try:
            with Image.open(io.BytesIO(self.data), formats=("PNG",)) as picture:
                return picture.convert(mode)
        except (OSError, SyntaxError) as error:
            raise self.missing() from error


def packed(request: FrameRequest) -> FrameRequest:
    """Returns the request with its pictures in it. StoryError where one is gone."""
    style = request.style
    return replace(
        request,
        cast=tuple(replace(member, portrait=_sent(member.portrait)) for member in request.cast),
        history=tuple(replace(frame, picture=_sent(frame.picture)) for frame in request.history),
        style=replace(style, picture=None if style.picture is None else _sent(style.picture)),
    )


def story_key(request: FrameRequest) -> str:
    """Returns what tells the stories apart whose frames are asked for: what their first frame says.

    It only says which replica has most likely read the story before. Stories that begin alike share one, and one whose
    beginning is edited gets another.
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
