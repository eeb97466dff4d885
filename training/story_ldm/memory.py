"""The attention memory: the latent pixels of every earlier frame at every text layer of the UNet, and how they are
read.

A frame is written once, by one pass of the UNet over its finished latents, at time 0 and with its own sentence. It is
kept as keys and values of n x h x w x d. While a later frame is denoised, its latent pixels attend to all frames of the
memory. A frame's weight is the similarity of its sentence to the current sentence, in the text encoder's space. The
weight also depends on how long ago the frame was, and "no frame" can be chosen, too. Works on tensors alone, without
captions and pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from diffusers import ConfigMixin, ModelMixin, UNet2DConditionModel
from diffusers.configuration_utils import register_to_config
from torch import nn

from storyboard.models.attention import cross_attention_layers

# Maps a layer's name and number and its latent pixels (B, h w, C) to what is added to its result, or None.
Look: TypeAlias = Callable[[str, int, torch.Tensor], "torch.Tensor | None"]
REFERENCE_WIDTH = 64  # width of the space in which each head compares sentences


@dataclass(frozen=True)
class FrameMemory:
    """N frames in memory: for each layer keys and values (N, heads, h w, c), and the frames' sentences (N, D)."""

    keys: tuple[torch.Tensor, ...]
    values: tuple[torch.Tensor, ...]
    sentences: torch.Tensor

    def __len__(self) -> int:
        return len(self.sentences)


@dataclass(frozen=True)
class StoryContext:
    """The frames before B frames that are being drawn, at most P for each.

    keys, values: for each layer (B, heads, P h w, c)
    ages: (B, P), how many frames ago, from 1
    valid: (B, P), False on padding
    """

    keys: tuple[torch.Tensor, ...]
    values: tuple[torch.Tensor, ...]
    sentences: torch.Tensor  # (B, P, D)
    ages: torch.Tensor
    valid: torch.Tensor
    question: torch.Tensor  # (B, D), the sentences of the frames to draw


