"""Pictures as tokens: the codes of the VQ model for a picture, and the picture for codes.

Contains no training and no captions.
"""

from __future__ import annotations

import torch
from diffusers import VQModel

from storyboard.errors import StoryError


def grid(vq: VQModel) -> int:
    """Returns the number of tokens on the side of a picture."""
    return vq.config.sample_size // 2 ** (len(vq.config.block_out_channels) - 1)


@torch.no_grad()
def codes_of(vq: VQModel, pixels: torch.Tensor) -> torch.Tensor:
    """Returns the codes (B, h w) of pixels (B, 3, S, S) in -1..1. The codes are in rows from the top."""
    raw = vq.encode(pixels.to(vq.dtype)).latents
    _, _, (_, _, codes) = vq.quantize(raw)
    return codes.view(len(pixels), -1)


@torch.no_grad()
def picture_of(vq: VQModel, codes: torch.Tensor) -> torch.Tensor:
    """Returns the pixels (B, 3, S, S) in -1..1 for codes (B, h w)."""
    side = grid(vq)
    shape = (len(codes), side, side, vq.quantize.vq_embed_dim)
    quantised = vq.quantize.get_codebook_entry(codes.flatten(), shape)
    return vq.decode(quantised.to(vq.dtype), force_not_quantize=True).sample.clamp(-1, 1)


def check_fits(vq: VQModel, codes: int, places: int) -> None:
    """StoryError if a transformer with this number of codes and places does not write pictures for this VQ model."""
    found = vq.config.num_vq_embeddings, grid(vq) ** 2
    if found != (codes, places):
        raise StoryError(
            f"The VQ model has {found[0]} codes at {found[1]} places of a picture and the transformer writes {codes} "
            f"at {places}; give the VQ model it was trained with, or train the transformer anew."
        )
