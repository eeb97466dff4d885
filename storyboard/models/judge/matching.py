"""Who is who in a picture: the judge's detections against the people who should be there.

Knows no torch and no pictures, only what the judge says of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from storyboard.models.judge.vocabulary import SETS, SOMEBODY_ELSE, Vocabulary

# The parts of a look that are compared with the portrait.
PARTS = ("hair", "hair_colour", "skin", "top", "top_colour", "bottom", "bottom_colour", "extras")
TELLING = (
    "kind",
    "headwear",
    *(part for part in PARTS if part not in SETS),
)  # by which people are told apart
SAME = 0.5  # mean probability of somebody's labels above which a detection is that person


class Detection(Protocol):
    """One person that was found: `said` are the probabilities of each head's labels, `traits` (C,) tell the looks."""

    @property
    def sure(self) -> float: ...

    @property
    def said(self) -> Mapping[str, np.ndarray]: ...

    @property
    def traits(self) -> np.ndarray: ...


@dataclass(frozen=True)
class Wanted:
    """Somebody who should be in a frame, with their labels by head as `labels_of` tells them."""

    name: str
    labels: Mapping[str, str | tuple[str, ...]]


def owner_of(person: Detection, wanted: Sequence[Wanted], vocabulary: Vocabulary) -> int | None:
    """Returns who of the wanted a detection is, None where it is none of them.

    Those of the seven by their identity. Anybody else by looks: the one whose labels are likeliest together, provided
    that they are right with a mean probability of SAME.
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
    """Returns the mean probability, 0..1, of the labels that people are told apart by."""
    known = [head for head in TELLING if head in wanted.labels]
    return float(np.mean([person.said[h][vocabulary.labels(h).index(str(wanted.labels[h]))] for h in known]))


def seen_label(person: Detection, head: str, vocabulary: Vocabulary) -> str | tuple[str, ...]:
    """Returns the likeliest label of a head; of marks and extras all that are likelier than not."""
    names = vocabulary.labels(head)
    if head in SETS:
        return tuple(name for name, chance in zip(names, person.said[head], strict=True) if chance > 0.5)
    return names[int(person.said[head].argmax())]
