"""Canonical captions as the conditions that a mapper should produce: text states in a fixed layout, with portraits.

Uses captions and a conditioner. Contains neither the stories that the captions come from nor the learning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import torch

from storyboard.models.conditioning import CharacterConditioner
from storyboard.models.layout import layout_of
from storyboard.text.captions import Mention
from training.align_llm.tellings import canonical
from training.examples.captions import people_in, portraits_in
from training.examples.portrait_features import KEPT, Portrait
from training.maple_lane.words import NOBODY, Shows, deed

TEXTS = 32_768  # captions whose states are kept in memory, 37 kB each
UNTOLD = -100  # the label that cross-entropy leaves out

Cast = Mapping[str, Portrait]


class Target(NamedTuple):
    """A condition that a mapper should produce, and what its tokens mean.

    condition: (L, D)
    named: which person is at which token
    worded: (L,), which tokens are words and not padding
    words: (L,), the tokenizer's number of each word that the story tells; UNTOLD for names and padding
    """

    condition: torch.Tensor
    named: dict[int, str]
    worded: torch.Tensor
    words: torch.Tensor


class Targets:
    """Canonical captions as Char-LDM's conditioner encodes them, by caption. Portraits go in afterwards (Eq. 1).

    Portraits are put on the names' tokens last, so the same text states serve for any clothes. A person whose name is
    not one token is called STAND_IN.

    features: maps a name and a portrait to a feature (V,).
    """

    def __init__(self, conditioner: CharacterConditioner, features: Callable[[str, Portrait], torch.Tensor]):
        self.conditioner, self.features = conditioner, features
        self._text = lru_cache(maxsize=TEXTS)(self._laid_out)
        self._alone = lru_cache(maxsize=KEPT)(self._fused_alone)

    @property
    def shape(self) -> tuple[int, int]:
        """The shape (L, D) of a condition."""
        length, width = self.conditioner.encode_text([""])[0].shape
        return length, width

    @torch.no_grad()
    def condition(self, shows: Shows, cast: Cast) -> Target:
        """Returns the condition from which the picture of this frame is drawn.

        `layout` decides the places of its words.
        """
        names = tuple(person.name for person in shows.people)
        called = tuple(replace(person, name=self.conditioner.called(person.name)) for person in shows.people)
        tail = canonical(replace(shows, people=())).removeprefix(f"{NOBODY} ")
        deeds = tuple(deed(person) for person in shows.people)
        target = self._text(canonical(replace(shows, people=called)), names, deeds, tail)
        condition = target.condition.clone()
        for column, name in target.named.items():
            condition[column] = self._fused(condition[column], name, cast[name])
        return target._replace(condition=condition)

    @torch.no_grad()
    def person(self, name: str, portrait: Portrait) -> torch.Tensor:
        """Returns the fused vector (D,) of a name by itself, which a mapper can point at."""
        return self._alone(name, portrait)

    def _fused_alone(self, name: str, portrait: Portrait) -> torch.Tensor:
        called = self.conditioner.called(name)
        states, columns = self._encode(called, people_in(called, (name,), self.conditioner.called))
        return self._fused(states[min(columns)], name, portrait)

    def _fused(self, state: torch.Tensor, name: str, portrait: Portrait) -> torch.Tensor:
        return self.conditioner.fuser(state[None], self.features(name, portrait)[None])[0]

    def _laid_out(self, caption: str, names: tuple[str, ...], deeds: tuple[str, ...], tail: str) -> Target:
        """The target of a caption, with its words in the places that `layout` decides.

        names: the people of the caption, in its order
        deeds: what each of them does
        tail: the end of the caption, after the people
        """
        spots = portraits_in(caption, names, deeds, self.conditioner.called)
        fused = spots if self.conditioner.fuser.config.deeds else spots[::2]
        states, columns = self._encode(caption, fused)
        ids, offsets = self.conditioner.words(caption)
        mentions, done = spots[::2], spots[1::2]
        people = [(one.start, end.end) for one, end in zip(mentions, done, strict=True)]
        order = layout_of(offsets, people, len(caption) - len(tail), len(states))
        place_of = {token: place for place, token in enumerate(order)}
        named = {place_of[column]: name for column, name in columns.items()}
        words = torch.full((len(states),), UNTOLD)
        for token, (start, end) in enumerate(offsets):
            if not any(mention.start < end and start < mention.end for mention in mentions):
                words[token] = ids[token]
        return Target(states[order], named, torch.tensor(order) < len(ids), words[order])

    def _encode(self, caption: str, spots: Sequence[Mention]) -> tuple[torch.Tensor, dict[int, str]]:
        """The text states of a caption, and which person is at which state.

        spots: the places in the caption that carry a portrait, and whose portrait it is.
        """
        (columns,) = self.conditioner.columns([caption], [[(m.start, m.end) for m in spots]])
        where = {c: spot.name for c, spot in zip(columns, spots, strict=True) if c is not None}
        return self.conditioner.encode_text([caption])[0], where
