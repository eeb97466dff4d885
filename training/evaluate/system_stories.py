"""The stories of a compared system: drawn, or read from disk if all their pictures are kept.

It contains which stories a table needs, but not how a system is trained.
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
    """A picture was needed that is not kept, and nothing here draws."""


class KeptOnly:
    """The renderer of a system whose pictures are only read from disk."""

    doing = notice = ""  # nobody waits for this renderer, so it reports nothing

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        raise NotDrawn(request.caption)


def artist_of(spec: SystemSpec, captions: Captions, root: Path, draws: bool) -> StoryArtist:
    """Returns the artist for a system's row.

    StoryError if the system has no such row. FileNotFoundError if it has no weights.
    """
    conditioning = spec.conditioning(captions)
    if conditioning is None:
        raise StoryError(f"{spec.name} is not drawn with {captions} captions.")
    folder = spec.folder(root)
    system = System(weights_hash(folder), captions, conditioning, given=spec.given)
    return StoryArtist(load_renderer(folder) if draws else KeptOnly(), system, root / "systems" / "pictures")


def first_stories(count: int, frames: int = 4, given: int = 0) -> Iterable[MapleStory]:
    """Returns the first test stories with `frames` frames to draw, and `given` frames before these."""
    return (story("test", index, frames + given) for index in range(count))


def cut(tale: MapleStory, frames: int) -> MapleStory:
    """Returns the first frames of a story.

    Their pictures are the same as in the whole story: no frame reads a later one.
    """
    return replace(tale, frames=tale.frames[:frames])


def kept_stories(artist: StoryArtist, tales: Iterable[MapleStory]) -> list[list[DrawnFrame]]:
    """Returns the stories whose pictures are all there, up to the first story with a missing picture."""
    found = []
    for tale in tales:
        try:
            found.append(artist.draw(tale))
        except NotDrawn:
            break
    return found
