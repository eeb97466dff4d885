"""A small convolutional network that reads how anybody looks off a portrait: the picture side of Eq. 1.

It stands where CLIP's vision tower stands at full size, and gives what that gives: one feature a portrait. A tower
that small, trained here, knows only whom it was shown; convolutions learn what people look like from far fewer
pictures. Knows nothing of how it is trained, nor of frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.utils import BaseOutput
from torch import nn

GRID = 8  # mean colours on each side of a portrait, given beside what the convolutions see
GROUPS = 8


@dataclass
class PortraitEncoding(BaseOutput):
    """image_embeds: (N, projection_dim)."""

    image_embeds: torch.Tensor


class PortraitEncoder(ModelMixin, ConfigMixin):
    """Pixels (N, 3, image_size, image_size), normalised as the image processor does, -> features (N, V).

    widths: channels of the stages, each of which halves the picture. blocks: residual blocks behind each. The trunk has
    no normalisation, which would take colours away.
    """

    @register_to_config
    def __init__(
        self,
        image_size: int = 128,
        widths: Sequence[int] = (32, 64, 96, 160, 256),
        blocks: Sequence[int] = (0, 0, 0, 1, 1),
        projection_dim: int = 192,
    ):
        super().__init__()
        if len(widths) != len(blocks) or image_size % max(2 ** len(widths), GRID):
            raise ValueError(
                f"{len(widths)} widths and {len(blocks)} blocks for {image_size} pixels: give one number of blocks a "
                f"width, and a size that {max(2 ** len(widths), GRID)} divides."
            )
        stages: list[nn.Module] = []
        below = 3
        for width, several in zip(widths, blocks, strict=True):
            stages += [
                nn.Conv2d(below, width, 3, stride=2, padding=1),
                *(ResidualBlock(width) for _ in range(several)),
            ]
            stages.append(nn.ReLU())
            below = width
        self.stages = nn.Sequential(*stages)
        side = image_size // 2 ** len(widths)
        self.visual_projection = nn.Linear(below * side**2 + 3 * GRID**2, projection_dim)

    def forward(self, pixel_values: torch.Tensor) -> PortraitEncoding:
        seen = self.stages(pixel_values.contiguous(memory_format=torch.channels_last)).flatten(1)
        colours = F.adaptive_avg_pool2d(pixel_values, GRID).flatten(1)
        return PortraitEncoding(self.visual_projection(torch.cat([seen, colours], 1)))


class ResidualBlock(nn.Module):
    """Two convolutions on normalised channels, added to what came in. A fresh one adds nothing."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, width)
        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        for parameter in self.second.parameters():
            nn.init.zeros_(parameter)

    def forward(self, grid: torch.Tensor) -> torch.Tensor:
        return grid + self.second(F.relu(self.first(F.relu(self.norm(grid)))))
