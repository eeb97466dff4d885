"""The MLP of Eq. 1: a character's word and portrait become one token of the condition.

The order of layers and the parameter names are those of the released first-stage checkpoints, so that these load by
name. Must not know where the word is in the caption; see `conditioning.py`.
"""

from __future__ import annotations

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import nn


class FusionMLP(nn.Module):
    """Two-layer perceptron with layer norm first and exact GELU. If `residual`, its input is added to its output."""

    def __init__(self, input_width: int, output_width: int, residual: bool):
        super().__init__()
        self.layernorm = nn.LayerNorm(input_width)
        self.fc1 = nn.Linear(input_width, output_width)
        self.fc2 = nn.Linear(output_width, output_width)
        self.act_fn = nn.GELU()
        self.residual = residual

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.fc2(self.act_fn(self.fc1(self.layernorm(x))))
        return x + hidden if self.residual else hidden


class CharacterFuser(ModelMixin, ConfigMixin):
    """Fuses the text state (N, D) of a name's last token with a portrait feature (N, V) into a text state (N, D).

    deeds: whether stage 1 also learned to put portraits on the last words of what people do.
    """

    @register_to_config
    def __init__(self, text_width: int, image_width: int, deeds: bool = False):
        super().__init__()
        self.mlp1 = FusionMLP(text_width + image_width, text_width, residual=False)
        self.mlp2 = FusionMLP(text_width, text_width, residual=True)
        self.layer_norm = nn.LayerNorm(text_width)

    def forward(self, text: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        if text.shape[:-1] != image.shape[:-1]:
            raise ValueError(
                f"One portrait per name: got text {tuple(text.shape)}, image {tuple(image.shape)}."
            )
        fused = text + self.mlp1(torch.cat([text, image], dim=-1))
        return self.layer_norm(self.mlp2(fused))
