"""Portrait tokens, which the denoiser reads behind the caption: an addition to Eq. 1, in the manner of IP-Adapter.

The one vector on a name (`fusion.py`) says who somebody is. Of people whom training never showed it holds too little:
only half of their hair styles. These tokens hold the portrait itself, as the autoencoder sees it. Knows no captions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import nn

from storyboard.models.latents import encode_pictures


class PortraitTokens(ModelMixin, ConfigMixin):
    """Turns the latents of portraits into T tokens a person, and puts them after a condition.

    width: D, of the condition.
    channels, side: of a portrait's latents, (C, side, side).
    columns: so many columns in the middle are read, because a portrait shows one upright person.
    patch: height and width of the area of latents that a token holds.
    people: for so many people of a picture there is room.
    """

    @register_to_config
    def __init__(
        self,
        width: int,
        channels: int = 16,
        side: int = 16,
        columns: int = 8,
        patch: tuple[int, int] = (2, 4),
        people: int = 3,
    ):
        super().__init__()
        high, wide = patch
        if side % high or columns % wide or columns > side or (side - columns) % 2:
            raise ValueError(
                f"Patches of {high}x{wide} do not fill {side}x{columns} in the middle of {side}."
            )
        self.embed = nn.Linear(channels * high * wide, width)
        self.places = nn.Parameter(torch.randn(self.each, width) * 0.5)
        self.order = nn.Parameter(torch.randn(people, 1, width) * 0.5)
        self.norm = nn.LayerNorm(width)
        nn.init.constant_(self.norm.weight, 0.5)  # a denoiser that has not met such tokens is disturbed less

    @property
    def each(self) -> int:
        """T: how many tokens a person has."""
        high, wide = self.config.patch
        return (self.config.side // high) * (self.config.columns // wide)

    @property
    def length(self) -> int:
        """Returns how many tokens all people have together."""
        return self.config.people * self.each

    def middle(self, latents: torch.Tensor) -> torch.Tensor:
        """Returns the columns of latents (N, C, side, side) that are read, (N, C, side, columns)."""
        cut = (self.config.side - self.config.columns) // 2
        return latents[..., cut : cut + self.config.columns]

    def forward(self, middles: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
        """Returns the tokens (N, T, D) of N people.

        middles: as from `middle`. order: (N,), each person's place among the people of a picture.
        """
        patches = F.unfold(middles, self.config.patch, stride=self.config.patch).transpose(1, 2)
        return self.norm(self.embed(patches) + self.places + self.order[order])

    def after(
        self, condition: torch.Tensor, people: Sequence[Sequence[torch.Tensor] | torch.Tensor]
    ) -> torch.Tensor:
        """Returns the condition (B, L, D) with `length` tokens after it, (B, L + length, D).

        people: for each row, the middles (C, side, columns) of its people in their order. The tokens of missing people
        are zeros. People for whom there is no room are left out.
        """
        shown = [one[: self.config.people] for one in people]
        rows = torch.tensor(
            [row for row, some in enumerate(shown) for _ in some], device=condition.device
        ).long()
        order = torch.tensor(
            [place for some in shown for place in range(len(some))], device=condition.device
        ).long()
        tokens = condition.new_zeros(len(condition), self.config.people, self.each, condition.shape[-1])
        if len(rows):
            told = self(torch.stack([one.to(condition) for some in shown for one in some]), order)
            tokens = tokens.index_put((rows, order), told.to(tokens.dtype))
        return torch.cat([condition, tokens.flatten(1, 2)], dim=1)


def encode_portraits(vae: Any, pixels: torch.Tensor, processor: Any) -> torch.Tensor:
    """Returns the latents (N, C, side, side) of portraits.

    pixels: (N, 3, S, S), as the image processor normalises them.
    """
    mean, std = (
        torch.tensor(some).view(1, 3, 1, 1).to(pixels) for some in (processor.image_mean, processor.image_std)
    )
    size = vae.config.sample_size
    larger = F.interpolate((pixels * std + mean) * 2 - 1, (size, size), mode="bilinear", antialias=True)
    return encode_pictures(vae, larger.clamp(-1, 1).to(vae.device))
