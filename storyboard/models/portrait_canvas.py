"""The portrait canvas: portraits put where people will stand, as more channels of the denoiser's input.

It is an addition to Eq. 1, in the manner of AnyDoor's collage. The one vector on a name (`fusion.py`) says who somebody
is, but holds only half of what a stranger looks like. On the canvas the denoiser finds the rest at the very place where
it has to draw it. One more channel says which way people face. Without it a denoiser that draws somebody alone cannot
know that, and begins with the mean of both: a runner then has two heads.

A canvas has no weights. A denoiser that reads one has so many more input channels. Knows no captions.

A latent is of 16 by 16 pixels and says where in them an outline is. So a portrait helps most if it is as large as the
person will be, and stands at the very pixel. At half a latent aside it says nothing of outlines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F

from storyboard.models.latents import encode_pictures
from storyboard.models.stage import Spot

WIDTH = 1 / 2  # of a patch, as a part of the canvas's width
STEP = 1 / 128  # portraits stand at multiples of this part of the picture's width
# Where the feet are, as parts of the height. Small people stand nearer to the viewer.
_FEET_IN_PORTRAIT, _FEET, _FEET_OF_SMALL = 238 / 256, 242 / 256, 245 / 256
_SMALL = 55 / 256  # from so much room above the head on, somebody is small
# Portraits of Maple Lane's style enlarge people to fill the height, but at most 1.3 times. Of 301 portraits, those with
# much room above the head are enlarged so much, and others the less the less room there is.
_MOST_ENLARGED, _ENLARGED_TO_THE_TOP, _BY_ROOM = 1.3, 1.15, 0.85
# A pixel that differs so much from the ground, summed over its colours in -1..1, is the person's.
_DIFFERENT = 0.3
_MOST_OF_BORDER = 0.8  # so much of a portrait's border is ground, if the ground is plain


def reads_canvas(unet: Any) -> bool:
    """Returns whether a denoiser was trained to read a canvas beside the latents."""
    return unet.config.in_channels > unet.config.out_channels


def inputs_with_canvas(channels: int) -> int:
    """Returns how many input channels a denoiser of latents with so many channels has, if it reads a canvas."""
    return 2 * channels + 1


def as_read_by(unet: Any, canvas: torch.Tensor) -> torch.Tensor:
    """Returns what a denoiser reads of canvases (B, C + 1, H, W): all, or all but the last channel.

    The bundled one was trained before canvases said which way people face.
    """
    return canvas[:, : unet.config.in_channels - unet.config.out_channels]


def column_of(middle: float, columns: int) -> tuple[int, int]:
    """Returns where on a canvas of so many columns somebody stands with this middle, a part of the width.

    That is the first column of the patch, and how many STEPs the middle is right of the middle of the patch.
    """
    wide = round(WIDTH * columns)
    first = round(middle * columns - wide / 2)
    return first, round((middle - (first + wide / 2) / columns) / STEP)


def has_plain_ground(portrait: torch.Tensor) -> bool:
    """Returns whether a portrait (3, H, H) in -1..1 shows somebody on a plain ground, as all did in training.

    Of a photograph's room or wood, a denoiser would draw a small picture into the picture.
    """
    border = _border_of(portrait)
    differences = (border - _ground_of(portrait).flatten(1)).abs().sum(0)
    return float((differences <= _DIFFERENT).float().mean()) >= _MOST_OF_BORDER


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
    wide = round(WIDTH * height)
    top = round(feet * height - _FEET_IN_PORTRAIT * size)
    left = round((WIDTH * height - size) / 2 + aside * STEP * height)
    around = (left, wide - left - size, top, height - top - size)  # less than 0 cuts off
    return ground + F.pad(shown - ground, around)


def encode_patch(vae: Any, pixels: torch.Tensor) -> torch.Tensor:
    """Returns the patch (C, h, w) for a canvas: latents of `patch_pixels` (3, H, W), less those of its empty ground."""
    empty = _ground_of(pixels).expand_as(pixels)
    shown, nobody = encode_pictures(vae, torch.stack([pixels, empty]).to(vae.device))
    return shown - nobody


def canvas_of(
    patches: Sequence[Callable[[int], torch.Tensor]], spots: Sequence[Spot], shape: tuple[int, int, int]
) -> torch.Tensor:
    """Returns a canvas (C + 1, H, W) for latents of this shape (C, H, W), with people at these spots.

    It is zero where nobody is. patches: for each person, what gives the patch (C, H, w) in which they stand so many
    STEPs aside. What would be outside is cut off. The last channel has their facing at the columns of their patch.
    """
    canvas = torch.zeros(shape[0] + 1, *shape[1:])
    for patch_at, (middle, facing) in zip(patches, spots, strict=True):
        first, aside = column_of(middle, shape[-1])
        patch = patch_at(aside).float().cpu()
        faced = F.pad(patch, (0, 0, 0, 0, 0, 1), value=facing)
        canvas += F.pad(faced, (first, shape[-1] - first - patch.shape[-1]))  # less than 0 cuts off
    return canvas


def no_canvas(latents: torch.Tensor) -> torch.Tensor:
    """Returns empty canvases (B, C + 1, H, W) for latents (B, C, H, W)."""
    return latents.new_zeros(len(latents), latents.shape[1] + 1, *latents.shape[2:])


def _ground_of(pixels: torch.Tensor) -> torch.Tensor:
    """Returns the colour (3, 1, 1) of the ground: the median of the border of pixels (3, H, W)."""
    return _border_of(pixels).median(dim=1).values.view(3, 1, 1)


def _border_of(pixels: torch.Tensor) -> torch.Tensor:
    """Returns the colours (3, N) along the border of pixels (3, H, W)."""
    return torch.cat([pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1]], dim=1)


def _room_above(portrait: torch.Tensor, ground: torch.Tensor) -> float:
    """Returns which part of a portrait (3, H, H) is above the person."""
    rows = ((portrait - ground).abs().sum(0) > _DIFFERENT).any(1).nonzero()
    return float(rows[0]) / portrait.shape[-1] if len(rows) else 0.0
