"""What stage 2 reads: interleaved prompts that fit, and the batches of Maple Lane's cached stories.

Knows neither losses nor the weights of a language model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import torch
from transformers import CLIPTokenizerFast

from storyboard.errors import StoryError
from storyboard.models.mappers import VisualMapper
from storyboard.models.story_reader import StoryReader
from storyboard.text.prompt import Part, interleave
from training.align_llm.arguments import AlignArguments
from training.align_llm.cache import ConditionCache
from training.examples.captions import token_ids
from training.examples.latents import FRAMES, FramePicker, LatentCache, crowds_of
from training.examples.noise import NoisedFrames, noised_frames
from training.maple_lane.reading import cast_so_far

if TYPE_CHECKING:
    from typing_extensions import NotRequired


@dataclass(frozen=True)
class PromptExample:
    """A prompt, and the features (n, V) of the earlier frames and of the portraits that it shows."""

    parts: list[Part]
    frames: torch.Tensor
    portraits: torch.Tensor


class PromptBatch(TypedDict):
    """B prompts; the features of their pictures stand one prompt's behind the other's."""

    parts: list[list[Part]]  # of each prompt, words and places of pictures in their order
    frames: torch.Tensor  # (N, V)
    frame_counts: list[int]  # how many of `frames` each prompt shows
    portraits: torch.Tensor  # (N, V), another N
    portrait_counts: list[int]  # how many of `portraits` each prompt shows


@dataclass(frozen=True)
class AlignExample(PromptExample):
    """A prompt, and what the condition of the frame to be drawn should be.

    target (L, D); named (L,) bool: its tokens that carry portraits; caption: the plain one that it is of.
    """

    target: torch.Tensor
    named: torch.Tensor
    caption: str


class AlignBatch(PromptBatch):
    """B prompts, and what the conditions of the frames to be drawn should be."""

    targets: torch.Tensor  # (B, L, D)
    named: torch.Tensor  # (B, L) bool
    ids: NotRequired[torch.Tensor]  # (B, L), of the plain captions, where `target` is "text"
    drawn: NotRequired[NoisedFrames]  # these frames, for L_img


def prompts_of(examples: Sequence[PromptExample], width: int) -> PromptBatch:
    """Returns prompts as one batch. width: V."""
    return {
        "parts": [e.parts for e in examples],
        "frames": torch.cat([e.frames for e in examples]).reshape(-1, width),
        "frame_counts": [len(e.frames) for e in examples],
        "portraits": torch.cat([e.portraits for e in examples]).reshape(-1, width),
        "portrait_counts": [len(e.portraits) for e in examples],
    }


def aligned(examples: Sequence[AlignExample], width: int) -> AlignBatch:
    """Returns prompts and their targets as one batch. width: V."""
    return {
        **prompts_of(examples, width),
        "targets": torch.stack([e.target for e in examples]),
        "named": torch.stack([e.named for e in examples]),
    }


def visual_tokens(
    mapper: VisualMapper, batch: PromptBatch
) -> tuple[Sequence[torch.Tensor], Sequence[torch.Tensor], torch.Tensor]:
    """Returns each prompt's frames and portraits, (n, m, E) each, and a zero to add to the loss.

    They are those of packed pictures.
    The zero carries a gradient: DDP waits for the mapper's even where the prompts of a process show no picture.
    """
    frames, portraits = (mapper(batch[kind]) for kind in ("frames", "portraits"))  # (N, m, E)
    nothing = 0 * (frames[:0].sum() + portraits[:0].sum())
    return frames.split(batch["frame_counts"]), portraits.split(batch["portrait_counts"]), nothing


def first_told(number: int, share: float, rng: np.random.Generator) -> int:
    """Returns which frame a prompt for frame `number` begins with: the first, or in this share of prompts a later one.

    As in a story longer than its window, names and places may then stand in pictures alone; one stays in sight.
    """
    late = share > 0 and number > 1 and rng.random() < share
    return int(rng.integers(1, number)) if late else 0


class PromptFitter:
    """Captions of a story so far, the last one to be drawn -> its prompt, cut from the left where it is too long.

    The oldest frames go first, each whole; then the cast; then the last frame. The sentence to draw and the image
    tokens always stay. max_length: positions, those of the image tokens included; 0: as many as the model has.
    """

    def __init__(self, reader: StoryReader, max_length: int = 0, pictures: bool = True):
        tokens, most = reader.image_tokens.config.count, reader.max_tokens
        self.reader, self.pictures = reader, pictures
        self.limit = max_length - tokens if max_length else most
        if not 0 < self.limit <= most:
            raise StoryError(
                f"--max_length {max_length}: the language model has {most + tokens} positions, and the image tokens "
                f"take {tokens}; choose {tokens + 1} to {most + tokens}."
            )

    def __call__(self, captions: Sequence[str], cast: Sequence[str] = ()) -> list[Part]:
        """Picture slots keep their numbers, whatever is cut. StoryError where the sentence alone is too long."""
        earlier, caption = list(captions[:-1]), captions[-1]
        if self.pictures:
            for names in ([*cast], []):
                try:
                    return self.reader.fit(interleave(earlier, caption, names), self.limit)
                except ValueError:
                    continue  # too long even with one frame
        else:
            while earlier and self._length(interleave(earlier, caption, pictures=False)) > self.limit:
                earlier.pop(0)
        parts = interleave(() if self.pictures else earlier, caption, pictures=self.pictures)
        if self._length(parts) > self.limit:
            raise StoryError(
                f'"{caption[:60]}" fills {self._length(parts)} positions and {self.limit} are left; raise '
                "--max_length or shorten it."
            )
        return parts

    def _length(self, parts: Sequence[Part]) -> int:
        return self.reader.length(self.reader.tokenize(parts))


class Prompts:
    """Step -> interleaved prompts for a random frame of cached stories, their picture features and targets.

    With `latents` also what L_img needs, with a `tokenizer` the ids of the plain captions.
    """

    def __init__(
        self,
        cache: ConditionCache,
        args: AlignArguments,
        prompt: PromptFitter,
        latents: LatentCache | None = None,
        tokenizer: CLIPTokenizerFast | None = None,
    ):
        self.cache, self.args, self.latents, self.tokenizer = cache, args, latents, tokenizer
        self.prompt = prompt
        stories = len(cache) if latents is None else min(len(cache), len(latents.seeds))
        same = latents is None or (
            latents.seeds[:stories] == cache.seeds[:stories] and set(latents.kinds[:stories]) == {"cast"}
        )
        if not same:
            raise StoryError(
                f"{args.latents} and {args.conditions} hold other stories, or in another order; delete them and make "
                "both again, with training.pretrain latents and training.cache_conditions."
            )
        self.pick = FramePicker(c for number in range(stories) for c in crowds_of(cache.story(number)))

    def __call__(self, step: int, rows: range) -> AlignBatch:
        sources = [np.random.default_rng((self.args.seed, step, row)) for row in rows]
        frames = [self.pick(source.random()) for source in sources]
        examples = [self._example(source, frame) for source, frame in zip(sources, frames, strict=True)]
        batch = aligned(examples, self.cache.width)
        if self.latents:
            batch["drawn"] = noised_frames(self.latents, frames, self.args, step, rows)
        if self.tokenizer:
            batch["ids"] = token_ids(self.tokenizer, [e.caption for e in examples])
        return batch

    def _example(self, rng: np.random.Generator, frame: int) -> AlignExample:
        index, number = divmod(frame, FRAMES)
        story, pictures = self.cache.story(index), self.args.interleaved
        first = first_told(number, self.args.window_share, rng)
        frames = story.frames[first : number + 1]
        captions = [f.plain if rng.random() < self.args.plain_share else f.referential for f in frames]
        cast: list[str] = []
        if pictures and (first or rng.random() < self.args.cast_share):
            # The cast of what is no longer told is still shown.
            cast = cast_so_far(story.frames[: number + 1])
        views = [self.cache.portraits[name, story.outfits[name]] for name in cast]
        shown = [v[rng.integers(len(v))] for v in views]
        width = self.cache.width
        return AlignExample(
            self.prompt(captions, cast),
            self.cache.features[index, first:number] if pictures else torch.zeros(0, width),
            torch.stack(shown) if shown else torch.zeros(0, width),
            self.cache.conditions[index, number],
            self.cache.named[index, number],
            story.frames[number].plain,
        )
