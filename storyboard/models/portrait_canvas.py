"""The portrait canvas: portraits put where people will stand, as more channels of the denoiser's input.

It is an addition to Eq. 1, in the manner of AnyDoor's collage. The one vector on a name (`fusion.py`) says who somebody
is, but holds only half of what a stranger looks like. On the canvas the denoiser finds the rest at the very place where
it has to draw it. A canvas has no weights: a denoiser that reads one has twice as many input channels as output
channels. Knows no captions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F

from storyboard.models.latents import downsampling, encode_pictures

SHRUNK = 13 / 16  # a portrait shows somebody larger than a scene does
COLUMNS = 7 / 16  # the part of the canvas's width that one person may cover


def reads_canvas(unet: Any) -> bool:
    """Returns whether a denoiser was trained to read a canvas beside the latents."""
    return unet.config.in_channels == 2 * unet.config.out_channels


def encode_patch(vae: Any, pixels: torch.Tensor) -> torch.Tensor:
    """Returns the patch (C, h, w) of a portrait for a canvas: its latents, less those of its empty ground.

    pixels: (1, 3, H, H) in -1..1. The ground has the median colour of the portrait's border.
    """
    side = vae.config.sample_size // downsampling(vae)
    high, wide = round(SHRUNK * side), round(COLUMNS * side)
    size = high * downsampling(vae)
    border = torch.cat([pixels[0, :, 0], pixels[0, :, -1], pixels[0, :, :, 0], pixels[0, :, :, -1]], dim=1)
    ground = border.median(dim=1).values.view(1, 3, 1, 1).expand(1, 3, size, size)
    shrunk = F.interpolate(pixels, (size, size), mode="bilinear", antialias=True)
    shown, empty = encode_pictures(vae, torch.cat([shrunk, ground]).to(vae.device))
    cut = (high - wide) // 2
    return (shown - empty)[..., cut : cut + wide]


def canvas_of(
    patches: Sequence[torch.Tensor], middles: Sequence[float], shape: tuple[int, int, int]
) -> torch.Tensor:
    """Returns a canvas of this shape (C, H, W) with patches (C, h, w) on its lower edge; zeros where nobody is.

    middles: of each patch, as a part of the width. What would be outside is cut off.
    """
    canvas = torch.zeros(shape)
    _, height, width = shape
    for patch, middle in zip(patches, middles, strict=True):
        high, wide = patch.shape[-2:]
        left = round(middle * width - wide / 2)
        first, last = max(0, left), min(width, left + wide)
        if first < last:
            canvas[:, height - high :, first:last] += patch[..., first - left : last - left].float().cpu()
    return canvas
