"""The one place where a caption and portraits become the condition of the denoiser (Eq. 1).

The stage-1 loss, the caching of fused conditions and inference all use it. Must not know how names are found in a
caption (`storyboard.text.captions`): it gets spans of characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from storyboard.models.fusion import CharacterFuser

Span = tuple[int, int]  # caption[start:end] is the name as written
STAND_IN = "they"  # replaces a name that the text encoder has not learned


@dataclass(frozen=True)
class CharacterCondition:
    """What the denoiser reads, with and without portraits.

    columns: for each caption, the text token that carries each portrait; None if the length limit cut the name off.
    """

    fused: torch.Tensor  # (B, L, D)
    text: torch.Tensor  # (B, L, D)
    columns: list[list[int | None]]


class CharacterConditioner:
    """Turns a caption and portraits into a condition. A plain object over modules that belong to others."""

    def __init__(self, tokenizer: Any, text_encoder: Any, image_encoder: Any, fuser: CharacterFuser):
        self.tokenizer = tokenizer
        self.text_encoder = text_encoder
        self.image_encoder = image_encoder
        self.fuser = fuser

    @property
    def max_tokens(self) -> int:
        """L: how many tokens the text encoder reads, including the start and end tokens."""
        return min(self.tokenizer.model_max_length, self.text_encoder.config.max_position_embeddings)

    def cut(self, caption: str) -> str:
        """Returns the caption, or the part of it that the text encoder reads."""
        return cut_caption(self.tokenizer, caption, self.max_tokens)

    def called(self, name: str) -> str:
        """Returns what a canonical caption calls somebody: the name if it is a single token, else STAND_IN.

        The tokenizer splits a name that it has not learned into several pieces, and their number varies from name to
        name. One word stands for all such names, and the portrait alone says who is meant.
        """
        return name if len(self.tokenizer.tokenize(name)) == 1 else STAND_IN

    def words(self, caption: str) -> tuple[list[int], list[Span]]:
        """Returns the token ids of a caption without padding, and for each token the span of its word."""
        tokens = self.tokenizer(
            caption,
            truncation=True,
            max_length=self.max_tokens,
            return_offsets_mapping=True,
            split_special_tokens=True,
        )
        return tokens["input_ids"], tokens["offset_mapping"]

    def encode_portraits(self, pixels: torch.Tensor) -> torch.Tensor:
        """Returns the projected image embeddings (N, V), not L2-normalised, of CLIP-normalised pixels (N, 3, S, S)."""
        tower = self.image_encoder
        return tower(pixel_values=pixels.to(tower.device, tower.dtype)).image_embeds

    def encode_text(self, captions: Sequence[str]) -> torch.Tensor:
        """Returns plain text states (B, L, D). Captions that are too long are cut; the end token stays."""
        return self._encode_tokens(self._tokenize(captions)["input_ids"])

    def columns(self, captions: Sequence[str], spans: Sequence[Sequence[Span]]) -> list[list[int | None]]:
        """Returns, for each caption and span, the text token that holds the span's end.

        It is None if the length limit cut the span off.
        """
        return _columns(self._tokenize(captions), spans)

    def __call__(
        self, captions: Sequence[str], spans: Sequence[Sequence[Span]], features: Sequence[torch.Tensor]
    ) -> CharacterCondition:
        """Puts each portrait feature on the last token of its name. Returns the conditions.

        spans: for each caption, one (start, end) per portrait. features: for each caption, (K_i, V); K_i may be 0.
        ValueError if their numbers differ.
        """
        counts = [(len(names), len(feature)) for names, feature in zip(spans, features, strict=True)]
        if len(counts) != len(captions) or any(names != portraits for names, portraits in counts):
            raise ValueError(
                f"One span per portrait and one list per caption: got {len(captions)} captions, {counts}."
            )
        tokens = self._tokenize(captions)
        columns = _columns(tokens, spans)
        text = self._encode_tokens(tokens["input_ids"])
        return CharacterCondition(self._fuse(text, columns, features), text, columns)

    def _tokenize(self, captions: Sequence[str]) -> Any:
        return self.tokenizer(
            list(captions),
            padding="max_length",
            truncation=True,
            max_length=self.max_tokens,
            return_offsets_mapping=True,
            return_tensors="pt",
            split_special_tokens=True,  # a writer's "<|endoftext|>" is text
        )

    def _encode_tokens(self, input_ids: torch.Tensor) -> torch.Tensor:
        # No attention mask, because the denoiser was trained on the states of padding too, as in Stable Diffusion.
        return self.text_encoder(input_ids.to(self.text_encoder.device)).last_hidden_state

    def _fuse(
        self, text: torch.Tensor, columns: list[list[int | None]], features: Sequence[torch.Tensor]
    ) -> torch.Tensor:
        kept = [
            (row, column, features[row][slot])
            for row, row_columns in enumerate(columns)
            for slot, column in enumerate(row_columns)
            if column is not None
        ]
        if not kept:
            return text
        rows, positions, portraits = zip(*kept, strict=True)
        index = (torch.tensor(rows, device=text.device), torch.tensor(positions, device=text.device))
        fused = self.fuser(text[index], torch.stack(portraits).to(text))
        return text.index_put(index, fused.to(text.dtype))


def cut_caption(tokenizer: Any, caption: str, max_tokens: int) -> str:
    """Returns the caption, or the beginning of it that fits between the start and end tokens of `max_tokens`."""
    tokens = tokenizer(
        caption, truncation=False, verbose=False, split_special_tokens=True, return_offsets_mapping=True
    )
    if len(tokens["input_ids"]) <= max_tokens:
        return caption
    return caption[: tokens["offset_mapping"][max_tokens - 2][1]]


def _columns(tokens: Any, spans: Sequence[Sequence[Span]]) -> list[list[int | None]]:
    return [
        [_last_token(offsets, span) for span in caption_spans]
        for offsets, caption_spans in zip(tokens["offset_mapping"].tolist(), spans, strict=True)
    ]


def _last_token(offsets: Sequence[Span], span: Span) -> int | None:
    """Returns the token that holds the last character of the name; None if it was cut off."""
    last = span[1] - 1
    holding = [token for token, (start, end) in enumerate(offsets) if start <= last < end]
    return holding[-1] if holding else None
