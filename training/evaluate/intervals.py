"""95 % intervals of scores that are no ratio of sums: the FID, BLEU, CIDEr, medians.

Stories are drawn with replacement and the score computed again of their frames. Knows numpy only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

RESAMPLES = 200


@dataclass(frozen=True)
class Estimate:
    """A score with its 95 % interval, over `of` frames."""

    value: float
    low: float
    high: float
    of: int


def estimate(
    statistic: Callable[[np.ndarray], float],
    stories: np.ndarray,
    resamples: int = RESAMPLES,
    centred: bool = False,
    seed: int = 0,
) -> Estimate:
    """Returns `statistic` of all rows, and how far it goes when stories are drawn anew.

    statistic: of row numbers (any many, repeats allowed). stories: (F,) any labels; rows of one are drawn together.
    centred: take off what all drawn sets have in common; they repeat stories, which by itself moves a FID up.
    """
    names, story = np.unique(stories, return_inverse=True)
    rows_of = [np.flatnonzero(story == number) for number in range(len(names))]
    value = float(statistic(np.arange(len(stories))))
    rng = np.random.default_rng(seed)
    drawn = [
        statistic(np.concatenate([rows_of[pick] for pick in rng.integers(len(names), size=len(names))]))
        for _ in range(resamples)
    ]
    low, high = np.percentile(drawn, [2.5, 97.5]) + (value - np.mean(drawn) if centred else 0.0)
    return Estimate(value, float(low), float(high), len(stories))
