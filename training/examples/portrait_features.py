"""What a frozen tower sees in portraits of the cast and of anybody, computed when it is first asked for.

Drawing somebody costs more than a training example does, so what was seen is kept, in a file too where there is one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import safe_open
from transformers import CLIPImageProcessor

from storyboard.people import Look
from training.examples.portraits import PortraitViews
from training.examples.shards import write_shard
from training.maple_lane import BY_NAME

KEPT = 262_144  # features, of some 0.8 kB each


class Portrait(NamedTuple):
    """How somebody looks, by an outfit of the cast or a look of their own, and which view is shown; 0: as drawn."""

    wears: str | Look
    view: int = 0

    def pronoun(self, name: str) -> str:
        """Returns the pronoun of whoever this is a portrait of."""
        return self.wears.pronoun if isinstance(self.wears, Look) else BY_NAME[name].pronoun


class PortraitFeatures:
    """Name and portrait -> projected feature (V,), as `encode` has it of pixels (1, 3, S, S)."""

    def __init__(self, encode: Callable[[torch.Tensor], torch.Tensor], processor: CLIPImageProcessor):
        self.encode, self.views = encode, PortraitViews(processor, kept=0)
        self._seen: dict[int, torch.Tensor] = {}

    def __call__(self, name: str, portrait: Portrait) -> torch.Tensor:
        key = _key("" if isinstance(portrait.wears, Look) else name, portrait)
        if key not in self._seen:
            if len(self._seen) >= KEPT:
                del self._seen[next(iter(self._seen))]
            self._seen[key] = self._encoded(name, portrait)
        return self._seen[key]

    @torch.no_grad()
    def _encoded(self, name: str, portrait: Portrait) -> torch.Tensor:
        return self.encode(self.views(name, *portrait)[None])[0]

    def save(self, file: Path, tower: str) -> None:
        """Write all that has been seen. tower: the digest of the weights that saw it."""
        if self._seen:
            features = torch.stack(list(self._seen.values())).float().cpu()
            write_shard(
                file, {"keys": torch.tensor(list(self._seen)), "features": features}, {"tower": tower}
            )

    def load(self, file: Path, tower: str) -> None:
        """Know what a tower of the same weights has written there. What another has seen is left alone."""
        if not file.exists():
            return
        with safe_open(file, "pt") as kept:
            if (kept.metadata() or {}).get("tower") == tower:
                self._seen.update(
                    zip(kept.get_tensor("keys").tolist(), kept.get_tensor("features"), strict=True)
                )


def _key(name: str, portrait: Portrait) -> int:
    digest = hashlib.blake2b(repr((name, *portrait)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
