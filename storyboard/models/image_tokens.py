"""The R image tokens [IMG0..R-1]: the rows W_gen of Eq. 4, the only embeddings that are trained.

They are not part of the tokenizer. Image token r has the id vocabulary + r; it is never written as text, and so it is
never tokenised. Input and output embeddings are the same matrix.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import nn


class ImageTokens(ModelMixin, ConfigMixin):
    """The embeddings `weight` (R, E) in float32, whatever the precision of the language model."""

    @register_to_config
    def __init__(self, width: int, count: int = 8):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(count, width) * 0.02)

    def forward(self, batch: int) -> torch.Tensor:
        """Returns the embeddings (B, R, E) that are put at the end of each of `batch` prompts."""
        return self.weight.expand(batch, -1, -1)

    def logits(self, hidden: torch.Tensor, language_model: Any) -> torch.Tensor:
        """Returns the logits (..., vocabulary + R) of last states (..., E); the image tokens come last."""
        words = language_model.get_output_embeddings()(hidden)
        return torch.cat([words, hidden @ self.weight.to(hidden.dtype).T], dim=-1)

    @torch.no_grad()
    def rescale_to(self, norm: float) -> None:
        """Gives every row this length. Training does so after each step, with `mean_row_norm` of the language model."""
        self.weight.mul_(norm / self.weight.norm(dim=-1, keepdim=True))


@torch.no_grad()
def mean_row_norm(language_model: Any) -> float:
    """Returns the mean length of the language model's word embeddings."""
    return language_model.get_input_embeddings().weight.float().norm(dim=-1).mean().item()
