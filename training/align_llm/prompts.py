"""What stage 2 reads: interleaved prompts that fit the language model, and batches of Maple Lane's cached stories.

Contains neither losses nor the weights of a language model.
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
    """B prompts.

    The features of their pictures are packed: those of the first prompt, then those of the second, and so on.
    """

    parts: list[list[Part]]  # for each prompt, its words and its places for pictures, in order
    frames: torch.Tensor  # (N, V)
    frame_counts: list[int]  # how many of `frames` each prompt shows
    portraits: torch.Tensor  # (N, V), with another N than `frames`
    portrait_counts: list[int]  # how many of `portraits` each prompt shows


@dataclass(frozen=True)
class AlignExample(PromptExample):
    """A prompt, and the target for the condition of the frame to draw.

    target: the condition (L, D)
    named: (L,) bool, the tokens that carry portraits
    caption: the plain caption of the condition
    """

    target: torch.Tensor
    named: torch.Tensor
    caption: str


class AlignBatch(PromptBatch):
    """B prompts, and the targets for the conditions of the frames to draw."""

    targets: torch.Tensor  # (B, L, D)
    named: torch.Tensor  # (B, L) bool
    ids: NotRequired[torch.Tensor]  # (B, L), tokens of the plain captions, if `target` is "text"
    drawn: NotRequired[NoisedFrames]  # the frames to draw, for L_img


def prompts_of(examples: Sequence[PromptExample], width: int) -> PromptBatch:
    """Returns examples as one batch. width: V."""
    return {
        "parts": [e.parts for e in examples],
        "frames": torch.cat([e.frames for e in examples]).reshape(-1, width),
        "frame_counts": [len(e.frames) for e in examples],
        "portraits": torch.cat([e.portraits for e in examples]).reshape(-1, width),
        "portrait_counts": [len(e.portraits) for e in examples],
    }


def aligned(examples: Sequence[AlignExample], width: int) -> AlignBatch:
    """Returns examples and their targets as one batch. width: V."""
    return {
        **prompts_of(examples, width),
        "targets": torch.stack([e.target for e in examples]),
        "named": torch.stack([e.named for e in examples]),
    }


def visual_tokens(
    mapper: VisualMapper, batch: PromptBatch
) -> tuple[Sequence[torch.Tensor], Sequence[torch.Tensor], torch.Tensor]:
    """Returns the visual tokens of each prompt's frames and portraits, (n, m, E) each, and a zero to add to the loss.

    The batch holds packed pictures. The zero carries a gradient: DDP waits for the mapper's gradient even if the
    prompts of a process show no picture.
    """
    frames, portraits = (mapper(batch[kind]) for kind in ("frames", "portraits"))  # (N, m, E)
    nothing = 0 * (frames[:0].sum() + portraits[:0].sum())
    return frames.split(batch["frame_counts"]), portraits.split(batch["portrait_counts"]), nothing


def first_told(number: int, share: float, rng: np.random.Generator) -> int:
    """Returns the frame that a prompt for frame `number` begins with.

    It is the first frame, or with the probability `share` a later one. Names and places may then be known from pictures
    alone, as in a story longer than its window. At least one earlier frame stays in the prompt.
    """
    late = share > 0 and number > 1 and rng.random() < share
    return int(rng.integers(1, number)) if late else 0


class PromptFitter:
    """Makes a prompt from the captions of a story so far. The last caption is the one to draw.

    A prompt that is too long is cut from the left: first the oldest frames, each as a whole, then the cast, then the
    last frame before the one to draw. The sentence to draw and the image tokens always stay.

    max_length: positions, including those of the image tokens; 0: as many as the model has.
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
        """Returns the prompt. Picture slots keep their numbers, whatever is cut.

        StoryError if the sentence alone is too long.
        """
        earlier, caption = list(captions[:-1]), captions[-1]
        if self.pictures:
            for names in ([*cast], []):
                try:
                    return self.reader.fit(interleave(earlier, caption, names), self.limit)
                except ValueError:
                    continue  # the prompt is too long even with one frame
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
    """Maps a step to a batch: prompts for random frames of cached stories, the features of their pictures, and targets.

    With `latents`, a batch also holds what L_img needs. With a `tokenizer`, it also holds the ids of the plain
    captions.
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
            # People of frames that were cut are still shown in the cast.
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
