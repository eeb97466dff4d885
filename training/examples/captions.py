"""Captions as the text tower reads them."""

from __future__ import annotations

import torch
from transformers import CLIPTokenizerFast


def token_ids(tokenizer: CLIPTokenizerFast, captions: list[str]) -> torch.Tensor:
    """(B, L), padded to the tokenizer's length."""
    return tokenizer(captions, padding="max_length", truncation=True, return_tensors="pt")["input_ids"]
