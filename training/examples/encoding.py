"""Pictures and masks of a dataset at the sizes of an autoencoder and its latents, with the noise of a training step.

The noise comes from `noise.py`, so that one rule decides which row of which step gets which noise. Batches contain
pixels: they can be made in processes without a GPU, and the training module encodes them on its own device.
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
    """Crops pictures and masks to a square, equally on both longer sides. Of `vae` it reads only the sizes."""

    def __init__(self, vae: AutoencoderKL):
        self.size, self.channels = vae.config.sample_size, vae.config.latent_channels
        self.side = self.size // downsampling(vae)

    def pixels(self, picture: Image.Image, mirrored: bool = False) -> torch.Tensor:
        """Returns the picture as (3, size, size) in -1..1."""
        return fitted_pixels(picture, self.size, mirrored)

    def mask(self, where: np.ndarray, mirrored: bool = False) -> torch.Tensor:
        """Returns the covered part of each latent, (side, side) in 0..1. where: bool (H, W)."""
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
        """Returns frames, given as pixels (3, size, size) each, with the noise for the latents that they will become.

        people: (side, side) each, the areas of characters.
        """
        shape = (self.channels, self.side, self.side)
        noise = noise_of(shape, torch.stack(list(people)), args, step, rows)
        return {**noise, "pixels": torch.stack(list(pixels))}


def fitted_pixels(picture: Image.Image, size: int, mirrored: bool = False) -> torch.Tensor:
    """Returns a picture as pixels (3, size, size) in -1..1. If it is not square, both longer sides are cropped."""
    return pixels_of(np.array(_fitted(picture, size, mirrored)))


def _fitted(picture: Image.Image, size: int, mirrored: bool) -> Image.Image:
    fitted = ImageOps.fit(picture, (size, size), Image.Resampling.BILINEAR)
    return ImageOps.mirror(fitted) if mirrored else fitted


@torch.no_grad()
def encoded(vae: AutoencoderKL | None, pixels: torch.Tensor) -> torch.Tensor:
    """Returns the latents (N, C, h, w) of pixels (N, 3, S, S), computed in full precision."""
    with torch.autocast(pixels.device.type, enabled=False):
        return encode_pictures(vae, pixels).float()


def latents_of(batch: NoisedFrames, vae: AutoencoderKL | None) -> torch.Tensor:
    """Returns the latents (B, C, h, w) of a batch. They are in the batch, or its pixels are encoded."""
    return batch["latents"] if "latents" in batch else encoded(vae, batch["pixels"])
