"""Who is on stage, how often, with what look and doing what: the scores that come from the judge's detections.

If the field's benchmark measures the same, the score has its name and formula: OCCM, CIDS and copy-paste of
ViStoryBench (arXiv 2505.24862). Each docstring says where our score differs. Uses what was found in pictures, but not
the pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

import numpy as np

from storyboard.models.judge.matching import PARTS, Detection, Wanted, owner_of, seen_label
from storyboard.models.judge.vocabulary import Vocabulary
from training.evaluate.intervals import estimate
from training.evaluate.judge.vocabulary import labels_of
from training.evaluate.metrics import Ratio, bootstrap
from training.maple_lane import Actor, Scene

EPSILON = 1e-6  # ViStoryBench's constant, for frames without people


class SeenPicture(Protocol):
    """What was found in a picture, and the probability (places,) of each place."""

    @property
    def people(self) -> tuple[Detection, ...]: ...

    @property
    def places(self) -> np.ndarray: ...


@dataclass(frozen=True)
class Staged:
    """One frame: who should be there, and who each detection is.

    owners: for each detection, the number of its person in `wanted`; None for a person who should not be there
    place: where the frame should be
    places: where it is seen to be; perhaps no place or two places
    """

    wanted: tuple[Wanted, ...]
    people: tuple[Detection, ...]
    owners: tuple[int | None, ...]
    place: str
    places: tuple[str, ...]

    @property
    def counts(self) -> list[int]:
        """How many times each wanted person is there."""
        return [self.owners.count(number) for number in range(len(self.wanted))]

    @property
    def extras(self) -> int:
        """How many people are there who should not be."""
        return self.owners.count(None)

    @property
    def right_people(self) -> bool:
        """Whether everybody is there and nobody else, however often each is shown."""
        return min(self.counts, default=1) > 0 and self.extras == 0

    @property
    def each_once(self) -> bool:
        """Whether the right people are there, each exactly once."""
        return self.extras == 0 and all(count == 1 for count in self.counts)

    def shown(self, number: int) -> Detection | None:
        """Returns the detection of a wanted person. If there are several, it is the surest; None if there is none."""
        mine = [one for one, owner in zip(self.people, self.owners, strict=True) if owner == number]
        return max(mine, key=lambda one: one.sure, default=None)


def wanted_of(actors: Sequence[Actor], unasked: Container[str] = ()) -> tuple[Wanted, ...]:
    """Returns the people of a scene, each once, as they should be seen.

    For people of `unasked`, any action is right.
    """
    found = []
    for name, actor in {actor.name: actor for actor in actors}.items():
        labels = labels_of(actor)
        if name in unasked:
            del labels["action"]
        found.append(Wanted(name, labels))
    return tuple(found)


def staged(scene: Scene, seen: SeenPicture, vocabulary: Vocabulary, unasked: Container[str] = ()) -> Staged:
    """Returns the frame for a picture that should show `scene`, with the person of each detection."""
    wanted = wanted_of(scene.actors, unasked)
    places = tuple(name for name, chance in zip(vocabulary.places, seen.places, strict=True) if chance > 0.5)
    owners = tuple(owner_of(person, wanted, vocabulary) for person in seen.people)
    return Staged(wanted, seen.people, owners, scene.place, places)


def right_people(frames: Sequence[Staged]) -> Ratio:
    """Returns the paper's Char-Acc as the judge sees it: whether the set of people is right.

    Like the paper's score, it does not notice doubles.
    """
    return _by_frame([frame.right_people for frame in frames])


def each_once(frames: Sequence[Staged]) -> Ratio:
    """Returns the ratio of frames with the right people, each exactly once, over all frames."""
    return _by_frame([frame.each_once for frame in frames])


def doubles(frames: Sequence[Staged]) -> Ratio:
    """Returns the ratio of frames that show a wanted person more than once, over all frames."""
    return _by_frame([max(frame.counts, default=0) > 1 for frame in frames])


def right_place(frames: Sequence[Staged]) -> Ratio:
    """Returns the paper's BG-Acc as the judge sees it."""
    return _by_frame([frame.places == (frame.place,) for frame in frames])


