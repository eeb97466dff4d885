"""What a step of stage 1 reads, of Maple Lane or of a dataset folder. Knows neither of them, and no loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import torch

from training.examples.noise import NoisedFrames

if TYPE_CHECKING:
    from typing_extensions import NotRequired

Span = tuple[int, int]  # where a caption carries a portrait: `caption[start:end]`


@dataclass(frozen=True)
class CharacterExample:
    """A caption; its spans, and a mask (h, w) in 0..1 of whoever is at each.

    fused: whether its spans carry portraits. masked: whether its error counts on characters only.
    """

    caption: str
    spans: list[Span]
    masks: list[torch.Tensor]
    fused: bool
    masked: bool


class Captions(TypedDict):
    """The captions of a batch of B; K is the greatest number of spans that one of them has, and at least 1."""

    captions: list[str]
    spans: list[list[Span]]
    counts: list[int]  # of spans
    masks: torch.Tensor  # (B, K, h, w) in 0..1, zeros where there are fewer
    fused: torch.Tensor  # (B,) bool
    masked: torch.Tensor  # (B,) bool


class CharacterBatch(NoisedFrames, Captions):
    """Captions with their frames, and what their N spans carry: portraits, or what a frozen tower sees in them."""

    portraits: NotRequired[torch.Tensor]  # (N, 3, S, S), as the vision tower reads them
    features: NotRequired[torch.Tensor]  # (N, V)


@dataclass(frozen=True)
class Samples:
    """What the sheets of a run show: captions, their spans, and the pixels (N, 3, S, S) that these carry."""

    captions: list[str]
    spans: list[list[Span]]
    pixels: torch.Tensor


def captions_of(examples: Sequence[CharacterExample], size: Sequence[int]) -> Captions:
    """Returns examples as one batch. size: h, w of their masks."""
    masks = torch.zeros(len(examples), max(1, *(len(one.masks) for one in examples)), *size)
    for row, one in enumerate(examples):
        for slot, mask in enumerate(one.masks):
            masks[row, slot] = mask
    return {
        "captions": [one.caption for one in examples],
        "spans": [one.spans for one in examples],
        "counts": [len(one.spans) for one in examples],
        "masks": masks,
        "fused": torch.tensor([one.fused for one in examples]),
        "masked": torch.tensor([one.masked for one in examples]),
    }
