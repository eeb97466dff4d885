"""The portrait canvas: portraits put where people will stand, as more channels of the denoiser's input.

It is an addition to Eq. 1, in the manner of AnyDoor's collage. The one vector on a name (`fusion.py`) says who somebody
is, but holds only half of what a stranger looks like. On the canvas the denoiser finds the rest at the very place where
it has to draw it. A canvas has no weights: a denoiser that reads one has twice as many input channels as output
channels. Knows no captions.

A latent is of 16 by 16 pixels and says where in them an outline is. So a portrait helps most if it is as large as the
person will be, and stands at the very pixel. At half a latent aside it says nothing of outlines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F

from storyboard.models.latents import encode_pictures

WIDTH = 1 / 2  # of a patch, as a part of the canvas's width
STEP = 1 / 128  # portraits stand at multiples of this part of the picture's width
# Where the feet are, as parts of the height. Small people stand nearer to the viewer.
_FEET_IN_PORTRAIT, _FEET, _FEET_OF_SMALL = 238 / 256, 242 / 256, 245 / 256
_SMALL = 55 / 256  # from so much room above the head on, somebody is small
# Portraits of Maple Lane's style enlarge people to fill the height, but at most 1.3 times. Of 301 portraits, those with
# much room above the head are enlarged so much, and others the less the less room there is.
_MOST_ENLARGED, _ENLARGED_TO_THE_TOP, _BY_ROOM = 1.3, 1.15, 0.85
_DIFFERENT = (
    0.3  # a pixel that differs so much from the ground, summed over its colours in -1..1, is the person's
)


def reads_canvas(unet: Any) -> bool:
    """Returns whether a denoiser was trained to read a canvas beside the latents."""
    return unet.config.in_channels == 2 * unet.config.out_channels


def spot_of(middle: float, columns: int) -> tuple[int, int]:
    """Returns where on a canvas of so many columns somebody stands with this middle, a part of the width.

    That is the first column of the patch, and how many STEPs the middle is right of the middle of the patch.
    """
    wide = round(WIDTH * columns)
    first = round(middle * columns - wide / 2)
    return first, round((middle - (first + wide / 2) / columns) / STEP)


def patch_pixels(portrait: torch.Tensor, aside: int) -> torch.Tensor:
    """Returns the pixels (3, H, H / 2) of a patch: a portrait (3, H, H) in -1..1 as large as in a scene, on its ground.

    aside: how many STEPs the person stands right of the middle. The ground has the median colour of the portrait's
    border.
    """
    height = portrait.shape[-1]
    ground = _ground_of(portrait)
    room = _room_above(portrait, ground)
    size = round(height / min(_MOST_ENLARGED, _ENLARGED_TO_THE_TOP + _BY_ROOM * room))
    shown = F.interpolate(portrait[None], (size, size), mode="bilinear", antialias=True)[0]
    feet = _FEET_OF_SMALL if room >= _SMALL else _FEET
    top = round(feet * height - _FEET_IN_PORTRAIT * size)
    left = round((WIDTH * height - size) / 2 + aside * STEP * height)
    pixels = ground.expand(3, height, round(WIDTH * height)).clone()
    _put(shown, pixels, top, left)
    return pixels


def encode_patch(vae: Any, pixels: torch.Tensor) -> torch.Tensor:
    """Returns the patch (C, h, w) for a canvas: latents of `patch_pixels` (3, H, W), less those of its empty ground."""
    empty = _ground_of(pixels).expand_as(pixels)
    shown, nobody = encode_pictures(vae, torch.stack([pixels, empty]).to(vae.device))
    return shown - nobody


def canvas_of(
    patches: Sequence[torch.Tensor], firsts: Sequence[int], shape: tuple[int, int, int]
) -> torch.Tensor:
    """Returns a canvas of this shape (C, H, W) with patches (C, H, w); zeros where nobody is.

    firsts: the first column of each patch. What would be outside is cut off.
    """
    canvas = torch.zeros(shape)
    for patch, first in zip(patches, firsts, strict=True):
        _put(patch.float().cpu(), canvas, 0, first, add=True)
    return canvas


def canvas_with(
    vae: Any, portraits: Sequence[torch.Tensor], middles: Sequence[float], shape: tuple[int, int, int]
) -> torch.Tensor:
    """Returns a canvas of this shape (C, H, W) with portraits (3, H, H) at these middles, parts of the width."""
    spots = [spot_of(middle, shape[-1]) for middle in middles]
    patches = [
        encode_patch(vae, patch_pixels(portrait, aside))
        for portrait, (_, aside) in zip(portraits, spots, strict=True)
    ]
    return canvas_of(patches, [first for first, _ in spots], shape)


def _ground_of(pixels: torch.Tensor) -> torch.Tensor:
    """Returns the colour (3, 1, 1) of the ground: the median of the border of pixels (3, H, W)."""
    border = torch.cat([pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1]], dim=1)
    return border.median(dim=1).values.view(3, 1, 1)


def _room_above(portrait: torch.Tensor, ground: torch.Tensor) -> float:
    """Returns which part of a portrait (3, H, H) is above the person."""
    rows = ((portrait - ground).abs().sum(0) > _DIFFERENT).any(1).nonzero()
    return float(rows[0]) / portrait.shape[-1] if len(rows) else 0.0


def _put(one: torch.Tensor, on: torch.Tensor, top: int, left: int, add: bool = False) -> None:
    """Puts a picture (C, h, w) on another (C, H, W). What would be outside is cut off."""
    height, width = on.shape[-2:]
    y, x = (
        slice(max(0, top), min(height, top + one.shape[-2])),
        slice(max(0, left), min(width, left + one.shape[-1])),
    )
    if y.start >= y.stop or x.start >= x.stop:
        return
    part = one[:, y.start - top : y.stop - top, x.start - left : x.stop - left]
    on[:, y, x] = on[:, y, x] + part if add else part
