"""Pixels to normalised latents and back; training and inference share these two functions.

Latents are normalised per channel with the autoencoder config's `latents_mean`/`latents_std` where it has
them, else multiplied by its `scaling_factor`, as in Stable Diffusion. An autoencoder
with 48 channels for a picture sees it as 4x4 patches (Wan 2.2 does so too, with 2x2): far less work, and it learns
sooner, as there are fewer layers between pixels and latents.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image


def encode_pictures(vae: Any, pixels: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
    """Returns the latents (B, C, h, w) of pixels (B, 3, H, W) in -1..1: the mean, or a sample given a generator."""
    posterior = posterior_of(vae, pixels)
    latents = posterior.mode() if generator is None else posterior.sample(generator)
    mean, std = _statistics(vae, latents)
    return (latents - mean) / std


def decode_latents(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """Returns the pixels (B, 3, H, W) in -1..1, clamped, of latents (B, C, h, w)."""
    mean, std = _statistics(vae, latents)
    return reconstruct(vae, latents * std + mean).clamp(-1, 1)


def to_picture(pixels: torch.Tensor) -> Image.Image:
    """Returns pixels (1, 3, H, W) in -1..1 as an RGB picture."""
    array = ((pixels[0].float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return Image.fromarray(array.permute(1, 2, 0).cpu().numpy())


def posterior_of(vae: Any, pixels: torch.Tensor) -> Any:
    """Returns the distribution of the raw latents (B, C, h, w) of pixels (B, 3, H, W)."""
    return vae.encode(F.pixel_unshuffle(pixels.to(vae.dtype), patch_size(vae))).latent_dist


def reconstruct(vae: Any, raw: torch.Tensor) -> torch.Tensor:
    """Returns the pixels (B, 3, H, W), not clamped, of raw latents (B, C, h, w), as the autoencoder made them."""
    return F.pixel_shuffle(vae.decode(raw.to(vae.dtype)).sample, patch_size(vae))


def patch_size(vae: Any) -> int:
    """Returns how many pixels lie on the side of what the autoencoder takes for one.

    1 where it has 3 channels, 4 where it has 48.
    """
    return math.isqrt(vae.config.in_channels // 3)


def downsampling(vae: Any) -> int:
    """Returns how many pixels lie on the side of one latent."""
    return patch_size(vae) * 2 ** (len(vae.config.block_out_channels) - 1)


def _statistics(vae: Any, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of the raw latents, each broadcastable to (B, C, h, w)."""
    means, stds = vae.config.latents_mean, vae.config.latents_std
    if means is None or stds is None:
        scale = vae.config.scaling_factor
        return latents.new_zeros(1), latents.new_full((1,), 1 / scale)
    return (
        torch.tensor(means, device=latents.device, dtype=latents.dtype).view(1, -1, 1, 1),
        torch.tensor(stds, device=latents.device, dtype=latents.dtype).view(1, -1, 1, 1),
    )
