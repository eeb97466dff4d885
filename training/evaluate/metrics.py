"""The scores as pure functions of label arrays: the paper's Char-Acc, Char-F1, BG-Acc and BG-F1, and our own scores.

Every score is a ratio of sums over frames, so one bootstrap serves all scores. Uses only numpy, no pictures and no
models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
ABSENT = -1  # the outfit or action of a character that is not in the frame


@dataclass(frozen=True)
class Labels:
    """What is in F frames, for K known characters: the truth, or what a classifier sees."""

    characters: np.ndarray  # (F, K) bool
    places: np.ndarray  # (F, places) bool; a classifier may see no place or two places
    outfits: np.ndarray  # (F, K) int, in the truth ABSENT for characters who are not there
    actions: np.ndarray  # (F, K) int

    def __len__(self) -> int:
        return len(self.characters)

    def __getitem__(self, rows: np.ndarray | slice) -> Labels:
        return Labels(self.characters[rows], self.places[rows], self.outfits[rows], self.actions[rows])


@dataclass(frozen=True)
class Ratio:
    """A score before the division: what each frame (F,) adds above and below the line."""

    above: np.ndarray
    below: np.ndarray


@dataclass(frozen=True)
class Score:
    """A score in per cent with a 95 % interval. It is `right` divided by `of`. None if there is nothing to count."""

    value: float | None
    low: float | None
    high: float | None
    right: int
    of: int


def char_accuracy(truth: np.ndarray, seen: np.ndarray) -> Ratio:
    """Returns the ratio of frames whose whole set (F, K) of labels is exactly right, over all frames.

    It also serves for places.
    """
    return Ratio((truth == seen).all(axis=1).astype(int), np.ones(len(truth), dtype=int))


def micro_f1(truth: np.ndarray, seen: np.ndarray) -> Ratio:
    """Returns 2 TP / (2 TP + FP + FN), over all frames and labels (F, K) together."""
    hits = 2 * (truth & seen).sum(axis=1)
    return Ratio(hits, hits + (truth ^ seen).sum(axis=1))


def attribute_accuracy(truth: np.ndarray, seen: np.ndarray, found: np.ndarray) -> Ratio:
    """Returns the ratio of characters whose outfit (or action) is right, over all characters who should be there.

    truth, seen: (F, K) ints; in the truth ABSENT for characters who are not there
    found: (F, K) bool, which characters are seen at all

    A character who is missing from the picture counts as wrong. So systems are compared over the same characters.
    """
    present = truth != ABSENT
    return Ratio((present & found & (truth == seen)).sum(axis=1), present.sum(axis=1))


def deeds_right(truth: Labels, seen: Labels) -> Ratio:
    """Returns the ratio of frames in which everybody with a known action is seen doing it.

    Only frames count in which people do different things. Unlike `attribute_accuracy`, this asks who does what: two
    people with exchanged actions are both wrong.
    """
    known = truth.actions != ABSENT
    right = (~known | (seen.characters & (truth.actions == seen.actions))).all(axis=1)
    least = np.where(known, truth.actions, np.iinfo(int).max).min(axis=1)
    differ = truth.actions.max(axis=1) > least  # ABSENT is less than every action
    return Ratio((right & differ).astype(int), differ.astype(int))


def ratios(truth: Labels, seen: Labels) -> dict[str, Ratio]:
    """Returns the ratio of every score, in the order of printing."""
    return {
        "Char-Acc": char_accuracy(truth.characters, seen.characters),
        "Char-F1": micro_f1(truth.characters, seen.characters),
        "BG-Acc": char_accuracy(truth.places, seen.places),
        "BG-F1": micro_f1(truth.places, seen.places),
        "Outfit-Acc": attribute_accuracy(truth.outfits, seen.outfits, seen.characters),
        "Action-Acc": attribute_accuracy(truth.actions, seen.actions, seen.characters),
    }


def bootstrap(ratio: Ratio, stories: np.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> Score:
    """Returns the score and its 95 % percentile interval over stories.

    stories: (F,) any labels. Frames of one story are sampled together, because they are not independent.
    """
    right, of = int(ratio.above.sum()), int(ratio.below.sum())
    if of == 0:
        return Score(None, None, None, right, of)
    names, story = np.unique(stories, return_inverse=True)
    above = np.bincount(story, ratio.above, len(names))
    below = np.bincount(story, ratio.below, len(names))
    picks = np.random.default_rng(seed).integers(len(names), size=(resamples, len(names)))
    sums = below[picks].sum(axis=1)
    counted = sums > 0
    values = above[picks].sum(axis=1)[counted] / sums[counted]
    low, high = np.percentile(values, [2.5, 97.5])
    return Score(100 * right / of, 100 * float(low), 100 * float(high), right, of)


def score(truth: Labels, seen: Labels, stories: np.ndarray) -> dict[str, Score]:
    """Returns every score with its interval. `stories` (F,) says which frames belong together."""
    return {name: bootstrap(ratio, stories) for name, ratio in ratios(truth, seen).items()}
