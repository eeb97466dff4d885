"""Portraits as a vision tower reads them: of the cast in an outfit, and of anybody from a look. Knows no models."""

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

KEPT = 2048  # views of people outside the cast, of whom there is no end; 400 MB at 128 pixels


class PortraitViews:
    """Views of portraits: number 0 as it is drawn, the others as writers might upload it, the same in every run.

    Those of the cast are kept for good, those of anybody else up to `kept`.
    """

    def __init__(self, processor: CLIPImageProcessor, kept: int = KEPT):
        self.processor = processor
        self._of_cast = lru_cache(maxsize=None)(self._made)
        self._of_anybody = lru_cache(maxsize=kept)(self._made)

    def __call__(self, name: str, wears: str | Look, view: int) -> torch.Tensor:
        """Returns pixels (3, S, S) of somebody who wears an outfit of the cast or looks like that."""
        if isinstance(wears, Look):
            return self._of_anybody("", wears, view)
        return self._of_cast(name, wears, view)

    def _made(self, name: str, wears: str | Look, view: int) -> torch.Tensor:
        drawn = draw_portrait(name, wears, 2 * self.processor.crop_size["height"])
        seed = zlib.crc32(repr((name, wears)).encode()), view
        seen = as_uploaded(drawn, np.random.default_rng(seed)) if view else Image.fromarray(drawn)
        return self.processor(seen, return_tensors="pt")["pixel_values"][0]
