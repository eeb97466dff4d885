"""Captions as the text tower reads them, and the people whom a canonical caption mentions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from transformers import CLIPTokenizerFast

from storyboard.text.captions import Mention, find_mentions


def token_ids(tokenizer: CLIPTokenizerFast, captions: list[str]) -> torch.Tensor:
    """Returns the captions' token ids (B, L), padded to the tokenizer's length."""
    return words_of(tokenizer, captions)[0]


def words_of(tokenizer: CLIPTokenizerFast, captions: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the `token_ids` of captions (B, L), and a mask (B, L) with 1 for words and 0 for padding."""
    read = tokenizer(captions, padding="max_length", truncation=True, return_tensors="pt")
    return read["input_ids"], read["attention_mask"]


def fits(tokenizer: CLIPTokenizerFast) -> Callable[[str], bool]:
    """Returns a function that says whether a text fits the tokenizer's length."""
    return lambda text: len(tokenizer(text, verbose=False)["input_ids"]) <= tokenizer.model_max_length


def people_in(caption: str, names: Sequence[str], called: Callable[[str], str]) -> tuple[Mention, ...]:
    """Returns where a canonical caption mentions each of these people. Each is mentioned once, in their order.

    called: gives the word for a name, which may be the same word for several people (`CharacterConditioner.called`).
    """
    found = find_mentions(caption, {called(name): () for name in names})
    return tuple(replace(one, name=name) for one, name in zip(found, names, strict=True))


def portraits_in(
    caption: str, names: Sequence[str], deeds: Sequence[str], called: Callable[[str], str]
) -> tuple[Mention, ...]:
    """Returns where a canonical caption carries each person's portrait: on the name, and on the end of the deed.

    A text encoder sees only earlier words, so a name knows nothing of the verb after it. The last word of the deed
    knows both. With the portrait on it, it says who does what, to the one region that L_reg ties it to. deeds: what
    follows each name.

    Every second span of the result is on a name. These are for a fuser that has not learned deeds
    (`CharacterFuser.config.deeds`).
    """
    spots = []
    for mention, deed in zip(people_in(caption, names, called), deeds, strict=True):
        end = mention.end + len(f" {deed}")
        spots += [mention, replace(mention, start=end - len(deed.rpartition(" ")[2]), end=end)]
    return tuple(spots)
