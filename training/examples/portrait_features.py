"""What a frozen tower or autoencoder sees in portraits of the cast and of other people, computed on first use.

Drawing somebody costs more than a training example, so features are kept, and in a file too if there is one.
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

KEPT = 262_144  # so many features are kept, of about 0.8 kB each


class Portrait(NamedTuple):
    """How somebody looks, as an outfit of the cast or as a look, and which view is shown.

    View 0 is the portrait as drawn.
    """

    wears: str | Look
    view: int = 0

    def pronoun(self, name: str) -> str:
        """Returns the pronoun of the person in the portrait."""
        return self.wears.pronoun if isinstance(self.wears, Look) else BY_NAME[name].pronoun


Views = Callable[
    [str, "str | Look", int], torch.Tensor
]  # from name, outfit or look, and view to pixels (3, S, S)


class PortraitFeatures:
    """Gives what `encode` computes from the pixels (1, 3, S, S) of a name's portrait: for a tower, a feature (V,).

    views: gives the pixels; a vision tower's image processor stands for the `PortraitViews` in its form.
    """

    def __init__(
        self, encode: Callable[[torch.Tensor], torch.Tensor], views: CLIPImageProcessor | Views
    ) -> None:
        self.encode = encode
        self.views: Views = PortraitViews(views, kept=0) if isinstance(views, CLIPImageProcessor) else views
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
        """Writes all features that were computed. tower: the digest of the weights that computed them."""
        if self._seen:
            features = torch.stack(list(self._seen.values())).cpu()
            write_shard(
                file, {"keys": torch.tensor(list(self._seen)), "features": features}, {"tower": tower}
            )

    def load(self, file: Path, tower: str) -> None:
        """Reads the features in the file, if a tower with the same weights computed them. Otherwise ignores them."""
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
