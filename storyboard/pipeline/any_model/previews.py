"""Rough pictures of a model's latents, by a linear map that is fitted to its autoencoder with drawings of our own.

Knows latents, but no prompts.
"""

from __future__ import annotations

import logging
from random import Random
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image

from storyboard.models.latents import encode_pictures, to_picture
from storyboard.models.preview import LINEAR_LOOKS, calmed, fit_colours, linear_colours
from storyboard.people import build, draw_person, random_look

log = logging.getLogger(__name__)

DRAWINGS = 4  # the map is fitted to portraits of so many people
SIDE = 128  # pixels a side of each portrait
Colours = list[list[float]]


@torch.inference_mode()
def fitted_colours(pipe: Any) -> Colours | None:
    """Returns the map (C + 1, 3) from latents to colours, for a pipeline whose parts are on the CPU.

    Returns None for an autoencoder of another kind than Stable Diffusion's; there are no previews then.
    """
    vae = getattr(pipe, "vae", None)
    if not isinstance(vae, AutoencoderKL) or vae.config.in_channels != 3:
        return None
    drawn = np.stack([draw_person(build(random_look(Random(seed))), SIDE) for seed in range(DRAWINGS)])
    pixels = torch.from_numpy(drawn).permute(0, 3, 1, 2).float() / 127.5 - 1
    kept, move = vae.dtype, torch.nn.Module.to  # diffusers' own `to` warns of it
    latents = encode_pictures(move(vae, torch.float32), pixels)  # SDXL's overflows in half precision
    move(vae, kept)
    return fit_colours(latents, pixels) if torch.isfinite(latents).all() else None


def rough_picture(
    latents: torch.Tensor, colours: Colours | None, step: int, steps: int, size: tuple[int, int]
) -> Image.Image | None:
    """Returns what latents (1, C, h, w) after `step` of `steps` look like at (H, W) `size`.

    Returns None if this step has no preview.
    """
    unshown = step == steps or (step - 1) % max(1, steps // LINEAR_LOOKS)
    if colours is None or unshown or latents.ndim != 4 or latents.shape[1] != len(colours) - 1:
        return None
    return to_picture(linear_colours(calmed(latents), colours, size))