def gather(memory: FrameMemory, rows: Sequence[Sequence[int]], question: torch.Tensor) -> StoryContext:
    """Returns the context of B frames.

    rows: for each of the B frames, the numbers of the frames in `memory` before it, oldest first; at least one row has
        a frame
    question: (B, D), the sentences of the B frames
    """
    most = max(len(row) for row in rows)
    device = memory.sentences.device
    index = torch.tensor([[*row, *[0] * (most - len(row))] for row in rows], device=device)
    counts = torch.tensor([len(row) for row in rows], device=device)[:, None]
    places = torch.arange(most, device=device)

    def side(tensors: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        return tuple(t[index].transpose(1, 2).flatten(2, 3) for t in tensors)  # (B, heads, P h w, c)

    return StoryContext(
        side(memory.keys),
        side(memory.values),
        memory.sentences[index],
        (counts - places).clamp(min=1),
        places < counts,
        question,
    )


def joined(memories: Sequence[FrameMemory]) -> FrameMemory:
    """Returns one memory made of frames that were written one by one."""
    layers = range(len(memories[0].keys))
    return FrameMemory(
        tuple(torch.cat([m.keys[i] for m in memories]) for i in layers),
        tuple(torch.cat([m.values[i] for m in memories]) for i in layers),
        torch.cat([m.sentences for m in memories]),
    )


class MemoryAttention(nn.Module):
    """Reads the memory for one layer.

    At first it adds nothing, so that training begins with the LDM that it extends.
    """

    def __init__(self, width: int, heads: int, text_width: int):
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v, self.to_out = (nn.Linear(width, width, bias=False) for _ in range(4))
        nn.init.zeros_(self.to_out.weight)
        self.ask = nn.Linear(text_width, heads * REFERENCE_WIDTH, bias=False)
        self.answer = nn.Linear(text_width, heads * REFERENCE_WIDTH, bias=False)
        # How much similarity each frame in between takes away.
        self.forgetting = nn.Parameter(torch.zeros(heads))
        self.nothing = nn.Parameter(torch.zeros(heads))  # the similarity of "no frame"

    def project(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns the keys and values to keep, (N, heads, h w, c) each, of features (N, h w, C)."""
        return self._split(self.to_k(features)), self._split(self.to_v(features))

    def reference(self, context: StoryContext) -> torch.Tensor:
        """Returns the log weights (B, heads, 1 + P) of "no frame" and of every earlier frame.

        Each head's weights sum to 1.
        """
        asked = self._split(self.ask(context.question)[:, None])  # (B, heads, 1, c)
        known = self._split(self.answer(context.sentences))  # (B, heads, P, c)
        likeness = (asked @ known.transpose(-1, -2))[:, :, 0] * REFERENCE_WIDTH**-0.5  # (B, heads, P)
        slope = F.softplus(self.forgetting)[:, None]
        likeness = likeness - slope * (context.ages[:, None] - 1).to(likeness)
        likeness = likeness.masked_fill(~context.valid[:, None], -torch.inf)
        nothing = self.nothing[:, None].expand(len(likeness), -1, -1)
        return torch.cat([nothing, likeness], dim=-1).log_softmax(dim=-1)

    def forward(
        self, pixels: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, context: StoryContext
    ) -> torch.Tensor:
        """Returns what the latent pixels (B, h w, C) find in the memory (B, heads, P h w, c), as (B, h w, C)."""
        weights = self.reference(context)
        size = keys.shape[2] // context.valid.shape[1]
        # The pixels of a frame share its weight. "No frame" has one pixel, with the key and the value zero.
        frames = (weights[..., 1:] - torch.tensor(float(size)).log()).repeat_interleave(size, dim=-1)
        bias = torch.cat([weights[..., :1], frames], dim=-1)[:, :, None]  # (B, heads, 1, 1 + P h w)
        query = self._split(self.to_q(pixels))
        bias = bias.expand(-1, -1, query.shape[2], -1)
        found = F.scaled_dot_product_attention(
            query, F.pad(keys, (0, 0, 1, 0)), F.pad(values, (0, 0, 1, 0)), attn_mask=bias.to(query)
        )
        return self.to_out(found.transpose(1, 2).flatten(2))

    def _split(self, states: torch.Tensor) -> torch.Tensor:
        return states.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class StoryMemory(ModelMixin, ConfigMixin):
    """One MemoryAttention for every layer in which the UNet reads its text."""

    @register_to_config
    def __init__(self, layers: list[str], widths: list[int], heads: list[int], text_width: int):
        super().__init__()
        self.readers = nn.ModuleList(
            MemoryAttention(width, count, text_width) for width, count in zip(widths, heads, strict=True)
        )

    @classmethod
    def for_unet(cls, unet: UNet2DConditionModel, text_width: int) -> StoryMemory:
        found = cross_attention_layers(unet)
        widths = [layer.to_q.in_features for layer in found.values()]
        return cls(list(found), widths, [layer.heads for layer in found.values()], text_width)

    def write(
        self, unet: UNet2DConditionModel, latents: torch.Tensor, states: torch.Tensor, sentences: torch.Tensor
    ) -> FrameMemory:
        """Returns the memory of finished frames.

        latents: (N, C, h, w)
        states: text states of the frames (N, L, D)
        sentences: sentence vectors of the frames (N, D)

        Gradients reach the keys and values, but not the UNet that made their features.
        """
        features: dict[str, torch.Tensor] = {}
        time = torch.zeros(len(latents), dtype=torch.long, device=latents.device)
        with torch.no_grad(), self._around(unet, lambda name, _, pixels: features.update({name: pixels})):
            unet(latents, time, encoder_hidden_states=states)
        pairs = [
            reader.project(features[name])  # type: ignore[operator]  # the type of a ModuleList's items is unknown
            for name, reader in zip(self.config.layers, self.readers, strict=True)
        ]
        return FrameMemory(tuple(k for k, _ in pairs), tuple(v for _, v in pairs), sentences)

    @contextmanager
    def reading(self, unet: UNet2DConditionModel, context: StoryContext | None) -> Iterator[None]:
        """A context manager. Inside it, the last B samples of the UNet's batch read the context.

        With guidance, the null half stands before them and does not read it. Without a context there is nothing to
        read, and the UNet is the plain UNet.
        """
        if context is None:
            yield
            return

        def read(name: str, number: int, pixels: torch.Tensor) -> torch.Tensor:
            rows = len(context.question)
            keys, values = context.keys[number], context.values[number]
            found = self.readers[number](pixels[-rows:], keys, values, context)
            return F.pad(found, (0, 0, 0, 0, len(pixels) - rows, 0))

        with self._around(unet, read):
            yield

    @contextmanager
    def _around(self, unet: UNet2DConditionModel, look: Look) -> Iterator[None]:
        layers = cross_attention_layers(unet)
        replaced = [(layers[name], layers[name].processor) for name in self.config.layers]
        try:
            for number, (layer, inner) in enumerate(replaced):
                layer.set_processor(_Looking(inner, self.config.layers[number], number, look))
            yield
        finally:
            for layer, inner in replaced:
                layer.set_processor(inner)


class _Looking:
    """Runs the layer's own processor, and adds what `look` gives."""

    def __init__(self, inner: Any, name: str, number: int, look: Look):
        self.inner, self.name, self.number, self.look = inner, name, number, look

    def __call__(self, attn: Any, hidden_states: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        made = self.inner(attn, hidden_states, *args, **kwargs)
        found = self.look(self.name, self.number, hidden_states)
        return made if found is None else made + found
