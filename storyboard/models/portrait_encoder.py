"""A small convolutional network that reads from a portrait what somebody looks like: the picture side of Eq. 1.

It replaces CLIP's vision tower of the full-size model, and like that tower gives one feature per portrait. A
transformer tower of that small size, trained here, would know only the people that it was shown. Convolutions learn
what people look like from far fewer pictures. Knows nothing of how it is trained, nor of frames.
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

GRID = 8  # an 8x8 grid of mean colours is added to what the convolutions see
GROUPS = 8


@dataclass
class PortraitEncoding(BaseOutput):
    """image_embeds: the features, (N, projection_dim)."""

    image_embeds: torch.Tensor


class PortraitEncoder(ModelMixin, ConfigMixin):
    """Turns pixels (N, 3, image_size, image_size), as the image processor normalises them, into features (N, V).

    widths: the channels of the stages, each of which halves the picture. blocks: the number of residual blocks in each
    stage. The path outside the blocks has no normalisation, which would remove colours.
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
    """Two convolutions on normalised channels, added to the input. A new block adds nothing."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, width)
        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        for parameter in self.second.parameters():
            nn.init.zeros_(parameter)

    def forward(self, grid: torch.Tensor) -> torch.Tensor:
        return grid + self.second(F.relu(self.first(F.relu(self.norm(grid)))))
