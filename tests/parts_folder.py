"""A folder of untrained parts at the smallest size, as the training commands write it, and latents beside it."""

from pathlib import Path

import torch
from safetensors.torch import save_file

from tests import tiny
from training.examples.latents import MAX_CHARACTERS

CAPTION_TOKENS = 256  # the tiny tokenizer spells, so Maple Lane's whole sentences are long


def write_parts(parts: Path) -> None:
    """Writes the parts. `tiny.TEXT_TOKENS` must be CAPTION_TOKENS meanwhile."""
    conditioner = tiny.conditioner()
    for name, part in {
        "vae": tiny.vae(),
        "unet": tiny.unet(),
        "scheduler": tiny.scheduler(),
        "tokenizer": conditioner.tokenizer,
        "text_encoder": conditioner.text_encoder,
        "image_encoder": conditioner.image_encoder,
        "image_processor": tiny.image_processor(),
        "language_tokenizer": tiny.language_tokenizer(),
        "char_ldm/unet": tiny.unet(),
        "char_ldm/fuser": conditioner.fuser,
        "char_ldm/image_encoder": conditioner.image_encoder,
    }.items():
        part.save_pretrained(parts / name)


def write_latents(folder: Path, stories: int = 2) -> None:
    """Writes the latents of `stories` stories of four frames, in one shard."""
    folder.mkdir(parents=True)
    generator = torch.Generator().manual_seed(0)
    save_file(
        {
            "latents": torch.randn(4 * stories, tiny.LATENT_CHANNELS, 8, 8, generator=generator).half(),
            "masks": torch.randint(
                0, 256, (4 * stories, MAX_CHARACTERS + 1, 32, 32), generator=generator, dtype=torch.uint8
            ),
            "seeds": torch.arange(stories),
        },
        folder / "shard-00000.safetensors",
    )
