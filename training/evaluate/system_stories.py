"""The stories of a system that is compared: drawn, or read back where all their pictures are kept.

Knows which stories a table asks for, not how a system is trained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from storyboard.errors import StoryError
from storyboard.renderer import FrameRequest, Preview, Rendered
from training.evaluate.compared import Captions, SystemSpec
from training.evaluate.drawing import DrawnFrame, StoryArtist, System, weights_hash
from training.evaluate.renderers import load_renderer
from training.maple_lane import MapleStory, story


class NotDrawn(Exception):
    """A picture is asked for that is not kept, and nothing here draws."""


class KeptOnly:
    """The renderer of a system whose pictures are only read back."""

    doing = notice = ""  # no writer waits for it

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        raise NotDrawn(request.caption)


def artist_of(spec: SystemSpec, captions: Captions, root: Path, draws: bool) -> StoryArtist:
    """Returns the artist of a system's row.

    StoryError where the system has no such row, FileNotFoundError where it has no weights.
    """
    conditioning = spec.conditioning(captions)
    if conditioning is None:
        raise StoryError(f"{spec.name} is not drawn with {captions} captions.")
    folder = spec.folder(root)
    system = System(weights_hash(folder), captions, conditioning, given=spec.given)
    return StoryArtist(load_renderer(folder) if draws else KeptOnly(), system, root / "systems" / "pictures")


def first_stories(count: int, frames: int = 4, given: int = 0) -> Iterable[MapleStory]:
    """Returns the first test stories with so many frames to draw; given: and so many before these."""
    return (story("test", index, frames + given) for index in range(count))


def cut(tale: MapleStory, frames: int) -> MapleStory:
    """Returns a story's first frames: drawn alone they are the same pictures, as no frame reads a later one."""
    return replace(tale, frames=tale.frames[:frames])


def kept_stories(artist: StoryArtist, tales: Iterable[MapleStory]) -> list[list[DrawnFrame]]:
    """Returns the stories whose pictures are all there, from the first up to one that is not."""
    found = []
    for tale in tales:
        try:
            found.append(artist.draw(tale))
        except NotDrawn:
            break
    return found
