"""Sample pictures of a training run: what the denoiser draws at present."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.image_processor import VaeImageProcessor
from PIL import Image

from storyboard.models.denoise import denoise
from storyboard.models.latents import decode_latents
from storyboard.renderer import ContextFrame, FrameRequest, Renderer, finished
from training.configs.parts import Scheduler
from training.maple_lane import draw, story


@torch.inference_mode()
def paint(
    unet: UNet2DConditionModel,
    vae: AutoencoderKL,
    scheduler: Scheduler,
    condition: torch.Tensor,
    null: torch.Tensor,
    canvas: torch.Tensor | None = None,
) -> Image.Image:
    """Returns pictures of conditions (B, L, D) in a row, with fixed noise, 15 steps and guidance 3.

    canvas: (B, C + 1, h, w), for a denoiser that reads one.
    """
    size, channels = unet.config.sample_size, unet.config.out_channels
    noise = torch.randn(len(condition), channels, size, size, generator=torch.Generator().manual_seed(0))
    *_, last = denoise(
        unet, scheduler, noise.to(condition), condition, null, steps=15, guidance=3.0, canvas=canvas
    )
    pictures = VaeImageProcessor().postprocess(decode_latents(vae, last.latents), output_type="pil")
    return side_by_side(pictures)


def story_sheet(renderer: Renderer, given: int = 0, size: int = 256) -> Image.Image:
    """Returns a story with pronouns as pictures in a row. Each frame is drawn from those before it.

    given: so many opening frames are Maple Lane's own pictures, of `size` pixels.
    """
    history: tuple[ContextFrame, ...] = ()
    pictures: list[Image.Image] = []
    for number, frame in enumerate(story("val", 0).frames):
        if number < given:
            picture = Image.fromarray(draw(frame.scene, size))
        else:
            picture = finished(renderer, FrameRequest(frame.referential, (), history, seed=number)).picture
        pictures.append(picture)
        history += (ContextFrame(frame.referential, picture),)
    return side_by_side(pictures)


def side_by_side(pictures: Sequence[Image.Image]) -> Image.Image:
    """Returns the pictures in one row, from left to right."""
    sheet = Image.new("RGB", (sum(p.width for p in pictures), pictures[0].height))
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width
    return sheet
