"""95 % intervals of scores that are not a ratio of sums: the FID, BLEU, CIDEr, medians.

Stories are sampled with replacement, and the score is computed again from their frames. Uses only numpy.
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
    """Returns `statistic` of all rows, and its interval when stories are sampled again.

    statistic: a function of row numbers; there may be any number of them, with repeats
    stories: (F,) any labels; rows with the same label are sampled together
    centred: removes what all samples have in common; they repeat stories, and this alone moves a FID up
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
