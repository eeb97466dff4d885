"""Sample pictures of a training run: what the denoiser draws by now."""

from __future__ import annotations

import torch
from diffusers import AutoencoderKL
from diffusers.image_processor import VaeImageProcessor
from PIL import Image

from storyboard.models.denoise import denoise
from storyboard.models.latents import decode_latents


@torch.inference_mode()
def paint(unet, vae: AutoencoderKL, scheduler, condition: torch.Tensor, null: torch.Tensor) -> Image.Image:
    """Pictures of conditions (B, L, D) side by side: fixed noise, 15 steps, guidance 3."""
    size, channels = unet.config.sample_size, unet.config.in_channels
    noise = torch.randn(len(condition), channels, size, size, generator=torch.Generator().manual_seed(0))
    *_, last = denoise(unet, scheduler, noise.to(condition), condition, null, steps=15, guidance=3.0)
    pictures = VaeImageProcessor().postprocess(decode_latents(vae, last.latents), output_type="pil")
    sheet = Image.new("RGB", (sum(p.width for p in pictures), pictures[0].height))
    for number, picture in enumerate(pictures):
        sheet.paste(picture, (number * picture.width, 0))
    return sheet
