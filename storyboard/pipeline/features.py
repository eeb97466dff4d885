"""What a pipeline's vision towers see in pictures, cached by the digest of each picture.

Pictures are encoded one at a time, so that a feature never depends on other pictures. Knows no captions.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import torch
from diffusers.image_processor import VaeImageProcessor
from PIL import Image, ImageOps

from storyboard.disk.pictures import StoredPicture
from storyboard.models.portrait_canvas import encode_patch, has_plain_ground, patch_pixels
from storyboard.renderer import Picture

KEPT_FEATURES = 1024


class Hashed:
    """A picture with a digest, which keys use in its place.

    The digest of a store's picture is known without reading it. For other pictures it is computed from the pixels.
    """

    def __init__(self, picture: Picture):
        self._picture = picture
        if isinstance(picture, StoredPicture):
            self.digest = bytes.fromhex(picture.key)
        else:
            self.digest = hashlib.sha256(repr(picture.size).encode() + self.rgb.tobytes()).digest()

    @property
    def rgb(self) -> Image.Image:
        return self._picture.convert("RGB")


def digests(pictures: Sequence[Hashed]) -> list[bytes]:
    """Returns the digest of each picture."""
    return [picture.digest for picture in pictures]


class Kept:
    """A cache of results by key. The least recently used result is dropped first."""

    def __init__(self, limit: int):
        self.limit = limit
        self._results: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Returns the result that is kept under `key`. If there is none, it is computed and kept."""
        if key not in self._results:
            self._results[key] = compute()
            if len(self._results) > self.limit:
                self._results.popitem(last=False)
        self._results.move_to_end(key)
        return self._results[key]


class PictureFeatures:
    """Features of pictures. `pipeline` is a StoryPipeline, whose parts are looked up at each use."""

    def __init__(self, pipeline: Any):
        self.pipeline = pipeline
        self._kept = Kept(KEPT_FEATURES)

    def projected(self, portrait: Hashed) -> torch.Tensor:
        """Returns the projected image embedding (V,) of a portrait, which the fuser reads."""

        def encode() -> torch.Tensor:
            return self.pipeline.conditioner.encode_portraits(self._pixels(self._squared(portrait.rgb)))[0]

        return self._kept.get(("portrait", portrait.digest), encode)

    def patch(self, portrait: Hashed, aside: int) -> torch.Tensor:
        """Returns the patch (C, h, w) of a portrait for a canvas. aside: as in `patch_pixels`."""

        def encode() -> torch.Tensor:
            return encode_patch(self.pipeline.vae, patch_pixels(self._drawn(portrait), aside))

        return self._kept.get(("patch", portrait.digest, aside), encode)

    def has_plain_ground(self, portrait: Hashed) -> bool:
        """Returns whether a portrait may stand on a canvas."""
        return self._kept.get(("ground", portrait.digest), lambda: has_plain_ground(self._drawn(portrait)))

    def of_frame(self, picture: Hashed) -> torch.Tensor:
        """Returns the vision tower's pooled state (V,) of a story's picture, which the visual mapper reads."""
        return self._kept.get(("frame", picture.digest), lambda: self._pooled(picture.rgb))

    def of_face(self, portrait: Hashed) -> torch.Tensor:
        """Returns the vision tower's pooled state (V,) of a portrait that is padded to a square."""
        return self._kept.get(("face", portrait.digest), lambda: self._pooled(self._squared(portrait.rgb)))

    def _pooled(self, picture: Image.Image) -> torch.Tensor:
        tower = self.pipeline.visual_encoder or self.pipeline.image_encoder.vision_model
        pixels = self._pixels(picture).to(tower.device, tower.dtype)
        return tower(pixel_values=pixels).pooler_output[0].to(self.pipeline.visual_mapper.dtype)

    def _drawn(self, portrait: Hashed) -> torch.Tensor:
        """Returns the pixels (3, S, S) of a portrait in -1..1, in the size of a picture."""
        size = self.pipeline.vae.config.sample_size
        squared = self._squared(portrait.rgb).resize((size, size), Image.Resampling.LANCZOS)
        return VaeImageProcessor().preprocess(squared)[0]

    def _squared(self, portrait: Image.Image) -> Image.Image:
        """Returns the portrait padded to a square, so that the image processor's centre crop cuts off neither head nor
        feet.
        """
        side = max(portrait.size)
        square = ImageOps.pad(portrait, (side, side), color=self.pipeline.config.portrait_fill)
        if self.pipeline.config.portrait_filter is None:
            return square
        size = self.pipeline.image_processor.size["shortest_edge"]
        return square.resize((size, size), Image.Resampling[self.pipeline.config.portrait_filter.upper()])

    def _pixels(self, picture: Image.Image) -> torch.Tensor:
        """Returns CLIP-normalised pixels (1, 3, S, S)."""
        return self.pipeline.image_processor(picture, return_tensors="pt")["pixel_values"]
