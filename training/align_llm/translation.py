"""What a condition mapper learns from on cached states: free wording in, the condition of the canonical caption out.

Clothes of the seven are changed at random from example to example, and anybody is shown as uploads may be: words do not
tell looks, so the mapper has to take them from the cast. Knows losses and batches, not files or commands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple, TypedDict

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from storyboard.models.conditioning import CharacterConditioner
from storyboard.models.layout import layout_of
from storyboard.models.losses import alignment_loss
from storyboard.models.mappers import (
    EARLIER,
    NOW,
    PADDING,
    PRONOUNS,
    ConditionMapper,
    StoryStates,
    stacked,
)
from storyboard.people import Look
from storyboard.text.allowed import whom_words_allow, whom_words_show
from storyboard.text.candidates import read_for
from storyboard.text.captions import Mention
from storyboard.text.lexicon import Lexicon
from storyboard.text.preferences import meant_by_words
from training.align_llm.arguments import MapperArguments
from training.align_llm.story_states import ReadTelling
from training.align_llm.tellings import canonical
from training.examples.captions import people_in, portraits_in
from training.examples.latents import frame_weight
from training.examples.portrait_features import KEPT, Portrait
from training.loop import Objective
from training.maple_lane import BY_NAME
from training.maple_lane.words import Shows, deed

NOBODY = "Nobody is "  # how the canonical caption of an empty frame begins
STRANGERS = 4  # people at most who are in the cast and not in the story
HIDDEN = 0.05  # share of the earlier words that an example leaves out

UNSAID = 0.2  # share of people of whose deed an example does not tell what the words say

VIEWS = 2  # of each portrait: as it is drawn, and once as it may be uploaded
TEXTS = 32_768  # captions whose states are kept, 37 kB each
UNTOLD = -100  # what cross-entropy leaves out

Cast = Mapping[str, Portrait]


class Target(NamedTuple):
    """condition (L, D); who is at which of its tokens; which tokens (L,) are words and not padding.

    words (L,): the tokenizer's number of each word that can be told from the story, UNTOLD for names and padding.
    """

    condition: torch.Tensor
    named: dict[int, str]
    worded: torch.Tensor
    words: torch.Tensor


class Targets:
    """Canonical captions as Char-LDM's conditioner sees them, by caption; portraits go in afterwards (Eq. 1).

    The names' tokens are the last thing that is put into a condition, so the same text states serve any clothes.
    Somebody whose name is not one token is called STAND_IN. features: name and portrait -> (V,).
    """

    def __init__(self, conditioner: CharacterConditioner, features: Callable[[str, Portrait], torch.Tensor]):
        self.conditioner, self.features = conditioner, features
        self._text = lru_cache(maxsize=TEXTS)(self._laid_out)
        self._alone = lru_cache(maxsize=KEPT)(self._fused_alone)

    @property
    def shape(self) -> tuple[int, int]:
        """L, D: of a condition."""
        length, width = self.conditioner.encode_text([""])[0].shape
        return length, width

    @torch.no_grad()
    def condition(self, shows: Shows, cast: Cast) -> Target:
        """Returns what the picture of such a frame is drawn from, its words in the places that `layout` gives them."""
        names = tuple(person.name for person in shows.people)
        called = tuple(replace(person, name=self.conditioner.called(person.name)) for person in shows.people)
        tail = canonical(replace(shows, people=())).removeprefix(NOBODY)
        deeds = tuple(deed(person) for person in shows.people)
        target = self._text(canonical(replace(shows, people=called)), names, deeds, tail)
        condition = target.condition.clone()
        for column, name in target.named.items():
            condition[column] = self._fused(condition[column], name, cast[name])
        return target._replace(condition=condition)

    @torch.no_grad()
    def person(self, name: str, portrait: Portrait) -> torch.Tensor:
        """Returns the fused vector (D,) of a name by itself: what a mapper can point at."""
        return self._alone(name, portrait)

    def _fused_alone(self, name: str, portrait: Portrait) -> torch.Tensor:
        called = self.conditioner.called(name)
        states, columns = self._encode(called, people_in(called, (name,), self.conditioner.called))
        return self._fused(states[min(columns)], name, portrait)

    def _fused(self, state: torch.Tensor, name: str, portrait: Portrait) -> torch.Tensor:
        return self.conditioner.fuser(state[None], self.features(name, portrait)[None])[0]

    def _laid_out(self, caption: str, names: tuple[str, ...], deeds: tuple[str, ...], tail: str) -> Target:
        """names: whom the caption speaks of, in its order, with their deeds. tail: what it says behind them."""
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
        """The states of a caption, and who is at which of them. spots: where it carries whose portrait."""
        (columns,) = self.conditioner.columns([caption], [[(m.start, m.end) for m in spots]])
        where = {c: spot.name for c, spot in zip(columns, spots, strict=True) if c is not None}
        return self.conditioner.encode_text([caption])[0], where


@dataclass(frozen=True)
class Translation:
    """A frame of a telling: shapes are those of `TranslationBatch` without B, and `story` is of this one alone."""

    story: StoryStates
    images: torch.Tensor
    targets: torch.Tensor
    points: torch.Tensor
    worded: torch.Tensor
    words: torch.Tensor


class TranslationBatch(TypedDict):
    """B frames of tellings, and what the condition of each should be and say."""

    story: StoryStates
    images: torch.Tensor  # (B, R, E): last states of the image tokens
    targets: torch.Tensor  # (B, L, D)
    points: torch.Tensor  # (B, L): 1 + the place in the cast of whoever is at a token, 0: nobody
    worded: torch.Tensor  # (B, L) bool: tokens of the caption's words, not of the padding behind them
    words: torch.Tensor  # (B, L): the number of each word that can be told from the story, else UNTOLD


class Translations:
    """Step -> frames of cached tellings. lexicon: which words tell which deed, for a mapper that is told."""

    def __init__(
        self,
        read: Sequence[ReadTelling],
        targets: Targets,
        people: int,
        seed: int,
        learning: bool = True,
        lexicon: Lexicon | None = None,
    ):
        self.read, self.targets, self.people = read, targets, people
        self.seed, self.learning, self.lexicon = seed, learning, lexicon or Lexicon()
        self._numbers = {deed: number for number, deed in enumerate(self.lexicon.deeds, 1)}
        self._said = lru_cache(maxsize=None)(self._what_words_say)
        self._elsewhere = [who for one in read for who in one.telling.looks.items()]
        frames = range(len(read[0].telling.frames))
        # By number of the frame: how much each telling's counts, added up.
        self._ends = [
            np.cumsum([_weight(one.telling.frames[number].shows) for one in read]) for number in frames
        ]

    def __call__(self, step: int, rows: range) -> TranslationBatch:
        """All of a batch are the same number of frame of their stories, so that they are about as long."""
        weights = np.array([ends[-1] for ends in self._ends], float)
        number = int(np.random.default_rng((self.seed, step)).choice(len(weights), p=weights / weights.sum()))
        examples = []
        for row in rows:
            rng = np.random.default_rng((self.seed, step, row))
            share = rng.random() * self._ends[number][-1]
            index = int(np.searchsorted(self._ends[number], share, side="right"))
            examples.append(self.example(index, number, self.dressed(index, rng), rng))
        return collated(examples)

    def dressed(self, index: int, rng: np.random.Generator) -> dict[str, Portrait]:
        """Returns the cast of an example with how each looks: the story's people, then a few strangers.

        The seven wear any of their outfits, anybody else what their look says.
        """
        telling = self.read[index].telling
        looks: dict[str, Look | None] = {name: telling.looks.get(name) for name in telling.pronouns}
        for _ in range(rng.integers(STRANGERS + 1)):
            name, look = self._stranger(rng)
            looks.setdefault(name, look)
        return {name: self._portrait(name, look, rng) for name, look in looks.items()}

    def _stranger(self, rng: np.random.Generator) -> tuple[str, Look | None]:
        if self._elsewhere and rng.random() < 0.5:
            return self._elsewhere[rng.integers(len(self._elsewhere))]
        return str(rng.choice(list(BY_NAME))), None

    def _portrait(self, name: str, look: Look | None, rng: np.random.Generator) -> Portrait:
        wears = look or str(rng.choice(list(BY_NAME[name].outfits)))
        return Portrait(wears, int(rng.integers(VIEWS)) if self.learning else 0)

    def _what_words_say(self, index: int, number: int) -> _Said:
        """What the words of frame `number` of a telling say by themselves."""
        telling = self.read[index].telling
        people = [_Named(name, pronoun) for name, pronoun in telling.pronouns.items()]
        captions = [frame.caption for frame in telling.frames[: number + 1]]
        sentence, earlier = read_for(people, captions[-1], captions[:-1])
        allowed = whom_words_allow(sentence, people, earlier)
        shown = {person.name for person in telling.frames[number].shows.people}
        meant = meant_by_words(sentence, people, earlier)
        deeds = self.lexicon.deeds_of(sentence, meant)
        numbers = {name: self._numbers[deed] for name, deed in deeds.items()}
        return _Said(
            allowed if allowed is not None and shown <= allowed else None,
            whom_words_show(sentence, meant),
            numbers,
        )

    def example(self, index: int, number: int, dressed: Cast, rng: np.random.Generator) -> Translation:
        """Returns frame `number` of a telling with those of this cast whom its words allow."""
        one, said = self.read[index], self._said(index, number)
        if said.allowed is not None:
            dressed = {name: portrait for name, portrait in dressed.items() if name in said.allowed}
        places = rng.permutation(self.people)[: len(dressed)] if self.learning else np.arange(len(dressed))
        taken = dict(zip(dressed, places.tolist(), strict=True))
        begin, now, end = int(one.words[0, 0]), int(one.words[number, 0]), int(one.words[number, 1])
        place_of = torch.tensor([0, *(taken.get(name, -1) + 1 for name in one.telling.pronouns)])
        sentence = torch.full((end - begin,), EARLIER)
        if self.learning:
            sentence[torch.from_numpy(rng.random(end - begin) < HIDDEN)] = PADDING
        sentence[max(now - begin, 0) :] = NOW
        target, named, worded, words = self.targets.condition(one.telling.frames[number].shows, dressed)
        vectors = torch.zeros(self.people, target.shape[-1])
        pronouns, shown, doing = torch.zeros(3, self.people, dtype=torch.long)
        points = torch.zeros(len(target), dtype=torch.long)
        for name, place in taken.items():
            vectors[place] = self.targets.person(name, dressed[name])
            pronouns[place] = PRONOUNS.index(dressed[name].pronoun(name))
            shown[place] = name in said.shown
            doing[place] = 0 if self.learning and rng.random() < UNSAID else said.deeds.get(name, 0)
            points[[column for column, who in named.items() if who == name]] = place + 1
        speaks_of = place_of[one.names[begin:end]]
        story = StoryStates(one.states[begin:end], sentence, speaks_of, vectors, pronouns, shown, doing)
        return Translation(story, one.images[number], target, points, worded, words)


class _Said(NamedTuple):
    """What the words of a frame say by themselves, as the pipeline tells it a mapper.

    allowed: whom it may point at; None where the words leave that open, or say less than is shown. shown: who they say
    is there. deeds: the number of each one's deed, by name.
    """

    allowed: frozenset[str] | None
    shown: frozenset[str]
    deeds: Mapping[str, int]


@dataclass(frozen=True)
class _Named:
    """Somebody as the words are read for them."""

    name: str
    pronoun: str
    aliases: tuple[str, ...] = ()


def _weight(shows: Shows) -> float:
    actions = [person.action for person in shows.people]
    return frame_weight(len(actions), len(set(actions)))


def collated(examples: Sequence[Translation]) -> TranslationBatch:
    """Returns a batch of examples, padded to the longest."""
    return {
        "story": stacked([StoryStates(*(states[None] for states in one.story)) for one in examples]),
        "images": torch.stack([one.images for one in examples]),
        "targets": torch.stack([one.targets for one in examples]),
        "points": torch.stack([one.points for one in examples]),
        "worded": torch.stack([one.worded for one in examples]),
        "words": torch.stack([one.words for one in examples]),
    }


def read_pointing(
    mapper: ConditionMapper, images: torch.Tensor, embeddings: torch.Tensor, story: StoryStates
) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns conditions (B, L, D) and how far their tokens point at each of the cast (B, L, K).

    ValueError for a mapper without `people`, which points at nobody.
    """
    condition, pointed = mapper.read(images, embeddings, story)
    if pointed is None:
        raise ValueError("this mapper points at nobody; give its size some people")
    return condition, pointed


