"""What stage 1's vision tower sees in portraits of the cast and of anybody, computed when it is first asked for."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
from transformers import CLIPImageProcessor

from storyboard.models.conditioning import CharacterConditioner
from storyboard.people import Look
from training.examples.portraits import PortraitViews
from training.maple_lane import BY_NAME

KEPT = 131_072  # features, of some 0.8 kB each


class Portrait(NamedTuple):
    """How somebody looks, by an outfit of the cast or a look of their own, and which view is shown; 0: as drawn."""

    wears: str | Look
    view: int = 0

    def pronoun(self, name: str) -> str:
        """Returns the pronoun of whoever this is a portrait of."""
        return self.wears.pronoun if isinstance(self.wears, Look) else BY_NAME[name].pronoun


class PortraitFeatures:
    """Name and portrait -> projected feature (V,), as stage 1's conditioner has it."""

    def __init__(self, conditioner: CharacterConditioner, processor: CLIPImageProcessor):
        self.conditioner, self.views = conditioner, PortraitViews(processor, kept=0)
        self._read = lru_cache(maxsize=KEPT)(self._encoded)

    def __call__(self, name: str, portrait: Portrait) -> torch.Tensor:
        return self._read("" if isinstance(portrait.wears, Look) else name, portrait)

    @torch.no_grad()
    def _encoded(self, name: str, portrait: Portrait) -> torch.Tensor:
        return self.conditioner.encode_portraits(self.views(name, *portrait)[None])[0]
