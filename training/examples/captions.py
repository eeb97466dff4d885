"""Captions as the text tower reads them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from transformers import CLIPTokenizerFast


def token_ids(tokenizer: CLIPTokenizerFast, captions: list[str]) -> torch.Tensor:
    """(B, L), padded to the tokenizer's length."""
    return tokenizer(captions, padding="max_length", truncation=True, return_tensors="pt")["input_ids"]


def fits(tokenizer: CLIPTokenizerFast) -> Callable[[str], bool]:
    """Returns what says whether a text is read to its end."""
    return lambda text: len(tokenizer(text, verbose=False)["input_ids"]) <= tokenizer.model_max_length
