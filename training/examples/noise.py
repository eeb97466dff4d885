"""The noise of a denoising step: one rule for all kinds of examples decides which row of which step gets which
noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

import torch
import torch.nn.functional as F

from training.examples.latents import LatentCache
from training.loop import LoopArguments, row_generator

if TYPE_CHECKING:
    from typing_extensions import NotRequired


class Noise(TypedDict):
    """The noise that is added to B latents, and where it counts."""

    noise: torch.Tensor  # (B, C, h, w)
    timesteps: torch.Tensor  # (B,), 0 to 999
    figures: torch.Tensor  # (B, 1, h, w): the part of each latent that is foreground, in 0..1


class NoisedFrames(Noise):
    """B frames with their noise: latents of a cache, or pixels, which the training module encodes."""

    latents: NotRequired[torch.Tensor]  # (B, C, h, w)
    pixels: NotRequired[torch.Tensor]  # (B, 3, S, S) in -1..1


def noised_rows(
    cache: LatentCache, args: LoopArguments, step: int, rows: range
) -> tuple[list[tuple[torch.Generator, int]], NoisedFrames]:
    """Returns a random generator and a random frame of the cache for each row, and their `noised_frames`."""
    sources = [row_generator(args.seed, step, row) for row in rows]
    indices = [cache.pick(float(torch.rand((), generator=g, dtype=torch.float64))) for g in sources]
    return list(zip(sources, indices, strict=True)), noised_frames(cache, indices, args, step, rows)


def noised_frames(
    cache: LatentCache, indices: list[int], args: LoopArguments, step: int, rows: range
) -> NoisedFrames:
    """Returns latents of frames of the cache, with their noise (`noise_of`)."""
    latents = cache.latents[indices].float()
    shown = torch.stack([cache.foreground(index) for index in indices])
    return {"latents": latents, **noise_of(latents.shape[1:], shown, args, step, rows)}


def noise_of(
    shape: Sequence[int], foreground: torch.Tensor, args: LoopArguments, step: int, rows: range
) -> Noise:
    """Returns the noise for latents of `shape` (C, h, w) with a `foreground` (B, H, W) in 0..1.

    Everything depends only on (seed, step, row).
    """
    sources = [row_generator(args.seed + 1, step, row) for row in rows]
    noise = torch.stack([torch.randn(*shape, generator=g) for g in sources])
    # Stratified over the batch, so that every step has all noise levels, whatever the number of processes.
    offsets = torch.tensor([float(torch.rand((), generator=g)) for g in sources])
    timesteps = ((torch.tensor(list(rows)) + offsets) / args.batch * 1000).long().clamp(0, 999)
    figures = F.interpolate(foreground[:, None], tuple(shape[1:]), mode="area")
    return {"noise": noise, "timesteps": timesteps, "figures": figures}
