"""Rough pictures while a frame is being denoised, at a limited cost.

Each preview is a linear map from latent channels to colours, which costs almost nothing. If there is time, the real
decoder replaces it once or twice. Guidance gives early predictions glaring colours, so these are calmed first. What is
shown never changes what is drawn.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F

from storyboard.models.denoise import DenoiseStep
from storyboard.models.latents import decode_latents

FULL_LOOKS = (0.2, 0.5)  # the parts of the denoising after which a full decode is worth its time
MAX_OVERHEAD = 0.15  # the part of the denoising time that full decodes may take
LINEAR_LOOKS = 8  # linear previews per frame


class Previewer:
    """Decides for each step of one frame whether to show it, and how.

    colours: linear map (C + 1, 3) from `fit_colours`, with its constant in the last row; None: full decodes only.
    decode_seconds: how long the last decoding took; 0 if that is not known yet.
    """

    def __init__(self, vae: Any, colours: Sequence[Sequence[float]] | None, decode_seconds: float):
        self.vae = vae
        self.colours = colours
        self.decode_seconds = decode_seconds
        self.looks = list(FULL_LOOKS)
        self.spent = 0.0
        self.start = time.perf_counter()

    def look(self, step: DenoiseStep, size: tuple[int, int]) -> torch.Tensor | None:
        """Returns the pixels (B, 3, H, W) in -1..1 that the model predicts after `step`.

        Returns None if this step has no preview.
        """
        part = (step.index + 1) / step.total
        if part == 1:
            return None  # the finished picture follows at once
        guess = calmed(step.predicted_clean)
        if self.looks and part >= self.looks[0]:
            self.looks.pop(0)
            if self._affordable(part):
                return self._decode(guess)
        if self.colours is not None and step.index % max(1, step.total // LINEAR_LOOKS) == 0:
            return linear_colours(guess, self.colours, size)
        return None

    def _affordable(self, part: float) -> bool:
        if self.colours is None and self.spent == 0:
            return True  # there is at least one preview
        denoising = (time.perf_counter() - self.start - self.spent) / part
        return self.spent + self.decode_seconds <= MAX_OVERHEAD * denoising

    def _decode(self, latents: torch.Tensor) -> torch.Tensor:
        start = time.perf_counter()
        pixels = decode_latents(self.vae, latents)
        self.spent += time.perf_counter() - start
        return pixels


def calmed(latents: torch.Tensor) -> torch.Tensor:
    """Returns predicted normalised latents (B, C, h, w), scaled down to vary no more than those of pictures.

    At high noise, guidance pushes the prediction to more than twice the deviation of pictures, which is 1 because
    latents are normalised. Decoded, that would be glaring colours on black and white.
    """
    deviation = latents.float().std(dim=(1, 2, 3), keepdim=True)
    return latents / deviation.clamp(min=1).to(latents.dtype)


def linear_colours(
    latents: torch.Tensor, colours: Sequence[Sequence[float]], size: tuple[int, int]
) -> torch.Tensor:
    """Returns soft pixels (B, 3, H, W) in -1..1 of normalised latents (B, C, h, w), through a (C + 1, 3) map."""
    weights = torch.tensor(colours, device=latents.device, dtype=torch.float32)
    small = torch.einsum("bchw,cd->bdhw", latents.float(), weights[:-1]) + weights[-1].view(1, 3, 1, 1)
    return F.interpolate(small, size=size, mode="bicubic", antialias=True).clamp(-1, 1)


def fit_colours(latents: torch.Tensor, pixels: torch.Tensor) -> list[list[float]]:
    """Returns the least-squares map (C + 1, 3) from normalised latents (N, C, h, w) to their pictures (N, 3, H, W)."""
    small = F.interpolate(pixels.float(), size=latents.shape[-2:], mode="area")
    inputs = latents.float().movedim(1, -1).flatten(0, -2)  # (N h w, C)
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1, device=inputs.device)], dim=-1)
    targets = small.movedim(1, -1).flatten(0, -2)  # (N h w, 3)
    return torch.linalg.lstsq(inputs, targets).solution.tolist()
