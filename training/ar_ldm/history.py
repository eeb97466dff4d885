"""The history encoder: earlier frames as tokens that the denoiser reads after the tokens of the current caption.

BLIP's multimodal encoder reads each frame's caption together with its picture, and gives one token for each word.
Learned embeddings tell whether a token belongs to the current caption or to the history, and to which frame of the
story so far. Works on tensors alone, without a denoiser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import torch
import torch.nn.functional as F
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import nn
from transformers import (
    BlipForImageTextRetrieval,
    BlipTextConfig,
    BlipTextModel,
    BlipVisionConfig,
    BlipVisionModel,
    PreTrainedTokenizerBase,
)
from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

from storyboard.errors import StoryError

CURRENT, HISTORY = 0, 1  # kinds of tokens


class Words(TypedDict):
    """The tokens of N captions, as a history encoder reads them."""

    input_ids: torch.Tensor  # (N, T)
    attention_mask: torch.Tensor  # (N, T): 1 for words, 0 for padding


@dataclass(frozen=True)
class Condition:
    """What B frames are drawn from.

    states: (B, L, D), those of the caption and of the history
    mask: (B, L) bool, True for states that are no padding
    """

    states: torch.Tensor
    mask: torch.Tensor


class HistoryEncoder(ModelMixin, ConfigMixin):
    """BLIP's vision tower and multimodal text encoder, with the embeddings of token kinds and of frames.

    vision, text: the configs of the two, in the form of transformers
    frames: the largest number of earlier frames that are read, each with its own position; of a longer history, the
        last frames are read
    """

    @register_to_config
    def __init__(self, vision: dict[str, Any], text: dict[str, Any], frames: int = 4):
        super().__init__()
        words = {
            **text,
            "encoder_hidden_size": vision["hidden_size"],
            "is_decoder": True,
        }  # with cross-attention
        self.vision_model = BlipVisionModel(BlipVisionConfig(**vision))
        self.text_encoder = BlipTextModel(BlipTextConfig(**words), add_pooling_layer=False)
        self.kinds = nn.Embedding(2, self.width)
        self.places = nn.Embedding(frames, self.width)
        nn.init.zeros_(
            self.kinds.weight
        )  # zero at first: a denoiser that has learned no history begins with plain captions
        nn.init.normal_(self.places.weight, std=0.02)
        mean, std = (torch.tensor(numbers).view(3, 1, 1) for numbers in (OPENAI_CLIP_MEAN, OPENAI_CLIP_STD))
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("std", std, persistent=False)

    @classmethod
    def from_blip(cls, source: str, frames: int) -> HistoryEncoder:
        """Returns an encoder that begins with the weights of BLIP for image-text retrieval.

        source: a folder or a Hub id, with safetensors files. StoryError if BLIP cannot be loaded.
        """
        try:
            blip = BlipForImageTextRetrieval.from_pretrained(source, use_safetensors=True)
        except (OSError, ValueError, RuntimeError) as error:
            reason = str(error).strip().split("\n")[0][:200]
            raise StoryError(
                f'BLIP "{source}" cannot be loaded ({reason}); give a whole folder of it, its weights as safetensors.'
            ) from error
        made = cls(_sizes(blip.config.vision_config), _sizes(blip.config.text_config), frames)
        made.vision_model.load_state_dict(blip.vision_model.state_dict())
        made.text_encoder.load_state_dict(blip.text_encoder.state_dict())
        return made

    @property
    def width(self) -> int:
        """The width D of a token."""
        return self.text_encoder.config.hidden_size

    def tokens(self, tokenizer: PreTrainedTokenizerBase, captions: Sequence[str]) -> Words:
        """Returns the tokens of captions, cut to the length that the encoder reads."""
        if not captions:
            nothing = torch.zeros(0, 1, dtype=torch.long)
            return {"input_ids": nothing, "attention_mask": nothing}
        most = min(tokenizer.model_max_length, self.text_encoder.config.max_position_embeddings)
        read = tokenizer(list(captions), padding=True, truncation=True, max_length=most, return_tensors="pt")
        return {"input_ids": read["input_ids"], "attention_mask": read["attention_mask"]}

    def encode(self, words: Words, pixels: torch.Tensor) -> torch.Tensor:
        """Returns states (N, T, D) of N captions, each read together with its picture.

        pixels: (N, 3, S, S) in -1..1.
        """
        side = self.vision_model.config.image_size
        seen = F.interpolate(pixels, (side, side), mode="bicubic", antialias=True).clamp(-1, 1)
        patches = self.vision_model(pixel_values=((seen + 1) / 2 - self.mean) / self.std).last_hidden_state
        return self.text_encoder(**words, encoder_hidden_states=patches, is_decoder=False).last_hidden_state

    def forward(
        self, current: torch.Tensor, told: torch.Tensor, mask: torch.Tensor, rows: Sequence[Sequence[int]]
    ) -> Condition:
        """Returns the condition: the states of the current captions, each followed by the states of its history.

        current: states of the current captions (B, L, D)
        told: states of the N earlier frames (N, T, D)
        mask: (N, T), which of the earlier frames' tokens are words
        rows: for each of the B captions, the numbers of the earlier frames before it, oldest first
        """
        limit = self.config.frames
        rows = [list(row)[-limit:] for row in rows]
        states = current + self.kinds.weight[CURRENT]
        read = torch.ones(states.shape[:2], dtype=torch.bool, device=states.device)
        most = max(map(len, rows))
        if not most:
            return Condition(states, read)
        index = torch.tensor([[*row, *[0] * (most - len(row))] for row in rows], device=told.device)
        real = torch.tensor([[n < len(row) for n in range(most)] for row in rows], device=told.device)
        places = self.places.weight[:most, None] + self.kinds.weight[HISTORY]
        history = told[index] + places  # (B, P, T, D)
        known = mask.bool()[index] & real[..., None]
        return Condition(
            torch.cat([states, history.flatten(1, 2).to(states)], dim=1),
            torch.cat([read, known.flatten(1)], dim=1),
        )


def _sizes(config: Any) -> dict[str, Any]:
    """Returns those settings of a tower's config that say how the tower is built."""
    return {
        key: value
        for key, value in config.to_diff_dict().items()
        if key not in ("model_type", "transformers_version", "dtype", "architectures")
    } | {"hidden_size": config.hidden_size}