def _by_frame(right: Sequence[bool]) -> Ratio:
    return Ratio(np.array(right, dtype=int), np.ones(len(right), dtype=int))


def occm(frames: Sequence[Staged]) -> np.ndarray:
    """Returns ViStoryBench's on-stage character count matching, (F,) in per cent: 100 exp(-|D - E| / (epsilon + E)).

    E people should be there, and D people are there. D is the number of all people that the judge finds, as the paper
    says. The released code counts only the expected people that it can match. So there a person too many, or a person
    shown twice, costs nothing.
    """
    detected = np.array([len(frame.people) for frame in frames], float)
    expected = np.array([len(frame.wanted) for frame in frames], float)
    return 100 * np.exp(-np.abs(detected - expected) / (EPSILON + expected))


def action_ratios(frames: Sequence[Staged], vocabulary: Vocabulary) -> dict[str, Ratio]:
    """Returns the ratios of people who do what they should, over all people who should be there.

    The ratios are separate for people alone, people who all do the same, and people who do different things.
    ViStoryBench's single-character action alignment asks the same for each matched person, but a language model grades
    it. Here an action is right or wrong, and a missing person does nothing right. If a person is there twice, the surer
    detection counts.
    """
    kinds = ("Action, alone", "Action, same", "Action, different")
    above, below = (np.zeros((len(kinds), len(frames)), int) for _ in range(2))
    for row, frame in enumerate(frames):
        deeds = [one.labels.get("action") for one in frame.wanted]
        kind = 0 if len(deeds) == 1 else 1 if len(set(deeds) - {None}) == 1 else 2
        for number, deed in enumerate(deeds):
            if deed is not None:
                below[kind, row] += 1
                above[kind, row] += _says(frame.shown(number), "action", deed, vocabulary)
    return {name: Ratio(a, b) for name, a, b in zip(kinds, above, below, strict=True)}


def look_ratios(frames: Sequence[Staged], vocabulary: Vocabulary) -> dict[str, Ratio]:
    """Returns for each part the ratio of people whose part looks as in the portrait.

    It is over all people who should be there and have such a part. A missing person has nothing right.
    """
    found = {}
    for part in PARTS:
        above, below = (np.zeros(len(frames), int) for _ in range(2))
        for row, frame in enumerate(frames):
            for number, one in enumerate(frame.wanted):
                if part in one.labels:
                    below[row] += 1
                    above[row] += _says(frame.shown(number), part, one.labels[part], vocabulary)
        found[f"Look, {part.replace('_', ' ')}"] = Ratio(above, below)
    return found


def _says(person: Detection | None, head: str, label: object, vocabulary: Vocabulary) -> bool:
    return person is not None and seen_label(person, head, vocabulary) == label


def cids_cross(frames: Sequence[Staged], stories: np.ndarray, portraits: Mapping) -> dict[tuple, float]:
    """Returns ViStoryBench's CIDS against the reference, by (story, name).

    It is the mean cosine between a person's drawings and the portrait. The features are the judge's, not those of CLIP
    or a face network, so values can be compared only within these tables. A person who is never there has 0, as in the
    released code.

    portraits: maps (story, name) to traits (C,).
    """
    drawn = _drawn_traits(frames, stories)
    return {
        key: float(np.mean([_cosine(one, portraits[key]) for one in some])) if some else 0.0
        for key, some in drawn.items()
    }


