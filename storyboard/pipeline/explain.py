"""Why this picture: whom a pronoun was taken to stand for, and where the picture looked at each character.

Who "she" is: the condition the language model produced is compared with the fused conditions of the sentence with
each candidate's name in the pronoun's place, among those the words allow. Where she is: cross-attention at the columns
of the names (Fig. 4 of the paper). Looks on only: no condition and no picture depends on anything here. Knows no story
and no session.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from PIL import Image

from storyboard.models.attention import finest_layers, mean_maps, record_cross_attention
from storyboard.renderer import CastMember, ContextFrame
from storyboard.text.candidates import Names, read_for
from storyboard.text.captions import Binding, Reading, ReadSentence, find_pronouns, resolve
from storyboard.text.preferences import SUREST, readings_together
from storyboard.text.preferences import Reading as WordReading

# Softmax temperature, in parts of the distance to the nearest candidate: what even that one leaves unexplained is the
# noise the comparison is made in, so the scale fits every width and sharpens as a language model is aligned better.
# 0.05 is between what fits Maple Lane best (least negative log-likelihood) with a perfect condition, the fused one
# of the caption with names, 0.02, and with that of weights trained for a short while, 0.1.
TEMPERATURE = 0.05
# Part of the UNet calls worth recording: before it the layout is not settled, after it little changes any more.
RECORDED_FROM, RECORDED_TO = 0.4, 0.8
POINTED = 0.5  # share from which a token of a condition is somebody's
RECORD_EVERY = 2  # neighbouring calls see almost the same picture


def read_pronouns(
    sentence: str,
    condition: torch.Tensor,
    cast: Sequence[CastMember],
    history: Sequence[ContextFrame],
    fuse: Callable[[Sequence[str]], torch.Tensor],
) -> tuple[tuple[Reading, ...], str]:
    """Returns each pronoun's likeliest reading under `condition` (1, L, D), and the sentence with those names in place.

    fuse: sentences -> their fused conditions (N, L, D), with the portraits of `cast`. Pronouns without a candidate
    have no reading. All pronouns are read together; a confidence is the share of all readings that agree on that one,
    times SUREST: that nobody else fits does not make it certain.
    """
    read, together = _together(sentence, cast, history)
    places = [i for i, one in enumerate(read.pronouns) if any(some.meant.get(one.start) for some in together)]
    if not places:
        return (), sentence
    starts = [read.pronouns[i].start for i in places]
    choices = list(dict.fromkeys(tuple(one.meant.get(start, ()) for start in starts) for one in together))
    sentences = [_put(sentence, places, choice, cast) for choice in choices]
    shares = _shares(condition, sentences, fuse)
    best = max(range(len(choices)), key=shares.__getitem__)
    found = []
    for place, index in enumerate(places):
        one, meant = read.pronouns[index], choices[best][place]
        if meant:
            agreeing = zip(choices, shares, strict=True)
            sure = math.fsum(share for choice, share in agreeing if choice[place] == meant)
            found.append(Reading(one.word, one.start, one.end, meant, SUREST * min(sure, 1.0), "model"))
    return tuple(found), sentences[best]


def pointed_at(pointed: torch.Tensor, names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Returns by name the tokens of a condition that point at each of the cast: `pointed` is (L, K), names of it."""
    share, place = pointed.max(-1)
    columns: dict[str, list[int]] = {name: [] for name in names}
    for column in torch.nonzero(share > POINTED).flatten().tolist():
        columns[names[int(place[column])]].append(column)
    return {name: tuple(some) for name, some in columns.items()}


def read_pointed(
    sentence: str,
    people: Mapping[str, Sequence[int]],
    cast: Sequence[CastMember],
    history: Sequence[ContextFrame],
) -> tuple[Reading, ...]:
    """Returns the reading of each pronoun where the mapper points.

    It is of candidates of whom all are drawn, as many as there can be.
    A pronoun of whose candidates none is drawn has no reading. Between candidates of whom as many are drawn the
    condition does not tell; there the words do, and a confidence is what they say. `people` are `pointed_at`'s columns.
    """
    read, together = _together(sentence, cast, history)
    drawn = {name for name, columns in people.items() if columns}

    def shown(meant: Mapping[int, Names]) -> tuple[int, int]:
        """Returns how many people the readings that are drawn mean, and how many pronouns have such a reading."""
        found = [names for names in meant.values() if names and drawn.issuperset(names)]
        return sum(map(len, found)), len(found)

    most = max(shown(one.meant) for one in together)
    fitting = [one for one in together if shown(one.meant) == most]
    best, total = fitting[0], math.fsum(one.weight for one in fitting)
    readings = []
    for one in read.pronouns:
        names = best.meant.get(one.start, ())
        if names and drawn.issuperset(names):
            agreeing = math.fsum(some.weight for some in fitting if some.meant.get(one.start) == names)
            readings.append(
                Reading(one.word, one.start, one.end, names, SUREST * min(agreeing / total, 1.0), "model")
            )
    return tuple(readings)


