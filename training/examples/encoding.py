"""Pictures and masks of a dataset at the sizes an autoencoder and its latents have, with the noise of a training step.

The noise is that of `noise.py`, so that one rule says which row of which step gets which. Batches carry
pixels: they may be made in processes without a GPU, and the training module encodes them on its own device.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from PIL import Image, ImageOps

from storyboard.models.latents import downsampling, encode_pictures
from training.examples.noise import NoisedFrames, noise_of
from training.examples.pixels import pixels_of
from training.loop import LoopArguments


class PictureFitter:
    """What is not square is cut at its longer sides, pictures and masks alike. Of `vae` only the sizes are read."""

    def __init__(self, vae: AutoencoderKL):
        self.size, self.channels = vae.config.sample_size, vae.config.latent_channels
        self.side = self.size // downsampling(vae)

    def pixels(self, picture: Image.Image, mirrored: bool = False) -> torch.Tensor:
        """Returns the picture as (3, size, size) in -1..1."""
        return fitted_pixels(picture, self.size, mirrored)

    def mask(self, where: np.ndarray, mirrored: bool = False) -> torch.Tensor:
        """Returns the share of each latent that is covered, (side, side) in 0..1. where: bool (H, W)."""
        fitted = _fitted(Image.fromarray(where.astype(np.uint8) * 255), self.size, mirrored)
        covered = torch.from_numpy(np.array(fitted)).float() / 255
        return F.interpolate(covered[None, None], self.side, mode="area")[0, 0]

    def noised(
        self,
        pixels: Sequence[torch.Tensor],
        people: Sequence[torch.Tensor],
        args: LoopArguments,
        step: int,
        rows: range,
    ) -> NoisedFrames:
        """Returns frames with their noise, as pixels (3, size, size) each; it is that of the latents they will be.

        people: (side, side) each, where characters are.
        """
        shape = (self.channels, self.side, self.side)
        noise = noise_of(shape, torch.stack(list(people)), args, step, rows)
        return {**noise, "pixels": torch.stack(list(pixels))}


def fitted_pixels(picture: Image.Image, size: int, mirrored: bool = False) -> torch.Tensor:
    """Returns a picture as pixels (3, size, size) in -1..1; what is not square is cut at its longer sides."""
    return pixels_of(np.array(_fitted(picture, size, mirrored)))


def _fitted(picture: Image.Image, size: int, mirrored: bool) -> Image.Image:
    fitted = ImageOps.fit(picture, (size, size), Image.Resampling.BILINEAR)
    return ImageOps.mirror(fitted) if mirrored else fitted


@torch.no_grad()
def encoded(vae: AutoencoderKL | None, pixels: torch.Tensor) -> torch.Tensor:
    """Returns the latents (N, C, h, w) of pixels (N, 3, S, S), in full precision."""
    with torch.autocast(pixels.device.type, enabled=False):
        return encode_pictures(vae, pixels).float()


def latents_of(batch: NoisedFrames, vae: AutoencoderKL | None) -> torch.Tensor:
    """Returns the latents (B, C, h, w) of a batch: those of a cache, or its pixels encoded."""
    return batch["latents"] if "latents" in batch else encoded(vae, batch["pixels"])
