"""The transformer: caption words, then picture tokens, in one sequence, with the source frame beside it.

GPT-2 of transformers with its cross-attention in every layer, which reads the tokens of the source frame (the retro
cross-attention). It starts by adding nothing, so that a transformer that knew no source frame stays what it was. Before
the words stands one global story embedding, made of the story's sentences. Knows no pictures, only codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import nn
from transformers import GPT2Config, GPT2Model
from transformers.cache_utils import DynamicCache, EncoderDecoderCache

NO_DROPOUT = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
STORY_HEADS = 4


class StoryTransformer(ModelMixin, ConfigMixin):
    """size: n_embd, n_layer, n_head of GPT-2. words, codes: of the two vocabularies. length: words of a caption, L.

    places: tokens of a picture, P. frames: how many frames of a story have a position of their own; later ones share
    the last.
    """

    @register_to_config
    def __init__(
        self, size: dict[str, int], words: int, codes: int, length: int, places: int, frames: int = 5
    ):
        super().__init__()
        positions, width = 1 + length + places, size["n_embd"]
        settings = {**NO_DROPOUT, **size, "n_positions": positions, "vocab_size": words + codes}
        ends = {"bos_token_id": None, "eos_token_id": None}
        self.gpt = GPT2Model(GPT2Config(add_cross_attention=True, **settings, **ends))
        for block in self.gpt.h:
            nn.init.zeros_(block.crossattention.c_proj.weight)
        self.source_places = nn.Embedding(places, width)
        self.frame_places = nn.Embedding(frames, width)
        layer = nn.TransformerEncoderLayer(
            width, STORY_HEADS, 2 * width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.story = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.to_word = nn.Linear(width, words, bias=False)
        self.to_code = nn.Linear(width, codes, bias=False)
        for table in (self.source_places, self.frame_places, self.to_word, self.to_code):
            nn.init.normal_(table.weight, std=0.02)

    def story_embedding(
        self, sentences: torch.Tensor, mask: torch.Tensor, rows: Sequence[Sequence[int]]
    ) -> torch.Tensor:
        """Returns one state (B, D) a frame: of its sentence among those before it; what comes later is not known yet.

        sentences, mask: words (N, L) of sentences and which of them are some. rows: of each of the B, which of the N
        are its story's, up to its own.
        """
        vectors = self.gpt.wte(sentences) * mask[..., None]
        means = vectors.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)  # (N, D)
        most, last = max(map(len, rows)), self.config.frames - 1
        index = torch.tensor([[*row, *[row[-1]] * (most - len(row))] for row in rows], device=means.device)
        places = torch.arange(most, device=means.device).clamp(max=last)
        causal = nn.Transformer.generate_square_subsequent_mask(most, device=means.device).to(means.dtype)
        told = self.story(means[index] + self.frame_places(places), mask=causal, is_causal=True)
        own = torch.tensor([len(row) - 1 for row in rows], device=means.device)
        return told[torch.arange(len(rows), device=means.device), own]

    def source_states(self, source: torch.Tensor) -> torch.Tensor:
        """Returns codes (B, P) of source frames as cross-attention reads them, (B, P, D)."""
        return self.gpt.wte(source + self.config.words) + self.source_places.weight

    def forward(
        self, story: torch.Tensor, words: torch.Tensor, source: torch.Tensor, codes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns logits of every word (B, L, words) and every code (B, P, codes), each from what stands before it.

        story: (B, D). words: (B, L). source, codes: (B, P), of the source frame and of the frame that is learned.
        """
        tokens = torch.cat([words, codes + self.config.words], dim=1)
        inputs = torch.cat([story[:, None].to(self.gpt.wte.weight), self.gpt.wte(tokens[:, :-1])], dim=1)
        states = self.gpt(
            inputs_embeds=inputs, encoder_hidden_states=self.source_states(source), use_cache=False
        ).last_hidden_state
        length = words.shape[1]
        return self.to_word(states[:, :length]), self.to_code(states[:, length:])

    @torch.no_grad()
    def write(
        self,
        story: torch.Tensor,
        words: torch.Tensor,
        source: torch.Tensor,
        generator: torch.Generator,
        temperature: float = 1.0,
        top_k: int = 0,
    ) -> Iterator[torch.Tensor]:
        """Writes a picture, and yields its codes so far (1, n) after each; story (1, D), words (1, L), source (1, P).

        top_k: each code is one of the k likeliest; 0: of all.
        """
        cache = EncoderDecoderCache(
            DynamicCache(config=self.gpt.config), DynamicCache(config=self.gpt.config)
        )
        beside = self.source_states(source)
        inputs = torch.cat([story[:, None].to(self.gpt.wte.weight), self.gpt.wte(words)], dim=1)
        codes = source.new_zeros(1, 0)
        for _ in range(self.config.places):
            last = self._step(inputs, beside, cache)
            chosen = sampled(self.to_code(last)[0], generator, temperature, top_k)
            codes = torch.cat([codes, chosen.view(1, 1).to(codes)], dim=1)
            inputs = self.gpt.wte(codes[:, -1:] + self.config.words)
            yield codes

    def _step(self, inputs: torch.Tensor, beside: torch.Tensor, cache: Any) -> torch.Tensor:
        """The last state (1, D) behind what the cache holds and `inputs`."""
        made = self.gpt(
            inputs_embeds=inputs, encoder_hidden_states=beside, past_key_values=cache, use_cache=True
        )
        return made.last_hidden_state[:, -1]


def sampled(logits: torch.Tensor, generator: torch.Generator, temperature: float, top_k: int) -> torch.Tensor:
    """Returns one index of logits (V,), drawn on the CPU, so that a seed gives the same on any device."""
    logits = logits.float().cpu()
    if temperature <= 0:
        return logits.argmax()
    if 0 < top_k < len(logits):
        logits = logits.masked_fill(logits < logits.topk(top_k).values[-1], -torch.inf)
    return torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)[0]
