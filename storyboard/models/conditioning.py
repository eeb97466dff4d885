"""The one place where a caption and portraits become the condition of the denoiser (Eq. 1).

Called by the stage-1 loss, by the caching of fused conditions and at inference. Must not know how names are
found in a caption (`storyboard.text.captions`): it receives character spans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from storyboard.models.fusion import CharacterFuser

Span = tuple[int, int]  # caption[start:end] is the name as written
STAND_IN = "they"  # what somebody is called whose name the text encoder has not met


@dataclass(frozen=True)
class CharacterCondition:
    """What the denoiser reads, with and without portraits.

    columns: per caption the text token that carries each portrait; None where the length limit cut the name.
    """

    fused: torch.Tensor  # (B, L, D)
    text: torch.Tensor  # (B, L, D)
    columns: list[list[int | None]]


class CharacterConditioner:
    """Caption + portraits -> condition. A plain object over modules that live elsewhere."""

    def __init__(self, tokenizer: Any, text_encoder: Any, image_encoder: Any, fuser: CharacterFuser):
        self.tokenizer = tokenizer
        self.text_encoder = text_encoder
        self.image_encoder = image_encoder
        self.fuser = fuser

    @property
    def max_tokens(self) -> int:
        """L: tokens the text encoder reads, the start and end tokens included."""
        return min(self.tokenizer.model_max_length, self.text_encoder.config.max_position_embeddings)

    def cut(self, caption: str) -> str:
        """Returns the caption, or as much of it as the text encoder reads."""
        return cut_caption(self.tokenizer, caption, self.max_tokens)

    def called(self, name: str) -> str:
        """Returns what a canonical caption calls somebody: the name if it is one token, else STAND_IN.

        A name that the text encoder has not met is several pieces, as many as no story tells. One word stands for all
        of them, and the portrait alone says who is meant.
        """
        return name if len(self.tokenizer.tokenize(name)) == 1 else STAND_IN

    def words(self, caption: str) -> tuple[list[int], list[Span]]:
        """Returns the token ids of a caption without padding, and where in it the word of each stands."""
        tokens = self.tokenizer(
            caption,
            truncation=True,
            max_length=self.max_tokens,
            return_offsets_mapping=True,
            split_special_tokens=True,
        )
        return tokens["input_ids"], tokens["offset_mapping"]

    def encode_portraits(self, pixels: torch.Tensor) -> torch.Tensor:
        """Returns the projected image embeddings (N, V) of CLIP-normalised pixels (N, 3, S, S), not L2-normalised."""
        tower = self.image_encoder
        return tower(pixel_values=pixels.to(tower.device, tower.dtype)).image_embeds

    def encode_text(self, captions: Sequence[str]) -> torch.Tensor:
        """Returns plain text states (B, L, D). Longer captions are cut, with the end token kept."""
        return self._encode_tokens(self._tokenize(captions)["input_ids"])

    def columns(self, captions: Sequence[str], spans: Sequence[Sequence[Span]]) -> list[list[int | None]]:
        """Returns per caption and span the text token that holds its end; None where the length limit cut it off."""
        return _columns(self._tokenize(captions), spans)

    def __call__(
        self, captions: Sequence[str], spans: Sequence[Sequence[Span]], features: Sequence[torch.Tensor]
    ) -> CharacterCondition:
        """Put each portrait feature on the last token of its name.

        spans: per caption one (start, end) per portrait. features: per caption (K_i, V), K_i may be 0.
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
        # No attention mask: the denoiser was trained on the states of padding too, as in Stable Diffusion.
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
    """Returns the caption, or its beginning that fits between the start and the end token of `max_tokens`."""
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
    """The token that holds the last character of the name; None when it was cut off."""
    last = span[1] - 1
    holding = [token for token, (start, end) in enumerate(offsets) if start <= last < end]
    return holding[-1] if holding else None
