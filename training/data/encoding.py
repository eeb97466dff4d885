"""Pictures and masks of a dataset at the sizes an autoencoder and its latents have, with the noise of a training step.

The noise is that of `training.pretrain.ldm`, so that one rule says which row of which step gets which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from PIL import Image, ImageOps

from storyboard.models.latents import downsampling, encode_pictures
from training.pretrain.autoencoder import pixels_of
from training.pretrain.ldm import noised_latents


class PictureEncoder:
    """What is not square is cut at its longer sides, pictures and masks alike."""

    def __init__(self, vae: AutoencoderKL):
        self.vae = vae
        self.size = vae.config.sample_size
        self.side = self.size // downsampling(vae)

    def pixels(self, picture: Image.Image, mirrored: bool = False) -> torch.Tensor:
        """(3, size, size) in -1..1."""
        return pixels_of(np.array(self._fitted(picture, mirrored)))

    def mask(self, where: np.ndarray, mirrored: bool = False) -> torch.Tensor:
        """Bool (H, W) -> (side, side) in 0..1: the share of each latent that is covered."""
        fitted = self._fitted(Image.fromarray(where.astype(np.uint8) * 255), mirrored)
        covered = torch.from_numpy(np.array(fitted)).float() / 255
        return F.interpolate(covered[None, None], self.side, mode="area")[0, 0]

    @torch.no_grad()
    def noised(
        self,
        pixels: Sequence[torch.Tensor],
        people: Sequence[torch.Tensor],
        args: Any,
        step: int,
        rows: range,
    ) -> dict[str, torch.Tensor]:
        """The keys of `noised_latents` for these pictures, with `people` (side, side) where characters are."""
        stacked = torch.stack(list(pixels)).to(self.vae.device, self.vae.dtype)
        encoded = _Encoded(encode_pictures(self.vae, stacked).float().cpu(), people)
        return noised_latents(encoded, list(range(len(people))), args, step, rows)

    def _fitted(self, picture: Image.Image, mirrored: bool) -> Image.Image:
        fitted = ImageOps.fit(picture, (self.size, self.size), Image.Resampling.BILINEAR)
        return ImageOps.mirror(fitted) if mirrored else fitted


@dataclass(frozen=True)
class _Encoded:
    """Latents (B, C, h, w) and masks, as `noised_latents` takes them from a cache."""

    latents: torch.Tensor
    masks: Sequence[torch.Tensor]

    def mask(self, index: int) -> torch.Tensor:
        return self.masks[index][None]
