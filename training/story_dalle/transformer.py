"""The transformer: the words of the caption, then the picture tokens, in one sequence, with the source frame beside it.

It is the GPT-2 of transformers. In every layer, cross-attention reads the tokens of the source frame (the retro
cross-attention). The cross-attention adds nothing at first, so that a transformer that was trained without a source
frame stays as it was. One global story embedding, made of the story's sentences, stands before the words. Works on
codes alone, without pictures.
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
    """The transformer of StoryDALL-E.

    size: n_embd, n_layer and n_head of GPT-2
    words, codes: the sizes of the two vocabularies
    length: L, the words of a caption
    places: P, the tokens of a picture
    frames: how many frames of a story have their own position; later frames share the last position
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
        """Returns one state (B, D) for each frame: that of its sentence, read together with the sentences before it.

        sentences: word numbers (N, L)
        mask: (N, L), which of them are words and not padding
        rows: for each of the B frames, the numbers of its story's sentences, up to the frame's own sentence
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
        """Returns the states (B, P, D) that cross-attention reads, for the codes (B, P) of source frames."""
        return self.gpt.wte(source + self.config.words) + self.source_places.weight

    def forward(
        self, story: torch.Tensor, words: torch.Tensor, source: torch.Tensor, codes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns logits of every word (B, L, words) and of every code (B, P, codes), each from the tokens before.

        story: (B, D)
        words: (B, L)
        source: codes of the source frame (B, P)
        codes: codes of the frame to learn (B, P)
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
        """Writes a picture. Yields its codes so far (1, n) after each new code.

        story: (1, D)
        words: (1, L)
        source: (1, P)
        top_k: each code is one of the k likeliest codes; 0: one of all codes
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
        """The last state (1, D), after the states in the cache and `inputs`."""
        made = self.gpt(
            inputs_embeds=inputs, encoder_hidden_states=beside, past_key_values=cache, use_cache=True
        )
        return made.last_hidden_state[:, -1]


def sampled(logits: torch.Tensor, generator: torch.Generator, temperature: float, top_k: int) -> torch.Tensor:
    """Returns one sampled index of logits (V,). With a temperature of 0 it is the index of the largest logit.

    It is sampled on the CPU, so that a seed gives the same index on any device.
    """
    logits = logits.float().cpu()
    if temperature <= 0:
        return logits.argmax()
    if 0 < top_k < len(logits):
        logits = logits.masked_fill(logits < logits.topk(top_k).values[-1], -torch.inf)
    return torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)[0]
