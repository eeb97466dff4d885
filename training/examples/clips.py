"""Clips of any dataset in the form that models read: captions that fit, a frame's pixels, portraits.

Knows no dataset by name, and no loss.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import CLIPTokenizerFast

from storyboard.disk.uploads import read_upload
from storyboard.errors import StoryError
from storyboard.models.conditioning import cut_caption
from training.data.crops import segment_mask
from training.data.records import Clip, StoryFrame
from training.examples.encoding import PictureFitter

logger = logging.getLogger(__name__)


class CaptionFitter:
    """Cuts captions to the `limit` tokens that a text encoder reads. It warns once for each clip."""

    def __init__(self, tokenizer: CLIPTokenizerFast, limit: int):
        self.tokenizer, self.limit = tokenizer, limit
        self._told: set[str] = set()

    def __call__(self, caption: str, clip: str) -> str:
        """Returns the caption, or the part of it that fits between the start and end tokens."""
        kept = cut_caption(self.tokenizer, caption, self.limit)
        if kept != caption and clip not in self._told:
            self._told.add(clip)
            logger.warning(
                "The caption of %s is longer than the %d tokens the text encoder reads; it ends at: %s",
                clip, self.limit - 2, kept[-40:],
            )  # fmt: skip
        return kept


def shown_frame(pictures: PictureFitter, frame: StoryFrame) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns a frame's pixels (3, size, size), and the area of its characters, (side, side) in 0..1."""
    picture, mask = frame.picture(), frame.mask()
    where = np.zeros((picture.height, picture.width), dtype=bool)
    for segment in frame.clip.segments:
        where |= segment_mask(mask, segment, *picture.size)
    return pictures.pixels(picture), pictures.mask(where)


def portrait_file(clip: Clip, word: str) -> Path | None:
    """Returns the file of the canonical portrait of the character labelled `word`, or None."""
    return next((file for name, file in clip.portraits if name.lower() == word.lower()), None)


def open_portrait(clip: Clip, word: str) -> Image.Image:
    """Returns the portrait as RGB, read like an upload. StoryError if it is missing or no picture."""
    file = portrait_file(clip, word)
    if file is None:
        raise StoryError(f'"{word}" has no portrait; put one named after it beside the others.')
    return read_upload(file, f"The portrait {file}")
