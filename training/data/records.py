"""The record type of all story datasets: stories of frames, each a moment of an annotated clip.

Frozen values. Pictures and masks stay on disk until they are needed. Knows no models, and of the layout of a dataset
only its two folders of arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from storyboard.errors import StoryError
from storyboard.people import Look
from training.data.references import ReferentialCaption
from training.maple_lane.words.truth import Shows

FRAMES, MASKS = "video_frames_sampled_4x", "seg_mask_4x_comb"
BOX_SPACE = 128  # boxes are in pixels of a picture of this width and height, whatever size is stored


@dataclass(frozen=True)
class Segment:
    """An annotated character of a clip.

    id: its value in the masks.
    word: its label in lower case.
    start, end: its name is `tokens[start:end]` of the clip.
    box: x1, y1, x2, y2 in 0..128.
    """

    id: int
    word: str
    start: int
    end: int
    box: tuple[float, float, float, float]

    def box_in(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Returns the box x1, y1, x2, y2 in a picture of that size, in pixels."""
        left, top, right, bottom = (min(max(place / BOX_SPACE, 0.0), 1.0) for place in self.box)
        return left * width, top * height, right * width, bottom * height


@dataclass(frozen=True)
class Clip:
    """A few pictures of one moment, and what is known about them.

    A value is None or empty if the dataset does not have it.

    captions: one for FlintstonesSV and Maple Lane, several in the order of time for PororoSV.
    tokens: the words of the caption, as `segments` count them.
    characters: the names of all annotated characters, in that order.
    labels, background: 0 or 1 for each main character, and for each background.
    setting: the place in words.
    portraits: the name of each character who has a canonical portrait, and its file.
    referential: the caption with pronouns, if the dataset itself has one.
    canonical: the caption in the one form that every frame has.
    free: a caption in a writer's own words.
    shows: what the free caption says.
    looks: the looks of people in its story who are no main characters, by name.
    """

    id: str
    folder: Path
    captions: tuple[str, ...]
    tokens: tuple[str, ...] = ()
    characters: tuple[str, ...] = ()
    segments: tuple[Segment, ...] = ()
    labels: tuple[int, ...] = ()
    background: tuple[int, ...] = ()
    setting: str = ""
    portraits: tuple[tuple[str, Path], ...] = ()
    referential: str | None = None
    canonical: str | None = None
    free: str | None = None
    shows: Shows | None = None
    looks: Mapping[str, Look] = field(default_factory=dict, hash=False)

    @property
    def file(self) -> Path:
        return self.folder / FRAMES / f"{self.id}.npy"

    def pictures(self) -> np.ndarray:
        """Returns the pictures, (N, H, W, 3) uint8 RGB. They stay on disk until they are looked at."""
        frames = _array(self.file)
        if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8 or not len(frames):
            raise StoryError(f"{self.file} holds {frames.dtype} {frames.shape}, not uint8 (N, H, W, 3).")
        return frames

    def mask_file(self, number: int) -> Path:
        return self.folder / MASKS / f"{self.id}-frame{number}.npy"

    def mask(self, number: int) -> np.ndarray | None:
        """Returns the mask of picture `number`, (H, W) ints; None if there is no file."""
        path = self.mask_file(number)
        if not path.is_file():
            return None
        mask = _array(path)
        if mask.ndim != 2 or mask.dtype.kind not in "iub":
            raise StoryError(f"{path} holds {mask.dtype} {mask.shape}, not ints (H, W).")
        return mask


@dataclass(frozen=True)
class StoryFrame:
    """Picture `number` of a clip. caption: its caption without pronouns."""

    clip: Clip
    number: int
    caption: str

    def picture(self) -> Image.Image:
        """Returns the frame's picture, RGB."""
        return Image.fromarray(np.ascontiguousarray(self.clip.pictures()[self.number]))

    def mask(self) -> np.ndarray | None:
        """Returns (H, W) ints, the id of the segment at each pixel; None if there is no mask."""
        return self.clip.mask(self.number)


@dataclass(frozen=True)
class Story:
    """Frames in the order of the story. `extended`: their captions with pronouns, one per frame.

    opening: the text from which the authors draw the first frame. On PororoSV that is a caption that is chosen a second
    time.
    """

    id: str
    frames: tuple[StoryFrame, ...]
    extended: tuple[ReferentialCaption, ...]
    opening: str

    @property
    def captions(self) -> tuple[str, ...]:
        return tuple(frame.caption for frame in self.frames)

    @property
    def referential(self) -> tuple[str, ...]:
        return tuple(caption.text for caption in self.extended)


def _array(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise StoryError(f"{path} is missing.") from None
    except (ValueError, OSError, EOFError) as error:
        raise StoryError(f"{path} cannot be read: {error}.") from error
