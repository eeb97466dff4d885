"""What a condition mapper learns from on cached states: free wording goes in, the canonical caption's condition comes
out.

The seven people of Maple Lane wear randomly chosen clothes in each example, and everybody is shown as uploads may show
them. Words do not tell looks, so the mapper has to take the looks from the cast. Contains losses and batches, but no
files and no commands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypedDict

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

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
from storyboard.text.lexicon import Lexicon
from storyboard.text.preferences import meant_by_words
from training.align_llm.arguments import MapperArguments
from training.align_llm.story_states import ReadTelling
from training.align_llm.targets import UNTOLD, Cast, Targets
from training.examples.latents import frame_weight
from training.examples.portrait_features import Portrait
from training.loop import Objective
from training.maple_lane import BY_NAME
from training.maple_lane.words import Shows

STRANGERS = 4  # at most so many people are in the cast and not in the story
HIDDEN = 0.05  # the share of the earlier words that an example leaves out

UNSAID = 0.2  # the share of people for whom an example does not tell the mapper the deed that the words say

VIEWS = 2  # views of each portrait: one as it is drawn, and one as it may be uploaded


@dataclass(frozen=True)
class Translation:
    """One frame of a telling. The shapes are those of `TranslationBatch` without B.

    Only `story` keeps its first dimension: it is a batch of this one frame.
    """

    story: StoryStates  # what the mapper reads of the words so far
    images: torch.Tensor
    targets: torch.Tensor
    points: torch.Tensor
    worded: torch.Tensor
    words: torch.Tensor


class TranslationBatch(TypedDict):
    """B frames of tellings, and what the condition of each frame should be and say."""

    story: StoryStates  # what the mapper reads of the words so far
    images: torch.Tensor  # (B, R, E): last states of the image tokens
    targets: torch.Tensor  # (B, L, D)
    points: torch.Tensor  # (B, L): 1 + the place in the cast of the person at a token, 0: nobody
    worded: torch.Tensor  # (B, L) bool: True for words of the caption, False for the padding after them
    words: torch.Tensor  # (B, L): the number of each word that the story tells, else UNTOLD


class Translations:
    """Maps a step to frames of cached tellings.

    lexicon: the words that tell each deed, for a mapper that is told the deeds.
    """

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
        # For each frame number: the cumulative sum of the weights of the tellings' frames.
        self._ends = [
            np.cumsum([_weight(one.telling.frames[number].shows) for one in read]) for number in frames
        ]

    def __call__(self, step: int, rows: range) -> TranslationBatch:
        """Returns a batch.

        All its frames have the same number in their stories, so that they are about equally long.
        """
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
        """Returns the cast of an example with each person's portrait: the story's people, then a few strangers.

        The seven people of Maple Lane wear any of their outfits. Other people wear what their look says.
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
        """Returns frame `number` of a telling, with those people of this cast that its words allow."""
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
    """What the words of a frame say by themselves. The pipeline tells this to a mapper.

    allowed: the people that the mapper may point at; None if the words leave this open, or say less than is shown
    shown: the people that the words say are there
    deeds: the number of each person's deed, by name
    """

    allowed: frozenset[str] | None
    shown: frozenset[str]
    deeds: Mapping[str, int]


@dataclass(frozen=True)
class _Named:
    """A person as the reading of the words needs them."""

    name: str
    pronoun: str
    aliases: tuple[str, ...] = ()


def _weight(shows: Shows) -> float:
    actions = [person.action for person in shows.people]
    return frame_weight(len(actions), len(set(actions)))


def collated(examples: Sequence[Translation]) -> TranslationBatch:
    """Returns the examples as one batch, padded to the longest."""
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
    """Returns conditions (B, L, D), and how far their tokens point at each person of the cast (B, L, K).

    ValueError for a mapper without `people`, because it points at nobody.
    """
    condition, pointed = mapper.read(images, embeddings, story)
    if pointed is None:
        raise ValueError("this mapper points at nobody; give its size some people")
    return condition, pointed


class TranslationTraining(Objective[TranslationBatch]):
    """L_align on canonical targets, with more weight for words and names, plus two cross-entropies.

    The first cross-entropy is for the person that each token points at. The second is for the words of the canonical
    caption, which a linear head reads from the condition: without it, the mean of two actions would be near to both and
    would say neither. The head is thrown away after training.

    embeddings: (R, E), those of the image tokens
    vocabulary: the size of the conditioner tokenizer's vocabulary
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
        # a batch may show nobody at all, and the mean error of no tokens would be NaN
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