def cids_self(frames: Sequence[Staged], stories: np.ndarray) -> dict[tuple, float]:
    """Returns ViStoryBench's CIDS within a story, by (story, name): the mean cosine of every two drawings of a person.

    It is 1 for a person who is there once, and 0 for a person who is never there, as in the released code.
    """
    found = {}
    for key, some in _drawn_traits(frames, stories).items():
        pairs = [_cosine(a, b) for number, a in enumerate(some) for b in some[:number]]
        found[key] = float(np.mean(pairs)) if pairs else float(bool(some))
    return found


def copy_paste(
    frames: Sequence[Staged], stories: np.ndarray, portraits: Mapping, views: Mapping
) -> dict[tuple, float]:
    """Returns ViStoryBench's copy-paste score by (story, name), 0..1.

    The question is whether the drawings of a person copy the portrait that was given. The score is the mean of (1 +
    (d(g, t) - d(g, r)) / d(t, r)) / 2 over drawings g and other views t. r is the portrait, and d(a, b) = sqrt(2 - 2
    cos(a, b)). 1: every drawing is the portrait. 0: every drawing is another view. 1/2: the drawings are equally near
    to both, or portrait and view are almost the same.

    Their code (`cids_evaluator.py`) has the same formula, with a character's first reference as t and the other
    references as r. Which reference was given depends on the method there; here it is always r. The features are the
    judge's. A person who is never there copies nothing and has no score.

    portraits: maps (story, name) to traits (C,)
    views: maps (story, name) to traits of the same person in other poses
    """
    found = {}
    for key, drawn in _drawn_traits(frames, stories).items():
        rates = [_copied(one, portraits[key], view) for one in drawn for view in views.get(key, ())]
        if rates:
            found[key] = float(np.mean(rates))
    return found


def _copied(drawn: np.ndarray, portrait: np.ndarray, view: np.ndarray) -> float:
    apart = _chord(view, portrait)
    if apart <= EPSILON:
        return 0.5
    return 0.5 * (1 + (_chord(drawn, view) - _chord(drawn, portrait)) / apart)


def _chord(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.sqrt(max(2 - 2 * _cosine(one, other), 0.0)))


def _drawn_traits(frames: Sequence[Staged], stories: np.ndarray) -> dict[tuple, list[np.ndarray]]:
    found: dict[tuple, list[np.ndarray]] = {}
    for frame, story in zip(frames, stories, strict=True):
        for number, one in enumerate(frame.wanted):
            mine = found.setdefault((story, one.name), [])
            shown = frame.shown(number)
            if shown is not None:
                mine.append(shown.traits)
    return found


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), EPSILON))


def people_scores(
    frames: Sequence[Staged],
    stories: np.ndarray,
    vocabulary: Vocabulary,
    portraits: Mapping | None = None,
    views: Mapping | None = None,
) -> dict[str, dict]:
    """Returns every score with its 95 % interval and count, as JSON.

    stories: (F,), which frames belong together
    portraits, views: as for `copy_paste`; without them there are no scores against portraits
    """
    ratios = {
        "Right people": right_people(frames),
        "Each once": each_once(frames),
        "Doubles": doubles(frames),
    }
    ratios["Right place"] = right_place(frames)
    ratios |= action_ratios(frames, vocabulary) | look_ratios(frames, vocabulary)
    told = {name: asdict(bootstrap(ratio, stories)) for name, ratio in ratios.items()}
    counted = occm(frames)
    told["OCCM"] = asdict(estimate(_mean(counted), stories))
    alike = {"CIDS, self": cids_self(frames, stories)}
    if portraits is not None:
        alike["CIDS, cross"] = cids_cross(frames, stories, portraits)
        alike["Copy-paste"] = copy_paste(frames, stories, portraits, views or {})
    for name, values in alike.items():
        if values:
            owners = np.array([story for story, _ in values])
            each = 100 * np.array(list(values.values()))
            told[name] = asdict(estimate(_mean(each), owners))
    return told


def _mean(values: np.ndarray) -> Callable[[np.ndarray], float]:
    """A function that gives the mean of some rows of `values` (F,)."""
    return lambda rows: float(values[rows].mean())
