"""People whom the words of a sentence surely show and a pointing mapper has left out: put into its condition.

Cross-attention does not ask where a token stands, so they take the last places that nobody has; in a condition that a
mapper learned from canonical captions these are padding. Knows conditions and tokens, not captions or portraits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch

from storyboard.pipeline.context import ReadCondition
from storyboard.pipeline.explain import POINTED


def left_out(pointed: torch.Tensor) -> set[int]:
    """Returns the places in the cast that no token of a condition points at. pointed: (L, K)."""
    share, place = pointed.max(-1)
    return set(range(pointed.shape[-1])) - set(place[share > POINTED].tolist())


def completed(found: ReadCondition, people: Mapping[int, torch.Tensor]) -> ReadCondition:
    """Returns a condition with these people too. people: by place in the cast the tokens (n, D) that show each.

    Whoever does not fit behind the tokens that point at somebody stays left out.
    """
    if found.pointed is None or not people:
        return found
    condition, pointed = found.condition.clone(), found.pointed.clone()
    taken = torch.nonzero(pointed[0].amax(-1) > POINTED).flatten()
    first = int(taken.max()) + 1 if len(taken) else 1  # the start token stays
    end = condition.shape[1]
    for place, tokens in people.items():
        start = end - len(tokens)
        if start < first:
            break
        condition[0, start:end] = tokens.to(condition)
        pointed[0, start:end] = 0
        pointed[0, start:end, place] = 1
        end = start
    return replace(found, condition=condition, pointed=pointed)
