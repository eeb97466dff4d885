"""Conditions of sentences with the portraits of the people whom they name (Eq. 1), and of single people.

Knows captions and portraits, but neither what the conditions are used for nor any story. `StoryPipeline` has the parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from storyboard.pipeline.features import KEPT_FEATURES, Hashed, Kept, PictureFeatures
from storyboard.renderer import CastMember
from storyboard.text.captions import Mention


class FusedSentences:
    """Computes fused conditions. `pipeline` is a StoryPipeline, whose parts are looked up at each use."""

    def __init__(self, pipeline: Any, features: PictureFeatures):
        self.pipeline, self.features = pipeline, features
        self._people = Kept(KEPT_FEATURES)

    def __call__(
        self,
        captions: Sequence[str],
        mentions: Sequence[Sequence[Mention]],
        portraits: Mapping[str, Hashed],
    ) -> torch.Tensor:
        """Returns the conditions (N, L, D) of N captions. mentions: for each caption, the names that get a portrait."""
        features = []
        for named in mentions:
            rows = [self.features.projected(portraits[one.name]) for one in named]
            features.append(torch.stack(rows) if rows else torch.zeros(0, 0))
        return self.pipeline.conditioner(captions, [spans(named) for named in mentions], features).fused

    def person(self, member: CastMember) -> torch.Tensor:
        """Returns the fused vector (D,) of a cast member's name in a canonical caption.

        A mapper points at people by it.
        """
        portrait, called = Hashed(member.portrait), self.pipeline.conditioner.called(member.name)
        whole = (Mention(member.name, 0, len(called)),)

        def fuse() -> torch.Tensor:
            ((column,),) = self.pipeline.conditioner.columns([called], [spans(whole)])
            return self([called], [whole], {member.name: portrait})[0, column]

        return self._people.get((called, portrait.digest), fuse)

    def person_doing(self, member: CastMember, deed: str) -> torch.Tensor:
        """Returns the tokens (n, D) of a canonical caption that show a cast member doing `deed`.

        If `deed` is "", returns the tokens of the name alone.
        """
        portrait, called = Hashed(member.portrait), self.pipeline.conditioner.called(member.name)
        caption = f"{called} {deed}".rstrip()
        name = Mention(member.name, 0, len(called))
        end = replace(name, start=caption.rindex(" ") + 1, end=len(caption)) if deed else name
        ((first, last),) = self.pipeline.conditioner.columns([caption], [spans([name, end])])
        shown = [name, end] if deed and self.pipeline.fuser.config.deeds else [name]
        return self([caption], [shown], {member.name: portrait})[0, first : last + 1]


def spans(mentions: Sequence[Mention]) -> list[tuple[int, int]]:
    """Returns the start and end of each mention, as a `CharacterConditioner` takes them."""
    return [(mention.start, mention.end) for mention in mentions]
