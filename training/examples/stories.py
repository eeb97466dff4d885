"""Frames with the story before them, as the systems learn that are compared with ours.

Of Maple Lane's encoded pictures, or of a dataset folder; both give batches with the same keys. Knows no model but the
sizes of an autoencoder, and no loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from transformers import CLIPTokenizerFast

from storyboard.errors import StoryError
from training.data.dataset import StoryDataset, open_reader
from training.examples.clips import CaptionFitter, shown_frame
from training.examples.encoding import PictureFitter
from training.examples.latents import FRAMES, LatentCache
from training.examples.noise import noised_rows
from training.examples.pixels import pixels_of
from training.loop import row_generator
from training.maple_lane import Scene, draw

# Step and rows -> a batch. It has what `noise_of` gives, with latents or pixels of the frames. "captions": per row the
# sentences of its story up to and with the frame's, [""] where all is dropped. "earlier": per row the places of the
# frames before it, oldest first, in "earlier_latents" (N, C, h, w) or "earlier_pixels" (N, 3, S, S). These are left out
# where no row has any.
ToldFrames = Callable[[int, range], dict]


def told_frames(args: Any, vae: AutoencoderKL, tokenizer: CLIPTokenizerFast, pictures: bool) -> ToldFrames:
    """Returns the frames of `args.data`, or of Maple Lane's `args.latents`.

    pictures: earlier frames are looked at as pixels; False: as latents, where there are some.
    """
    if args.data:
        dataset = StoryDataset(open_reader(args.data), "train", FRAMES, followers="own")
        return DatasetStories(dataset, vae, tokenizer, args)
    return MapleLaneStories(LatentCache(Path(args.latents)), args, vae.config.sample_size if pictures else 0)


class MapleLaneStories:
    """Encoded stories. size: earlier frames are drawn, so large; 0: they are the latents of the cache.

    args: seed, batch, no_condition (share of examples in which all is dropped), plain (share of stories with names).
    """

    def __init__(self, cache: LatentCache, args: Any, size: int = 0):
        self.cache, self.args, self.size = cache, args, size

    def __call__(self, step: int, rows: range) -> dict:
        picks, batch = noised_rows(self.cache, self.args, step, rows)
        told = [self._captions(source, index) for source, index in picks]
        before = [
            [index - len(captions) + 1 + number for number in range(len(captions) - 1)]
            for captions, (_, index) in zip(told, picks, strict=True)
        ]
        batch |= {"captions": told, "earlier": places_of(before)}
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
        tale, number = self.cache.story(index)  # its latents stand together, in order
        frames = tale.frames[: number + 1]
        return [frame.plain if plain < self.args.plain else frame.referential for frame in frames]

    def _picture(self, index: int) -> torch.Tensor:
        tale, number = self.cache.story(index)
        return scene_pixels(tale.frames[number].scene, self.size)


def scene_pixels(scene: Scene, size: int) -> torch.Tensor:
    """Returns a scene of Maple Lane as pixels (3, size, size) in -1..1."""
    return pixels_of(draw(scene, size))


class DatasetStories:
    """Stories of a dataset folder that stay in their split. StoryError where it has none.

    Captions are cut to what `tokenizer`, the text encoder's, reads. args: as those of MapleLaneStories.
    """

    def __init__(self, dataset: StoryDataset, vae: AutoencoderKL, tokenizer: CLIPTokenizerFast, args: Any):
        if not len(dataset):
            raise StoryError(
                f"{dataset.reader.folder} has no {dataset.split} story that stays in its split to learn from."
            )
        self.dataset, self.pictures, self.args = dataset, PictureFitter(vae), args
        self.fit = CaptionFitter(tokenizer, tokenizer.model_max_length)

    def __call__(self, step: int, rows: range) -> dict:
        examples = [self._example(row_generator(self.args.seed, step, row)) for row in rows]
        pixels, people = zip(*(shown_frame(self.pictures, e["frame"]) for e in examples), strict=True)
        batch = self.pictures.noised(pixels, people, self.args, step, rows)
        batch |= {
            "captions": [e["captions"] for e in examples],
            "earlier": places_of([e["before"] for e in examples]),
        }
        before = [frame for e in examples for frame in e["before"]]
        if before:
            batch["earlier_pixels"] = torch.stack([self.pictures.pixels(f.picture()) for f in before])
        return batch

    def _example(self, source: torch.Generator) -> dict:
        rng = np.random.default_rng(source.initial_seed())
        story = self.dataset.story(int(rng.integers(len(self.dataset))), draw=int(rng.integers(2**31)))
        number = int(rng.integers(len(story.frames)))
        dropped, plain = rng.random(2)
        frames = story.frames[: number + 1]
        if dropped < self.args.no_condition:
            return {"frame": frames[-1], "captions": [""], "before": []}
        told = story.captions if plain < self.args.plain else story.referential
        captions = [self.fit(said, frame.clip.id) for said, frame in zip(told, frames, strict=False)]
        return {"frame": frames[-1], "captions": captions, "before": list(frames[:-1])}


def places_of(before: Sequence[Sized]) -> list[list[int]]:
    """Returns where what each row has stands among what all rows have, one after the other."""
    places, taken = [], 0
    for row in before:
        places.append(list(range(taken, taken + len(row))))
        taken += len(row)
    return places
