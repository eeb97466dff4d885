"""Decides who is who in a picture: compares the judge's detections with the people who should be there.

Imports no torch. Knows no pictures, only what the judge says of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from storyboard.models.judge.vocabulary import SETS, SOMEBODY_ELSE, Vocabulary

# The parts of a look that are compared with the portrait.
PARTS = ("hair", "hair_colour", "skin", "top", "top_colour", "bottom", "bottom_colour", "extras")
# The heads that tell people apart.
TELLING = ("kind", "headwear", *(part for part in PARTS if part not in SETS))
# A detection is taken for a person from this likeness on, in nats per label. On real frames of people whom the judge
# has never met, 99.8 of 100 people are accepted as themselves, and 4.1 of 100 as somebody else.
SAME = 0.4
RAREST = 1e-3  # no probability counts as less, so that no single label decides


class Detection(Protocol):
    """A person whom the judge found.

    said: for each head, the probabilities of its labels.
    traits: (C,), features of the look.
    """

    @property
    def sure(self) -> float: ...

    @property
    def said(self) -> Mapping[str, np.ndarray]: ...

    @property
    def traits(self) -> np.ndarray: ...


@dataclass(frozen=True)
class Wanted:
    """A person who should be in a frame. labels: the person's label for each head, from `labels_of`."""

    name: str
    labels: Mapping[str, str | tuple[str, ...]]


def owner_of(person: Detection, wanted: Sequence[Wanted], vocabulary: Vocabulary) -> int | None:
    """Returns the index of the wanted person whom a detection shows, or None if it shows none of them.

    If the judge recognises one of the wanted people by name, that decides. Otherwise, looks decide among the wanted
    people whom it does not know by name: the detection shows the one with the highest `likeness`, if that is at least
    SAME.
    """
    names = {one.labels["identity"]: number for number, one in enumerate(wanted)}
    others = [number for number, one in enumerate(wanted) if one.labels["identity"] == SOMEBODY_ELSE]
    who = seen_label(person, "identity", vocabulary)
    if who != SOMEBODY_ELSE and (who in names or not others):
        return names.get(who)
    alike = {number: likeness(person, wanted[number], vocabulary) for number in others}
    best = max(alike, key=alike.__getitem__, default=None)
    return best if best is not None and alike[best] >= SAME else None


def likeness(person: Detection, wanted: Wanted, vocabulary: Vocabulary) -> float:
    """Returns how much likelier a person's labels are than a guess. Only the heads count that tell people apart.

    It is the mean over the heads of log(p n), in nats, for a label of probability p among n labels. A mean of the
    probabilities themselves would demand more of a head with many labels than of one with few.
    """
    ratios = []
    for head in TELLING:
        if head in wanted.labels:
            names = vocabulary.labels(head)
            probability = float(person.said[head][names.index(str(wanted.labels[head]))])
            ratios.append(np.log(max(probability, RAREST) * len(names)))
    return float(np.mean(ratios))


def seen_label(person: Detection, head: str, vocabulary: Vocabulary) -> str | tuple[str, ...]:
    """Returns the likeliest label of a head.

    For marks and extras, returns all labels with a probability above one half.
    """
    names = vocabulary.labels(head)
    if head in SETS:
        return tuple(name for name, chance in zip(names, person.said[head], strict=True) if chance > 0.5)
    return names[int(person.said[head].argmax())]
