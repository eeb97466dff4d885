"""Frames with the story before them, for training the systems that are compared with ours.

They come from Maple Lane's encoded pictures or from a dataset folder; both give batches with the same keys. Knows no
loss, and of models only the sizes of an autoencoder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from diffusers import AutoencoderKL
from transformers import CLIPTokenizerFast

from storyboard.errors import StoryError
from training.data.dataset import StoryDataset, open_reader
from training.data.records import StoryFrame
from training.examples.arguments import DenoiserArguments
from training.examples.clips import CaptionFitter, shown_frame
from training.examples.encoding import PictureFitter, encoded
from training.examples.latents import FRAMES, LatentCache
from training.examples.noise import NoisedFrames, noised_rows
from training.examples.pixels import pixels_of
from training.loop import row_generator
from training.maple_lane import Scene, draw

if TYPE_CHECKING:
    from typing_extensions import NotRequired


@dataclass
class ToldArguments(DenoiserArguments):
    """Arguments of a diffusion model that reads a story and is compared with Char-LDM."""

    no_condition: float = field(
        default=0.1, metadata={"help": "share of examples without caption and earlier frames"}
    )
    plain: float = field(
        default=0.5, metadata={"help": "share of stories told with names; the others with pronouns"}
    )
    figures: float = field(
        default=2.0, metadata={"help": "extra weight of the latents of characters and their things"}
    )
    drawing_steps: int = field(default=15, metadata={"help": "denoising steps of a frame, in --out"})
    guidance: float = field(default=3.0, metadata={"help": "guidance scale of a frame, in --out"})


class ToldBatch(NoisedFrames):
    """B frames, each with the story before it. The N earlier frames of all rows are one after the other.

    Earlier frames are latents or pixels. Their key is missing if no row has any.
    """

    # For each row, the sentences of its story up to its own; [""] if everything is dropped.
    captions: list[list[str]]
    earlier: list[list[int]]  # for each row, the indices among the N of the frames before it, oldest first
    earlier_latents: NotRequired[torch.Tensor]  # (N, C, h, w)
    earlier_pixels: NotRequired[torch.Tensor]  # (N, 3, S, S) in -1..1


ToldFrames = Callable[[int, range], ToldBatch]  # gives a batch for a step and its rows


def told_frames(
    args: ToldArguments, vae: AutoencoderKL, tokenizer: CLIPTokenizerFast, pictures: bool
) -> ToldFrames:
    """Returns the frames of `args.data`, or else of Maple Lane's `args.latents`.

    pictures: whether earlier frames are given as pixels. False: as latents, if there are any.
    """
    if args.data:
        dataset = StoryDataset(open_reader(args.data), "train", FRAMES, followers="own")
        return DatasetStories(dataset, vae, tokenizer, args)
    return MapleLaneStories(LatentCache(Path(args.latents)), args, vae.config.sample_size if pictures else 0)


class MapleLaneStories:
    """Encoded stories. size: earlier frames are drawn at this size in pixels; 0: they are the latents of the cache."""

    def __init__(self, cache: LatentCache, args: ToldArguments, size: int = 0):
        self.cache, self.args, self.size = cache, args, size

    def __call__(self, step: int, rows: range) -> ToldBatch:
        picks, frames = noised_rows(self.cache, self.args, step, rows)
        told = [self._captions(source, index) for source, index in picks]
        before = [
            [index - len(captions) + 1 + number for number in range(len(captions) - 1)]
            for captions, (_, index) in zip(told, picks, strict=True)
        ]
        batch: ToldBatch = {**frames, "captions": told, "earlier": places_of(before)}
        indices = [index for row in before for index in row]
        if indices and self.size:
            batch["earlier_pixels"] = torch.stack([self._picture(index) for index in indices])
        elif indices:
            batch["earlier_latents"] = self.cache.latents[indices].float()
        return batch

    def _captions(self, source: torch.Generator, index: int) -> list[str]:
        dropped, plain = torch.rand(2, generator=source).tolist()
        if dropped < self.args.no_condition:
            return [""]
        tale, number = self.cache.story(index)  # a story's latents are together, in order
        frames = tale.frames[: number + 1]
        return [frame.plain if plain < self.args.plain else frame.referential for frame in frames]

    def _picture(self, index: int) -> torch.Tensor:
        tale, number = self.cache.story(index)
        return scene_pixels(tale.frames[number].scene, self.size)


def scene_pixels(scene: Scene, size: int) -> torch.Tensor:
    """Returns a scene of Maple Lane as pixels (3, size, size) in -1..1."""
    return pixels_of(draw(scene, size))


@dataclass(frozen=True)
class ToldExample:
    """A frame, the sentences up to its own, and the frames before it. Both are empty if everything is dropped."""

    frame: StoryFrame
    captions: list[str]
    before: Sequence[StoryFrame]


class DatasetStories:
    """Stories of a dataset folder that stay in their split. StoryError if it has none.

    Captions are cut to the length that the text encoder reads; `tokenizer` is the encoder's.
    """

    def __init__(
        self, dataset: StoryDataset, vae: AutoencoderKL, tokenizer: CLIPTokenizerFast, args: ToldArguments
    ):
        if not len(dataset):
            raise StoryError(
                f"{dataset.reader.folder} has no {dataset.split} story that stays in its split to learn from."
            )
        self.dataset, self.pictures, self.args = dataset, PictureFitter(vae), args
        self.fit = CaptionFitter(tokenizer, tokenizer.model_max_length)

    def __call__(self, step: int, rows: range) -> ToldBatch:
        examples = [self._example(row_generator(self.args.seed, step, row)) for row in rows]
        pixels, people = zip(*(shown_frame(self.pictures, e.frame) for e in examples), strict=True)
        batch: ToldBatch = {
            **self.pictures.noised(pixels, people, self.args, step, rows),
            "captions": [e.captions for e in examples],
            "earlier": places_of([e.before for e in examples]),
        }
        before = [frame for e in examples for frame in e.before]
        if before:
            batch["earlier_pixels"] = torch.stack([self.pictures.pixels(f.picture()) for f in before])
        return batch

    def _example(self, source: torch.Generator) -> ToldExample:
        rng = np.random.default_rng(source.initial_seed())
        story = self.dataset.story(int(rng.integers(len(self.dataset))), draw=int(rng.integers(2**31)))
        number = int(rng.integers(len(story.frames)))
        dropped, plain = rng.random(2)
        frames = story.frames[: number + 1]
        if dropped < self.args.no_condition:
            return ToldExample(frames[-1], [""], ())
        told = story.captions if plain < self.args.plain else story.referential
        captions = [self.fit(said, frame.clip.id) for said, frame in zip(told, frames, strict=False)]
        return ToldExample(frames[-1], captions, frames[:-1])


def earlier_latents_of(batch: ToldBatch, vae: AutoencoderKL | None) -> torch.Tensor:
    """Returns the latents (N, C, h, w) of the frames before those of a batch."""
    return batch["earlier_latents"] if "earlier_latents" in batch else encoded(vae, batch["earlier_pixels"])


def places_of(before: Sequence[Sized]) -> list[list[int]]:
    """Returns, for each row, the indices that its items get when the items of all rows are put one after the other."""
    places, taken = [], 0
    for row in before:
        places.append(list(range(taken, taken + len(row))))
        taken += len(row)
    return places
