"""What StoryDALL-E learns from: pictures alone for the VQ model, and frames with their source frame for the
transformer.

They come from Maple Lane, drawn when needed, or from a dataset folder. A story has five frames, and the first is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import torch
from transformers import CLIPTokenizerFast

from storyboard.errors import StoryError
from training.data.dataset import StoryDataset, open_reader
from training.examples.captions import words_of
from training.examples.encoding import fitted_pixels
from training.examples.pixels import pixels_of
from training.examples.stories import places_of
from training.loop import row_generator
from training.maple_lane import draw, story

FRAMES = 5  # frames of a story: the source frame, and four frames that continue it
STORIES = 1 << 20  # stories of Maple Lane; more than any run uses


@dataclass(frozen=True)
class PickedFrame:
    """A frame (3, S, S) of a story, the story's first frame, and the captions up to this frame, one for each frame."""

    plain: list[str]  # captions with names
    referential: list[str]  # captions with pronouns
    source: torch.Tensor
    pixels: torch.Tensor


class Frames:
    """Stories of `length` frames, with pictures of `size` pixels.

    They come from `data`, or from Maple Lane if it is None.
    """

    def __init__(self, data: str | None, length: int, size: int):
        self.length, self.size, self.dataset = length, size, None
        if data:
            self.dataset = StoryDataset(open_reader(data), "train", length, followers="own")
            if not len(self.dataset):
                raise StoryError(
                    f"{data} has no train story of {length} frames in its split, so none with a source frame."
                )

    def pick(self, rng: np.random.Generator, number: int) -> PickedFrame:
        """Returns frame `number` of a random story, counted from 0."""
        if self.dataset is None:
            tale = story("train", int(rng.integers(STORIES)), self.length)
            told = tale.frames[: number + 1]
            drawn = [pixels_of(draw(tale.frames[n].scene, self.size)) for n in sorted({0, number})]
            return PickedFrame(
                [f.plain for f in told], [f.referential for f in told], source=drawn[0], pixels=drawn[-1]
            )
        clips = self.dataset.story(int(rng.integers(len(self.dataset))), draw=int(rng.integers(2**31)))
        first, last = (fitted_pixels(clips.frames[n].picture(), self.size) for n in (0, number))
        return PickedFrame(
            list(clips.captions[: number + 1]), list(clips.referential[: number + 1]), first, last
        )


class PixelBatch(TypedDict):
    """Pictures alone."""

    pixels: torch.Tensor  # (B, 3, S, S) in -1..1


class ContinuedBatch(PixelBatch):
    """B frames that continue a story, and the N sentences of their stories.

    The sentences of one story stand together.
    """

    source: torch.Tensor  # (B, 3, S, S) in -1..1: the first frames of the stories
    words: torch.Tensor  # (N, L)
    mask: torch.Tensor  # (N, L): 1 for words, 0 for padding
    rows: list[list[int]]  # for each frame, the places of its story's sentences up to its own


@dataclass(frozen=True)
class ContinuedFrame:
    """A frame (3, S, S), the first frame of its story, and the sentences up to its own."""

    captions: list[str]
    source: torch.Tensor
    pixels: torch.Tensor


class PictureExamples:
    """Maps a step to pictures of stories' first frames."""

    def __init__(self, frames: Frames, seed: int):
        self.frames, self.seed = frames, seed

    def __call__(self, step: int, rows: range) -> PixelBatch:
        return {"pixels": torch.stack([self._picture(step, row) for row in rows])}

    def _picture(self, step: int, row: int) -> torch.Tensor:
        rng = np.random.default_rng(row_generator(self.seed, step, row).initial_seed())
        return self.frames.pick(rng, 0).pixels


class ContinuedFrames:
    """Maps a step to frames that continue a story. plain: the share of stories that are told with names."""

    def __init__(self, frames: Frames, tokenizer: CLIPTokenizerFast, seed: int, plain: float):
        self.frames, self.tokenizer, self.seed, self.plain = frames, tokenizer, seed, plain

    def __call__(self, step: int, rows: range) -> ContinuedBatch:
        examples = [self._example(step, row) for row in rows]
        words, mask = words_of(self.tokenizer, [one for e in examples for one in e.captions])
        return {
            "source": torch.stack([e.source for e in examples]),
            "pixels": torch.stack([e.pixels for e in examples]),
            "words": words,
            "mask": mask,
            "rows": places_of([e.captions for e in examples]),
        }

    def _example(self, step: int, row: int) -> ContinuedFrame:
        rng = np.random.default_rng(row_generator(self.seed, step, row).initial_seed())
        number = 1 + int(rng.integers(self.frames.length - 1))
        picked = self.frames.pick(rng, number)
        captions = picked.plain if rng.random() < self.plain else picked.referential
        return ContinuedFrame(captions, picked.source, picked.pixels)
