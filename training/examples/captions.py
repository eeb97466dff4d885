"""Captions as the text tower reads them, and whom a canonical one speaks of."""

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
    """Returns the `token_ids` of captions (B, L), and a mask (B, L): 1 for words, 0 for padding."""
    read = tokenizer(captions, padding="max_length", truncation=True, return_tensors="pt")
    return read["input_ids"], read["attention_mask"]


def fits(tokenizer: CLIPTokenizerFast) -> Callable[[str], bool]:
    """Returns a function that tells whether a text is read to its end."""
    return lambda text: len(tokenizer(text, verbose=False)["input_ids"]) <= tokenizer.model_max_length


def people_in(caption: str, names: Sequence[str], called: Callable[[str], str]) -> tuple[Mention, ...]:
    """Returns where a canonical caption speaks of each of these people, once and in their order.

    called: what it calls somebody, which may be one word for several (`CharacterConditioner.called`).
    """
    found = find_mentions(caption, {called(name): () for name in names})
    return tuple(replace(one, name=name) for one, name in zip(found, names, strict=True))


def portraits_in(
    caption: str, names: Sequence[str], deeds: Sequence[str], called: Callable[[str], str]
) -> tuple[Mention, ...]:
    """Returns where a canonical caption carries each person's portrait: on their name, and on the end of their deed.

    A text encoder looks back only, so a name knows nothing of the verb behind it. The last word of the deed knows both:
    with the portrait it says who does what to the one region that L_reg ties it to. deeds: what follows each name.
    Every other one is on a name, for a fuser that has not learned deeds (`CharacterFuser.config.deeds`).
    """
    spots = []
    for mention, deed in zip(people_in(caption, names, called), deeds, strict=True):
        end = mention.end + len(f" {deed}")
        spots += [mention, replace(mention, start=end - len(deed.rpartition(" ")[2]), end=end)]
    return tuple(spots)