def _together(
    sentence: str, cast: Sequence[CastMember], history: Sequence[ContextFrame]
) -> tuple[ReadSentence, list[WordReading]]:
    """The sentence, and the ways to read its pronouns that its words allow (`preferences.py`)."""
    read, earlier = read_for(cast, sentence, (frame.caption for frame in history))
    return read, readings_together(read, cast, earlier)


def distances(condition: torch.Tensor, fused: torch.Tensor) -> torch.Tensor:
    """Returns the distance (N,) of a condition (1, L, D) from others (N, L, D).

    It is the mean over tokens that L_align makes small.
    """
    return (condition.float() - fused.float()).norm(dim=-1).mean(dim=-1)


class AttentionWatch:
    """Records where the picture looks at each character, in the UNet calls in which that says most.

    columns: by name, the text columns of a character's mentions. after: calls up to this index are never recorded,
    as they read another condition. Give `around_call` to `denoise`, then ask for `maps`. Recorded calls are made with
    `unet` itself, whatever makes the others.
    """

    def __init__(self, unet: Any, columns: Mapping[str, Sequence[int]], after: int = -1):
        self.unet = unet
        self.layers = finest_layers(unet)
        self.columns = {name: list(some) for name, some in columns.items() if some}
        self.after = after
        self._maps: list[tuple[str, torch.Tensor]] = []

    def around_call(self, index: int, total: int) -> AbstractContextManager[Any]:
        """The context of one UNet call: recording, which gives `unet`, or nothing."""
        if not self.columns or index not in recorded_calls(total, self.after):
            return nullcontext()
        flat = [column for columns in self.columns.values() for column in columns]
        return self._recording(flat)

    def maps(self, size: tuple[int, int]) -> tuple[tuple[str, Image.Image], ...]:
        """Returns one "L" image of (h, w) `size` per character, with its name.

        It goes from 0 where the character is looked at least to 255 where most.
        """
        if not self._maps:
            return ()
        mean = mean_maps(self._maps, size)[0]  # (K, h, w)
        pictures, start = [], 0
        for name, columns in self.columns.items():
            pictures.append((name, _to_grey(mean[start : start + len(columns)].mean(0))))
            start += len(columns)
        return tuple(pictures)

    @contextmanager
    def _recording(self, columns: list[int]) -> Iterator[Any]:
        # The last sample is the one with the condition, whether or not guidance puts the null one before it.
        with record_cross_attention(self.unet, [columns], self.layers, slice(-1, None)) as record:
            yield self.unet
        self._maps += record.maps


def recorded_calls(total: int, after: int = -1) -> range:
    """Returns which of `total` UNet calls are recorded: every second in the middle, past call `after`; at least one.

    Maple Lane's pictures, noised to each level, say why: the share a map has in common with the character's mask
    grows to 0.31 by two fifths of the way and stays there, and every second call gives as much as all.
    """
    first = max(after + 1, int(total * RECORDED_FROM))
    last = max(int(total * RECORDED_TO), first + 1)
    return range(min(first, total - 1), min(last, total), RECORD_EVERY)


def _put(sentence: str, places: Sequence[int], choice: Sequence[Names], cast: Sequence[CastMember]) -> str:
    pronouns = find_pronouns(sentence)
    bindings = [Binding(pronouns[i].word, i, names) for i, names in zip(places, choice, strict=True)]
    return resolve(sentence, bindings, {member.name: member.aliases for member in cast})


def _shares(
    condition: torch.Tensor, sentences: Sequence[str], fuse: Callable[[Sequence[str]], torch.Tensor]
) -> list[float]:
    """Softmax over the negative distances of the sentences; one alone has it all, and costs nothing."""
    if len(sentences) == 1:
        return [1.0]
    far = distances(condition, fuse(sentences)).double()
    temperature = (TEMPERATURE * far.min()).clamp(min=1e-9)
    return ((far.min() - far) / temperature).softmax(dim=0).tolist()


def _to_grey(attention: torch.Tensor) -> Image.Image:
    """(h, w) -> "L", stretched from its least to its greatest value."""
    low, high = attention.min(), attention.max()
    scaled = (attention - low) / (high - low).clamp(min=1e-12) * 255
    return Image.fromarray(scaled.round().to(torch.uint8).cpu().numpy())
