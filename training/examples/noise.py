"""The noise of a denoising step: which row of which step gets which, one rule for every kind of example."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from training.examples.latents import LatentCache
from training.loop import LoopArguments, row_generator


def noised_rows(cache: LatentCache, args: LoopArguments, step: int, rows: range) -> tuple[list, dict]:
    """Per row a random source and a random frame of the cache, and their `noised_frames`."""
    sources = [row_generator(args.seed, step, row) for row in rows]
    indices = [cache.pick(float(torch.rand((), generator=g, dtype=torch.float64))) for g in sources]
    return list(zip(sources, indices, strict=True)), noised_frames(cache, indices, args, step, rows)


def noised_frames(
    cache: LatentCache, indices: list[int], args: LoopArguments, step: int, rows: range
) -> dict[str, torch.Tensor]:
    """Latents (B, C, h, w) of frames of the cache, with their `noise_of`."""
    latents = cache.latents[indices].float()
    shown = torch.stack([cache.foreground(index) for index in indices])
    return {"latents": latents, **noise_of(latents.shape[1:], shown, args, step, rows)}


def noise_of(
    shape: Sequence[int], foreground: torch.Tensor, args: LoopArguments, step: int, rows: range
) -> dict[str, torch.Tensor]:
    """What is added to latents of `shape` (C, h, w), and where it counts.

    Returns noise (B, C, h, w), timesteps (B,), and figures (B, 1, h, w), how much of each latent is `foreground`
    (B, H, W), in 0..1. All depend on (seed, step, row) alone.
    """
    sources = [row_generator(args.seed + 1, step, row) for row in rows]
    noise = torch.stack([torch.randn(*shape, generator=g) for g in sources])
    # Stratified over the batch: every step sees all noise levels, whatever the number of processes.
    offsets = torch.tensor([float(torch.rand((), generator=g)) for g in sources])
    timesteps = ((torch.tensor(list(rows)) + offsets) / args.batch * 1000).long().clamp(0, 999)
    figures = F.interpolate(foreground[:, None], tuple(shape[1:]), mode="area")
    return {"noise": noise, "timesteps": timesteps, "figures": figures}