class TranslationTraining(Objective[TranslationBatch]):
    """L_align on canonical targets, more for words and names, and the cross-entropy of whom each token points at.

    A linear head reads the canonical caption's words off the condition, and its cross-entropy is a part of the loss: a
    mean of two actions is near to both and says neither. The head is thrown away.
    embeddings (R, E): of the image tokens. vocabulary: of the conditioner's tokenizer.
    """

    embeddings: torch.Tensor

    def __init__(
        self, mapper: ConditionMapper, embeddings: torch.Tensor, args: MapperArguments, vocabulary: int
    ):
        super().__init__()
        self.mapper, self.args = mapper, args
        self.head = nn.Linear(mapper.config.output_width, vocabulary)
        self.register_buffer("embeddings", embeddings, persistent=False)

    def forward(self, batch: TranslationBatch) -> dict[str, torch.Tensor]:
        predicted, pointed = read_pointing(
            self.mapper, batch["images"].float(), self.embeddings, batch["story"]
        )
        target, points = batch["targets"], batch["points"]
        named, worded = points > 0, batch["worded"]
        alignment, words = (alignment_loss(predicted[some], target[some]) for some in (worded | True, worded))
        # a batch may show nobody at all, whose mean error would be no number
        names = alignment_loss(predicted[named], target[named]) if named.any() else 0 * alignment
        shares = torch.cat([1 - pointed.sum(-1, keepdim=True), pointed], -1).clamp(min=1e-6)
        pointing = F.nll_loss(shares.log().flatten(0, 1), points.flatten())
        loss = alignment + self.args.pointer_weight * pointing
        loss = loss + self.args.name_weight * names * named.float().mean()
        loss = loss + self.args.word_weight * words * worded.float().mean()
        said = F.cross_entropy(
            self.head(predicted).flatten(0, 1), batch["words"].flatten(), ignore_index=UNTOLD
        )
        loss = loss + self.args.said_weight * said
        parts = {"alignment": alignment, "names": names, "words": words, "pointing": pointing, "said": said}
        return {"loss": loss, **parts}
