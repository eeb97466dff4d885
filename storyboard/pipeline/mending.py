"""Corrects what a mapper has read by what the words are sure of. The result is the condition that a frame is drawn
from.

There are two ways. Either the people of whom the words are sure are added (`completing.py`). Or the condition is
replaced by that of the nearest caption (`retelling.py`). Knows a cast and what was told of it, but not how a story is
read.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from storyboard.models.layout import layout_of
from storyboard.models.prompt_tokens import Told
from storyboard.pipeline.completing import completed, left_out
from storyboard.pipeline.context import ReadCondition
from storyboard.pipeline.explain import pointed_at
from storyboard.pipeline.features import Hashed
from storyboard.pipeline.fused import FusedSentences, spans
from storyboard.pipeline.retelling import Reteller, Retold, Shown
from storyboard.renderer import CastMember
from storyboard.text.places import called, latest_place


class Mender:
    """Corrects conditions. `pipeline` is a StoryPipeline, whose parts are looked up at each use."""

    def __init__(self, pipeline: Any, fused: FusedSentences):
        self.pipeline, self.fused = pipeline, fused

    def __call__(
        self, found: ReadCondition, told: Told, earlier: Sequence[str], known: Sequence[CastMember]
    ) -> ReadCondition:
        """Returns the condition to draw from in place of `found`. It may be `found` itself.

        told: what the mapper was told of the people it knows. earlier: the sentences before the one that is drawn.
        """
        if found.pointed is None:
            return found
        if self.pipeline.config.nearest_caption:
            return self._retold(found, found.pointed, told, earlier, known)
        return self._with_everybody(found, found.pointed, told, known)

    def _with_everybody(
        self, found: ReadCondition, pointed: torch.Tensor, told: Told, known: Sequence[CastMember]
    ) -> ReadCondition:
        """Returns the condition with those people added of whom the words are sure and whom the mapper has left out.

        The words are right about 99 of 100 people they are sure of (docs/LOG.md). The mapper misses more than that.
        """
        missing = left_out(pointed[0, :, : len(known)])
        return completed(
            found,
            {
                place: self.fused.person_doing(member, told.doing[place])
                for place, member in enumerate(known)
                if told.shown[place] and place in missing
            },
        )

    def _retold(
        self,
        found: ReadCondition,
        pointed: torch.Tensor,
        told: Told,
        earlier: Sequence[str],
        known: Sequence[CastMember],
    ) -> ReadCondition:
        """Returns the condition of the caption that is nearest to `found`, with everybody of whom the words are sure.

        Returns `found` itself if that caption is too long, or if it would show nobody and the pipeline has no captions
        of nobody.
        """
        lexicon, conditioner = self.pipeline.lexicon, self.pipeline.conditioner
        people = self._shown(pointed, told, known)
        if not (lexicon.deeds and lexicon.places and (people or lexicon.around.nobody)):
            return found
        calling = called(lexicon.places, lexicon.places)
        where, _ = latest_place([told.sentence, *reversed(earlier)], calling) or (None, 0)
        around = partial(lexicon.around.around, [*earlier, told.sentence])
        deeds = {lexicon.captioned(deed): words for deed, words in lexicon.deeds.items()}
        retell = Reteller(deeds, tuple(lexicon.places), self._laid_out, lexicon.around.nobody)
        retold = retell(found.condition[0], people, where, around)
        if conditioner.cut(retold.caption) != retold.caption:
            return found
        spots = [*retold.names, *(retold.deeds if self.pipeline.fuser.config.deeds else ())]
        portraits = {member.name: Hashed(member.portrait) for member in known}
        condition = self.fused([retold.caption], [spots], portraits)
        (tokens,) = conditioner.columns([retold.caption], [spans(spots)])
        points, names = torch.zeros_like(pointed), [member.name for member in known]
        for spot, column in zip(spots, tokens, strict=True):
            points[0, column, names.index(spot.name)] = 1
        return ReadCondition(condition.to(found.condition), points)

    def _shown(self, pointed: torch.Tensor, told: Told, known: Sequence[CastMember]) -> list[Shown]:
        """Returns the people at whom a condition points, and those of whom the words are sure."""
        columns = pointed_at(pointed[0], [member.name for member in known])
        return [
            Shown(
                member.name,
                self.pipeline.conditioner.called(member.name),
                caption,
                columns[member.name],
            )
            for member, sure, caption in zip(known, told.shown, told.captions, strict=True)
            if sure or columns[member.name]
        ]

    def _laid_out(self, told: Sequence[Retold]) -> torch.Tensor:
        """Returns the text conditions (K, L, D) of K captions, with their words at the positions that a mapper gives
        them.
        """
        conditioner, rows = self.pipeline.conditioner, []
        for one, states in zip(told, conditioner.encode_text([one.caption for one in told]), strict=True):
            _, offsets = conditioner.words(one.caption)
            people = [(name.start, deed.end) for name, deed in zip(one.names, one.deeds, strict=True)]
            rows.append(states[layout_of(offsets, people, len(one.caption) - one.tail, len(states))])
        return torch.stack(rows)
