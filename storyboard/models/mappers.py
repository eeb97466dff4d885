"""The two bridges between pictures and the frozen language model: Mapper_LLM (in) and Mapper_LDM (out).

Parameter names are those of the released second-stage checkpoints, so that they load by name.
"""

from __future__ import annotations

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import nn


class VisualMapper(ModelMixin, ConfigMixin):
    """Mapper_LLM: one picture's feature (N, V) -> its m visual tokens (N, m, E), a linear map W_v2t."""

    @register_to_config
    def __init__(self, image_width: int, width: int, tokens: int = 4):
        super().__init__()
        self.visual_embeddings = nn.Linear(image_width, tokens * width)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.visual_embeddings(features).unflatten(-1, (self.config.tokens, self.config.width))


class ConditionMapper(ModelMixin, ConfigMixin):
    """Mapper_LDM: last states and embeddings of the image tokens (B, R, E) -> condition (B, L, D).

    A pre-norm encoder-decoder transformer: the encoder reads states + embeddings, the decoder reads L learned
    queries, which are its only notion of position.
    """

    @register_to_config
    def __init__(
        self,
        input_width: int,
        output_width: int,
        queries: int,
        width: int = 512,
        layers: int = 4,
        heads: int = 4,
        feedforward: int = 2048,
    ):
        super().__init__()
        self.fc = nn.Linear(input_width, width)
        shape = {"dim_feedforward": feedforward, "dropout": 0.0, "batch_first": True, "norm_first": True}
        self.tfm = nn.Transformer(
            width,
            heads,
            num_decoder_layers=layers,
            # torch's own encoder with its defaults; building it here is how to turn off nested tensors, which
            # pre-norm cannot use and would warn about.
            custom_encoder=nn.TransformerEncoder(
                nn.TransformerEncoderLayer(width, heads, **shape),
                layers,
                nn.LayerNorm(width),
                enable_nested_tensor=False,
            ),
            **shape,
        )
        self.model = nn.Linear(width, output_width)
        self.query_embs = nn.Parameter(torch.randn(1, queries, width))

    def forward(self, states: torch.Tensor, embeddings: torch.Tensor) -> torch.Tensor:
        source = self.fc(states + embeddings)  # (B, R, width)
        queries = self.query_embs.expand(len(source), -1, -1)
        return self.model(self.tfm(source, queries))
