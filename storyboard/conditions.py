"""From a FrameRequest to what the denoiser reads: checks, portraits, history, and everything that is kept.

A condition does not depend on the seed, so it is kept: drawing a frame again runs neither CLIP nor language model.
Pictures are encoded one at a time, so that a feature is the same whatever else was encoded with it.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image, ImageOps

from storyboard.captions import clean_caption, find_mentions, interleave, mentioned_names
from storyboard.context import ContextPool
from storyboard.errors import StoryError
from storyboard.renderer import CastMember, FrameRequest

CONDITIONINGS = ("char-ldm", "llm", "text")
KEPT_CONDITIONS = 64
KEPT_FEATURES = 1024


@dataclass(frozen=True)
class FrameCondition:
    """What one frame is drawn from. Conditions are (1, L, D)."""

    condition: torch.Tensor
    text: torch.Tensor | None  # the caption alone; None without delayed conditioning
    null: torch.Tensor  # the empty caption, for guidance
    conditioning: str  # one of CONDITIONINGS
    mentioned: tuple[str, ...]


class FrameConditions:
    """The conditions of a pipeline's frames. `pipeline` is a StoryPipeline; its parts are read at each use."""

    def __init__(self, pipeline: Any):
        self.pipeline = pipeline
        self.clear()

    def check(self, request: FrameRequest) -> str:
        """The conditioning to use. StoryError when the request cannot be drawn; computes nothing."""
        caption = clean_caption(request.caption)
        wanted = request.conditioning or self._default(request)
        if wanted not in CONDITIONINGS:
            raise StoryError(f'There is no conditioning "{wanted}"; choose {" or ".join(CONDITIONINGS)}.')
        if wanted == "llm" and self.pipeline.language_model is None:
            raise StoryError('This pipeline has no language model; choose the conditioning "char-ldm".')
        conditioner = self.pipeline.conditioner
        tokens, limit = conditioner.count_tokens(caption), conditioner.max_tokens
        if tokens > limit:  # both counts include the start and the end token
            raise StoryError(
                f"The sentence is {tokens - 2} tokens long and {limit - 2} fit; shorten it or split it over two frames."
            )
        return wanted

    def of(self, request: FrameRequest, conditioning: str) -> FrameCondition:
        """The condition of a checked request, from what is kept or computed now."""
        caption = clean_caption(request.caption)
        members = {member.name: member for member in request.cast}
        mentions = find_mentions(caption, {name: member.aliases for name, member in members.items()})
        mentioned = tuple(dict.fromkeys(mention.name for mention in mentions))
        if conditioning == "llm":
            condition = self._from_history(caption, request)
        elif conditioning == "char-ldm":
            spans = [(mention.start, mention.end) for mention in mentions]
            condition = self._from_portraits(caption, spans, [members[m.name] for m in mentions])
        else:
            condition = self._from_text(caption)
        text = self._from_text(caption) if self.pipeline.config.start_merge_step >= 0 else None
        return FrameCondition(condition, text, self._from_text(""), conditioning, mentioned)

    def clear(self) -> None:
        """Forget everything; needed after weights, devices or parts change."""
        # New ones rather than emptied ones: a frame that is being drawn goes on with those it has.
        self._conditions = _Kept(KEPT_CONDITIONS)
        self._features = _Kept(KEPT_FEATURES)
        self._contexts: ContextPool | None = None

    def _default(self, request: FrameRequest) -> str:
        if self.pipeline.language_model is None:
            return "char-ldm"
        return "llm" if request.history else self.pipeline.config.first_frame

    def _from_text(self, caption: str) -> torch.Tensor:
        return self._conditions.get(
            ("text", caption), lambda: self.pipeline.conditioner.encode_text([caption])
        )

    def _from_portraits(
        self, caption: str, spans: Sequence[tuple[int, int]], members: Sequence[CastMember]
    ) -> torch.Tensor:
        portraits = [_Hashed(member.portrait) for member in members]

        def compute() -> torch.Tensor:
            features = [self._feature("portrait", p, self._project) for p in portraits]
            stacked = torch.stack(features) if features else torch.zeros(0, 0)
            return self.pipeline.conditioner([caption], [spans], [stacked]).fused

        return self._conditions.get(("char-ldm", caption, tuple(spans), *_digests(portraits)), compute)

    def _from_history(self, caption: str, request: FrameRequest) -> torch.Tensor:
        captions = [frame.caption for frame in request.history]
        cast = self._seen_cast([*captions, caption], request.cast)
        portraits = [_Hashed(member.portrait) for member in cast]
        pictures = [_Hashed(frame.picture) for frame in request.history]
        parts = interleave(captions, caption, [m.name for m in cast], tail=self.pipeline.config.prompt_tail)

        def compute() -> torch.Tensor:
            contexts = self._contexts or ContextPool(self.pipeline.reader)
            self._contexts = contexts
            frames = [self._feature("frame", p, self._pool) for p in pictures]
            faces = [self._feature("face", p, self._pool_portrait) for p in portraits]
            try:
                return contexts.condition_for(
                    parts, torch.stack(frames) if frames else None, torch.stack(faces) if faces else None
                )
            except ValueError as error:
                raise StoryError(
                    f"The sentence and the one before it are too long together ({error}); shorten one of them."
                ) from error

        return self._conditions.get(("llm", *parts, *_digests([*pictures, *portraits])), compute)

    def _seen_cast(self, captions: Sequence[str], cast: Sequence[CastMember]) -> list[CastMember]:
        """Everyone mentioned so far, in the order of the cast."""
        if not self.pipeline.config.cast_prefix:
            return []
        names = {member.name: member.aliases for member in cast}
        seen = {name for caption in captions for name in mentioned_names(caption, names)}
        return [member for member in cast if member.name in seen]

    def _feature(
        self, kind: str, picture: _Hashed, encode: Callable[[Image.Image], torch.Tensor]
    ) -> torch.Tensor:
        return self._features.get((kind, picture.digest), lambda: encode(picture.rgb))

    def _project(self, portrait: Image.Image) -> torch.Tensor:
        """What the fuser reads: the projected image embedding (V,)."""
        return self.pipeline.conditioner.encode_portraits(self._pixels(self._squared(portrait)))[0]

    def _pool_portrait(self, portrait: Image.Image) -> torch.Tensor:
        return self._pool(self._squared(portrait))

    def _pool(self, picture: Image.Image) -> torch.Tensor:
        """What the visual mapper reads: the vision tower's pooled state (V,)."""
        tower = self.pipeline.visual_encoder or self.pipeline.image_encoder.vision_model
        pixels = self._pixels(picture).to(tower.device, tower.dtype)
        return tower(pixel_values=pixels).pooler_output[0].to(self.pipeline.visual_mapper.dtype)

    def _squared(self, portrait: Image.Image) -> Image.Image:
        """Pad to a square, so that the image processor's centre crop cuts off neither head nor feet."""
        side = max(portrait.size)
        return ImageOps.pad(portrait, (side, side), color=self.pipeline.config.portrait_fill)

    def _pixels(self, picture: Image.Image) -> torch.Tensor:
        """CLIP-normalised (1, 3, S, S)."""
        return self.pipeline.image_processor(picture, return_tensors="pt")["pixel_values"]


class _Hashed:
    """A picture with the digest of its pixels. Keys hold the digest, so that nothing kept holds a picture."""

    def __init__(self, picture: Image.Image):
        self.rgb = picture.convert("RGB")
        self.digest = hashlib.sha256(repr(self.rgb.size).encode() + self.rgb.tobytes()).digest()


def _digests(pictures: Sequence[_Hashed]) -> list[bytes]:
    return [picture.digest for picture in pictures]


class _Kept:
    """Results by key, the least recently used dropped first."""

    def __init__(self, limit: int):
        self.limit = limit
        self._results: OrderedDict[Hashable, torch.Tensor] = OrderedDict()

    def get(self, key: Hashable, compute: Callable[[], torch.Tensor]) -> torch.Tensor:
        if key not in self._results:
            self._results[key] = compute()
            if len(self._results) > self.limit:
                self._results.popitem(last=False)
        self._results.move_to_end(key)
        return self._results[key]
