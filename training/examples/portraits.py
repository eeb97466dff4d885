"""Portraits in the form that a vision tower reads: of the cast in an outfit, and of others from a look. Knows no
models.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

import numpy as np
import torch
from PIL import Image
from transformers import CLIPImageProcessor

from storyboard.people import Look
from training.examples.weather import as_uploaded
from training.maple_lane import draw_portrait

KEPT = 2048  # so many views of people outside the cast are kept; 400 MB at 128 pixels


class PortraitViews:
    """Views of portraits. Number 0 is the portrait as drawn; the others are as writers might upload it.

    A view is the same in every run. Views of the cast are kept for good, views of other people up to `kept`.
    """

    def __init__(self, processor: CLIPImageProcessor, kept: int = KEPT):
        self.processor = processor
        self._of_cast = lru_cache(maxsize=None)(self._made)
        self._of_anybody = lru_cache(maxsize=kept)(self._made)

    def __call__(self, name: str, wears: str | Look, view: int) -> torch.Tensor:
        """Returns pixels (3, S, S) of somebody who wears an outfit of the cast or has a look."""
        if isinstance(wears, Look):
            return self._of_anybody("", wears, view)
        return self._of_cast(name, wears, view)

    def _made(self, name: str, wears: str | Look, view: int) -> torch.Tensor:
        drawn = draw_portrait(name, wears, 2 * self.processor.crop_size["height"])
        seed = zlib.crc32(repr((name, wears)).encode()), view
        seen = as_uploaded(drawn, np.random.default_rng(seed)) if view else Image.fromarray(drawn)
        return self.processor(seen, return_tensors="pt")["pixel_values"][0]
