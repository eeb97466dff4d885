"""Shared by all measurements: arms that take turns, a story to measure, and the authors' control flow.

The authors' way is written anew from what their published code does, and uses the parts of this pipeline. So it
measures neither their program nor their weights.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from storyboard.pipeline import StoryPipeline
from storyboard.renderer import CastMember, ContextFrame, FrameRequest
from storyboard.text.prompt import interleave

SENTENCES = (
    "Rosa waves to Milo in the park.",
    "She runs.",
    "Nana meets them at the bakery.",
    "They dance.",
    "Milo reads a book in the library.",
)
CAST = (("Rosa", "she"), ("Milo", "he"), ("Nana", "she"))


@dataclass(frozen=True)
class Timed:
    """Seconds of two arms, each pair measured one after the other."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    def told(self) -> dict[str, float]:
        """Returns both medians in milliseconds, and the median and both quartiles of theirs / ours."""
        ratios = sorted(theirs / ours for ours, theirs in zip(self.ours, self.theirs, strict=True))
        quarter = len(ratios) // 4
        return {
            "ours_ms": 1000 * statistics.median(self.ours),
            "theirs_ms": 1000 * statistics.median(self.theirs),
            "ratio": statistics.median(ratios),
            "ratio_low": ratios[quarter],
            "ratio_high": ratios[-1 - quarter],
        }


def take_turns(
    ours: Callable[[], Any],
    theirs: Callable[[], Any],
    repeats: int,
    before: Callable[[], Any] = lambda: None,
) -> Timed:
    """Times both arms `repeats` times in turn, after a first turn that does not count. Returns the seconds of both.

    before: called before each of our turns.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(repeats + 1):
        for arm, found in ((ours, times[0]), (theirs, times[1])):
            if arm is ours:
                before()
            start = time.perf_counter()
            arm()
            if turn:
                found.append(time.perf_counter() - start)
    return Timed(*map(tuple, times))


@dataclass
class Counted:
    """The work of the models inside a `counting` block."""

    tokens: int = 0  # positions that the language model read in all passes
    pictures: int = 0  # pictures that went through the vision tower
    rows: int = 0  # rows that the UNet denoised in all calls


@contextmanager
def counting(pipeline: StoryPipeline) -> Iterator[Counted]:
    """Counts with hooks on the models themselves, whoever calls them."""
    count = Counted()

    def read(_: Any, args: tuple, given: Mapping[str, Any]) -> None:
        count.tokens += given["inputs_embeds"].shape[0] * given["inputs_embeds"].shape[1]

    def seen(_: Any, args: tuple, given: Mapping[str, Any]) -> None:
        count.pictures += len(given["pixel_values"])

    def denoised(_: Any, args: tuple, given: Mapping[str, Any]) -> None:
        count.rows += len(args[0])

    hooks = [
        module.register_forward_pre_hook(hook, with_kwargs=True)
        for module, hook in (
            (pipeline.language_model.get_decoder(), read),
            (tower_of(pipeline), seen),
            (pipeline.unet, denoised),
        )
    ]
    try:
        yield count
    finally:
        for hook in hooks:
            hook.remove()


def tower_of(pipeline: StoryPipeline) -> torch.nn.Module:
    """Returns the part that looks at a story's pictures."""
    return pipeline.visual_encoder or pipeline.image_encoder.vision_model


def open_carried(folder: Path, every_frame: bool = True) -> StoryPipeline:
    """Returns the pipeline with the reader of the paper, which reads pictures and sentences in turn, in torch.

    every_frame: whether it reads the whole story, instead of only the latest frames as in its training.
    """
    pipeline = StoryPipeline.from_pretrained(folder, reader="carried")
    if every_frame:
        pipeline.register_to_config(context_frames=None)
    return pipeline


@dataclass
class Told:
    """A story whose pictures have one colour each. It can be read up to any frame."""

    pipeline: StoryPipeline
    captions: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, pipeline: StoryPipeline, frames: int) -> Told:
        """Returns a story of `frames` frames."""
        return cls(pipeline, [SENTENCES[place % len(SENTENCES)] for place in range(frames)])

    def request(self, number: int, seed: int = 1, **changes: Any) -> FrameRequest:
        """Returns the request that draws frame `number`, counted from 1."""
        history = [
            ContextFrame(caption, self.picture(place))
            for place, caption in enumerate(self.captions[: number - 1])
        ]
        given = {"caption": self.captions[number - 1], "cast": self.cast, "history": tuple(history)}
        return FrameRequest(**{**given, "seed": seed, "conditioning": "llm" if history else None, **changes})

    @property
    def cast(self) -> tuple[CastMember, ...]:
        """Returns three people, each with a portrait of one colour."""
        return tuple(
            CastMember(name, pronoun, (), _coloured(90 * place, 64))
            for place, (name, pronoun) in enumerate(CAST)
        )

    def picture(self, place: int) -> Image.Image:
        """Returns the picture of the frame at `place`. It is different from all others."""
        return _coloured(place, self.pipeline.unet.config.sample_size)


def _coloured(number: int, side: int) -> Image.Image:
    return Image.new("HSV", (side, side), (number * 7 % 256, 200, 60 + number % 190)).convert("RGB")


class Authors:
    """The published control flow, `GILLModel.generate` of the authors' code, with the parts of this pipeline.

    For each frame, all earlier pictures go through the vision tower again. The whole prompt is read twice, without a
    cache, with all hidden states and the logits of all positions: first to choose the first image token, then to get
    the states of the image tokens.
    """

    def __init__(self, pipeline: StoryPipeline):
        self.pipeline = pipeline

    @torch.inference_mode()
    def condition(self, request: FrameRequest) -> torch.Tensor:
        """Returns the condition (1, L, D)."""
        parts, frames, portraits = self.prompt(request)
        reader = self.pipeline.reader
        visual = [None if rows is None else reader.visual_mapper(rows) for rows in (frames, portraits)]
        return self.read(reader.embed(parts, *visual).embeddings)

    def read(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Returns the condition (1, L, D) of a prompt (T, E)."""
        reader, model = self.pipeline.reader, self.pipeline.language_model
        image_tokens = reader.image_tokens(1)[0].to(embeddings)
        asked = {"use_cache": False, "output_hidden_states": True}
        model(inputs_embeds=embeddings[None], **asked)
        read = model(inputs_embeds=torch.cat([embeddings, image_tokens])[None], **asked)
        return reader.condition(read.hidden_states[-1][:, -len(image_tokens) :])[0]

    def prompt(self, request: FrameRequest) -> tuple[list, torch.Tensor | None, torch.Tensor | None]:
        """Returns the parts of the prompt, and the features of its pictures and portraits, which it encodes now."""
        conditions = self.pipeline._conditions
        captions = [frame.caption for frame in request.history]
        cast = conditions._seen_cast([*captions, request.caption], request.cast)
        parts = interleave(
            captions, request.caption, [member.name for member in cast], self.pipeline.config.prompt_tail
        )
        frames = [conditions._features._pooled(frame.picture) for frame in request.history]
        squared = [conditions._features._squared(member.portrait) for member in cast]
        portraits = [conditions._features._pooled(one) for one in squared]
        return parts, _stacked(frames), _stacked(portraits)


def _stacked(rows: Sequence[torch.Tensor]) -> torch.Tensor | None:
    return torch.stack(list(rows)) if rows else None
