"""How well people are drawn whom the model has never met: alone, with the look of the portrait, and not mixed up.

Works on what the judge finds in pictures. Uses no pictures and no pipelines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from storyboard.models.judge.matching import Detection, likeness
from storyboard.models.judge.vocabulary import Vocabulary
from training.evaluate.metrics import Ratio, bootstrap
from training.evaluate.people_scores import Staged

FIVE = (
    "hair",
    "hair_colour",
    "skin",
    "top_colour",
    "bottom_colour",
)  # the parts by which a reader recognises a person
GARMENTS = ("top", "bottom")  # their cut is harder to see than their colours


@dataclass(frozen=True)
class GuestFrame:
    """One frame of a guest story as the judge sees it.

    number: counted from 1
    named: whether the caption says the name
    """

    story: str
    number: int
    named: bool
    stage: Staged


def guest_scores(
    frames: Sequence[GuestFrame], vocabulary: Vocabulary, numbers: Sequence[int]
) -> dict[str, dict]:
    """Returns every score with its 95 % interval over stories and its count, as JSON.

    Looks are read from frames of one person, whoever the judge takes that person to be. If the judge finds several
    people, the surest detection counts.

    numbers: the frame numbers of a story that get their own scores.
    """
    found = {}
    alone = [frame for frame in frames if len(frame.stage.wanted) == 1]
    both = [frame for frame in frames if len(frame.stage.wanted) == 2]
    found["Alone"] = _share(alone, [len(frame.stage.people) == 1 for frame in alone])
    found["Both, each once"] = _share(both, [len(frame.stage.people) == 2 for frame in both])
    found["Both, not mixed up"] = _share(both, [_not_mixed_up(frame.stage, vocabulary) for frame in both])
    for number in numbers:
        here = [frame for frame in alone if frame.number == number]
        for kind, some in _by_naming(here).items():
            found[f"All five, frame {number}{kind}"] = _share(
                some, [_right(f, FIVE, vocabulary) for f in some]
            )
    for part in (*FIVE, *GARMENTS):
        found[f"Look, {part.replace('_', ' ')}"] = _share(
            alone, [_right(f, (part,), vocabulary) for f in alone]
        )
    return {name: score for name, score in found.items() if score["of"]}


def _by_naming(frames: Sequence[GuestFrame]) -> dict[str, list[GuestFrame]]:
    """All frames, the frames whose captions say the name, and the others.

    If one of these groups is empty, only all frames.
    """
    named, unnamed = ([one for one in frames if one.named == said] for said in (True, False))
    kinds = {", named": named, ", unnamed": unnamed} if named and unnamed else {}
    return {"": list(frames), **kinds}


def _share(frames: Sequence[GuestFrame], right: Sequence[bool]) -> dict:
    ratio = Ratio(np.array(right, dtype=int), np.ones(len(frames), dtype=int))
    return asdict(bootstrap(ratio, np.array([frame.story for frame in frames])))


def _right(frame: GuestFrame, parts: Sequence[str], vocabulary: Vocabulary) -> bool:
    """Whether the one person of a frame looks right in all of these parts."""
    person = max(frame.stage.people, key=lambda one: one.sure, default=None)
    return person is not None and _parts_seen(person, frame.stage.wanted[0].labels, parts, vocabulary) == len(
        parts
    )


def _parts_seen(person: Detection, labels: Mapping, parts: Sequence[str], vocabulary: Vocabulary) -> int:
    return sum(_likeliest(person.said[part], vocabulary.labels(part).index(labels[part])) for part in parts)


def _likeliest(probabilities: np.ndarray, label: int) -> bool:
    """Whether no label is likelier. Labels that look the same in a picture may be equally likely."""
    return bool(probabilities[label] >= probabilities.max() - 1e-6)


def _not_mixed_up(frame: Staged, vocabulary: Vocabulary) -> bool:
    """Whether two people are there, and each is more like the right person than like the other.

    Only those of the five parts count in which the two differ. Each person must have more of their own than of the
    other's parts.
    """
    if len(frame.people) != 2:
        return False
    mine, other = (one.labels for one in frame.wanted)
    parts = [part for part in FIVE if mine[part] != other[part]]
    first, second = frame.people
    straight = likeness(first, frame.wanted[0], vocabulary) + likeness(second, frame.wanted[1], vocabulary)
    crossed = likeness(first, frame.wanted[1], vocabulary) + likeness(second, frame.wanted[0], vocabulary)
    if crossed > straight:
        first, second = second, first
    own = [_parts_seen(first, mine, parts, vocabulary), _parts_seen(second, other, parts, vocabulary)]
    lent = [_parts_seen(first, other, parts, vocabulary), _parts_seen(second, mine, parts, vocabulary)]
    return all(kept > taken for kept, taken in zip(own, lent, strict=True))
