"""The batch of a step of stage 1, for Maple Lane and for dataset folders. Knows neither of them, and no loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import torch

from training.examples.noise import NoisedFrames

if TYPE_CHECKING:
    from typing_extensions import NotRequired

Span = tuple[int, int]  # `caption[start:end]` carries a portrait


@dataclass(frozen=True)
class CharacterExample:
    """A caption, its spans, and for each span a mask (h, w) in 0..1 of the person there.

    fused: whether its spans carry portraits. masked: whether its error counts on characters only.
    """

    caption: str
    spans: list[Span]
    masks: list[torch.Tensor]
    fused: bool
    masked: bool


class Captions(TypedDict):
    """The captions of a batch of B. K is the largest number of spans of a caption, at least 1."""

    captions: list[str]
    spans: list[list[Span]]
    counts: list[int]  # the number of spans of each caption
    masks: torch.Tensor  # (B, K, h, w) in 0..1; zeros for missing spans
    fused: torch.Tensor  # (B,) bool
    masked: torch.Tensor  # (B,) bool


class CharacterBatch(NoisedFrames, Captions):
    """Captions with their frames, and what their N spans carry: portraits, or what a frozen tower sees in portraits."""

    portraits: NotRequired[torch.Tensor]  # (N, 3, S, S), in the form that the vision tower reads
    features: NotRequired[torch.Tensor]  # (N, V)
    canvas: NotRequired[torch.Tensor]  # (B, C, h, w), with a portrait canvas


@dataclass(frozen=True)
class Samples:
    """What the sample sheets of a run show: captions, their spans, and the pixels (N, 3, S, S) that the spans carry.

    canvas: (N, C, h, w) of N captions, with a portrait canvas.
    """

    captions: list[str]
    spans: list[list[Span]]
    pixels: torch.Tensor
    canvas: torch.Tensor | None = None


def captions_of(examples: Sequence[CharacterExample], size: Sequence[int]) -> Captions:
    """Returns the examples as one batch. size: height and width of their masks."""
    most = max(1, *(len(one.masks) for one in examples))
    return {
        "captions": [one.caption for one in examples],
        "spans": [one.spans for one in examples],
        "counts": [len(one.spans) for one in examples],
        "masks": padded_masks([one.masks for one in examples], most, size),
        "fused": torch.tensor([one.fused for one in examples]),
        "masked": torch.tensor([one.masked for one in examples]),
    }


def padded_masks(rows: Sequence[Sequence[torch.Tensor]], most: int, size: Sequence[int]) -> torch.Tensor:
    """Returns masks (B, most, h, w) of rows of masks (h, w); missing ones are zeros. size: their height and width."""
    masks = torch.zeros(len(rows), most, *size)
    for row, some in enumerate(rows):
        for slot, mask in enumerate(some):
            masks[row, slot] = mask
    return masks
