"""Why this picture: how each pronoun was read, and where the picture attended to each character.

Pronouns: the condition that the language model produced is compared with fused conditions of the sentence, with the
name of each candidate in the pronoun's place. Candidates are those that the words allow. Places: cross-attention at the
columns of the names (paper, Fig. 4). No condition and no picture depends on anything here. Knows no story and no
session.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import Any

import torch
from PIL import Image

from storyboard.models.attention import finest_layers, mean_maps, record_cross_attention
from storyboard.renderer import CastMember, ContextFrame
from storyboard.text.candidates import Names, read_for
from storyboard.text.captions import Binding, Reading, ReadSentence, find_pronouns, resolve
from storyboard.text.preferences import SUREST, readings_together
from storyboard.text.preferences import Reading as WordReading

# Softmax temperature, as a part of the distance to the nearest candidate. Even the nearest candidate leaves that much
# unexplained, so it measures the noise of the comparison. It fits every width, and gets sharper as the language model
# is aligned better. On Maple Lane the best temperature (least negative log-likelihood) is 0.02 for a perfect condition,
# which is the fused one of the caption with names, and 0.1 for weights that were trained for a short while.
TEMPERATURE = 0.05
# The part of the UNet calls that is recorded: before it the layout is not settled, after it little changes.
RECORDED_FROM, RECORDED_TO = 0.4, 0.8
POINTED = 0.5  # a token of a condition belongs to somebody if its share for them is higher
RECORD_EVERY = 2  # every second call is enough, because neighbouring calls see almost the same picture


def read_pronouns(
    sentence: str,
    condition: torch.Tensor,
    cast: Sequence[CastMember],
    history: Sequence[ContextFrame],
    fuse: Callable[[Sequence[str]], torch.Tensor],
) -> tuple[tuple[Reading, ...], str]:
    """Returns each pronoun's likeliest reading under `condition` (1, L, D), and the sentence with those names in place.

    fuse: gives the fused conditions (N, L, D) of N sentences, with the portraits of `cast`. Pronouns without a
    candidate get no reading. All pronouns are read together. The confidence of a reading is the share of all
    combinations that agree on it, times SUREST, because being the only candidate does not make a reading certain.
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
    """Returns, by name, the tokens of a condition that point at each cast member. pointed: (L, K), for K `names`."""
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
    """Returns the readings of the pronouns, for a mapper that points. `people` are the columns of `pointed_at`.

    A pronoun is read as candidates that are all drawn. Of all combinations, those count that show the most people. A
    pronoun none of whose candidates is drawn gets no reading. If combinations show equally many people, the condition
    cannot decide; then the words decide, and the confidence is what the words say.
    """
    read, together = _together(sentence, cast, history)
    drawn = {name for name, columns in people.items() if columns}

    def shown(meant: Mapping[int, Names]) -> tuple[int, int]:
        """Returns how many people the drawn readings mean, and how many pronouns have a drawn reading."""
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
    """Returns the sentence, and the combined readings of its pronouns that its words allow (`preferences.py`)."""
    read, earlier = read_for(cast, sentence, (frame.caption for frame in history))
    return read, readings_together(read, cast, earlier)


def distances(condition: torch.Tensor, fused: torch.Tensor) -> torch.Tensor:
    """Returns the distance (N,) of a condition (1, L, D) from N others (N, L, D).

    It is the mean over tokens that L_align minimises.
    """
    return (condition.float() - fused.float()).norm(dim=-1).mean(dim=-1)


class AttentionWatch:
    """Records where the picture attends to each character, during the UNet calls that show it best.

    columns: for each name, the text columns of the character's mentions. after: calls up to this index are never
    recorded, because they read another condition. Give `around_call` to `denoise`, then ask for `maps`. Recorded calls
    always use `unet` itself, even if another engine makes the other calls.
    """

    def __init__(self, unet: Any, columns: Mapping[str, Sequence[int]], after: int = -1):
        self.unet = unet
        self.columns = {name: list(some) for name, some in columns.items() if some}
        self.after = after
        self._maps: list[tuple[str, torch.Tensor]] = []

    def around_call(self, index: int, total: int) -> AbstractContextManager[Any]:
        """The context for one UNet call. It records the call and gives `unet`, or it does nothing."""
        if not self.columns or index not in recorded_calls(total, self.after):
            return nullcontext()
        flat = [column for columns in self.columns.values() for column in columns]
        return self._recording(flat)

    def maps(self, size: tuple[int, int]) -> tuple[tuple[str, Image.Image], ...]:
        """Returns, for each character, its name and an "L" image of (h, w) `size`.

        Values go from 0, where the picture attends to the character least, to 255, where it does most.
        """
        if not self._maps:
            return ()
        mean = mean_maps(self._maps, size)[0]  # (K, h, w)
        pictures, start = [], 0
        for name, columns in self.columns.items():
            pictures.append((name, _to_grey(mean[start : start + len(columns)].mean(0))))
            start += len(columns)
        return tuple(pictures)

    @cached_property
    def _layers(self) -> list[str]:
        # Looked for at the first recorded call: not every drawing gets so far, and it delays the first call.
        return finest_layers(self.unet)

    @contextmanager
    def _recording(self, columns: list[int]) -> Iterator[Any]:
        # The last sample has the condition, whether or not guidance puts the null condition before it.
        with record_cross_attention(self.unet, [columns], self._layers, slice(-1, None)) as record:
            yield self.unet
        self._maps += record.maps


def recorded_calls(total: int, after: int = -1) -> range:
    """Returns which of `total` UNet calls are recorded.

    Those are every second call in the middle, after call `after`, and at least one. Measured on Maple Lane's pictures,
    noised to each level: the share of a map that lies in the character's mask grows to 0.31 by two fifths of the way
    and then stays. Recording every second call gives as much as recording all.
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
    """Returns a softmax over the negative distances of the sentences. A single sentence gets 1.0 at no cost."""
    if len(sentences) == 1:
        return [1.0]
    far = distances(condition, fuse(sentences)).double()
    temperature = (TEMPERATURE * far.min()).clamp(min=1e-9)
    return ((far.min() - far) / temperature).softmax(dim=0).tolist()


def _to_grey(attention: torch.Tensor) -> Image.Image:
    """Returns attention (h, w) as an "L" image, stretched so that its smallest value is 0 and its largest is 255."""
    low, high = attention.min(), attention.max()
    scaled = (attention - low) / (high - low).clamp(min=1e-12) * 255
    return Image.fromarray(scaled.round().to(torch.uint8).cpu().numpy())
