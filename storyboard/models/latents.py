"""Pixels to normalised latents and back. Training and inference share these functions.

Latents are normalised per channel with `latents_mean` and `latents_std` of the autoencoder's config, if it has them.
Otherwise they are multiplied by its `scaling_factor`, as in Stable Diffusion. An autoencoder with 48 input channels
sees a picture as patches of 4x4 pixels (Wan 2.2 does so too, with 2x2). That is far less work, and it learns faster,
because there are fewer layers between pixels and latents.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image


def encode_pictures(vae: Any, pixels: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
    """Returns the latents (B, C, h, w) of pixels (B, 3, H, W) in -1..1.

    They are the mean of the autoencoder's distribution, or a sample of it if a generator is given.
    """
    posterior = posterior_of(vae, pixels)
    latents = posterior.mode() if generator is None else posterior.sample(generator)
    mean, std = _statistics(vae, latents)
    return (latents - mean) / std


def decode_latents(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """Returns the pixels (B, 3, H, W), clamped to -1..1, of latents (B, C, h, w)."""
    mean, std = _statistics(vae, latents)
    return reconstruct(vae, latents * std + mean).clamp(-1, 1)


def to_picture(pixels: torch.Tensor) -> Image.Image:
    """Returns pixels (1, 3, H, W) in -1..1 as an RGB picture."""
    array = ((pixels[0].float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return Image.fromarray(array.permute(1, 2, 0).cpu().numpy())


def posterior_of(vae: Any, pixels: torch.Tensor) -> Any:
    """Returns the distribution of the raw latents (B, C, h, w) of pixels (B, 3, H, W) in -1..1."""
    return vae.encode(F.pixel_unshuffle(pixels.to(vae.dtype), patch_size(vae))).latent_dist


def reconstruct(vae: Any, raw: torch.Tensor) -> torch.Tensor:
    """Returns the pixels (B, 3, H, W), not clamped, that the autoencoder decodes from raw latents (B, C, h, w)."""
    return F.pixel_shuffle(vae.decode(raw.to(vae.dtype)).sample, patch_size(vae))


def patch_size(vae: Any) -> int:
    """Returns the side, in pixels, of the patch that the autoencoder takes as one pixel.

    It is 1 for an autoencoder with 3 channels, and 4 for one with 48.
    """
    return math.isqrt(vae.config.in_channels // 3)


def downsampling(vae: Any) -> int:
    """Returns the side, in pixels, of the area that one latent covers."""
    return patch_size(vae) * 2 ** (len(vae.config.block_out_channels) - 1)


def _statistics(vae: Any, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the mean and standard deviation of the raw latents, each broadcastable to (B, C, h, w)."""
    means, stds = vae.config.latents_mean, vae.config.latents_std
    if means is None or stds is None:
        scale = vae.config.scaling_factor
        return latents.new_zeros(1), latents.new_full((1,), 1 / scale)
    return (
        torch.tensor(means, device=latents.device, dtype=latents.dtype).view(1, -1, 1, 1),
        torch.tensor(stds, device=latents.device, dtype=latents.dtype).view(1, -1, 1, 1),
    )
