"""Adds people to a condition whom the words of a sentence surely show and whom a pointing mapper has left out.

Cross-attention does not depend on a token's position, so these people take the last positions that point at nobody. In
a condition from a mapper that learned from canonical captions, those positions are padding. Knows conditions and
tokens, but neither captions nor portraits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch

from storyboard.pipeline.context import ReadCondition
from storyboard.pipeline.explain import POINTED


def left_out(pointed: torch.Tensor) -> set[int]:
    """Returns the places in the cast that no token of a condition points at.

    pointed: (L, K), for L tokens and K people.
    """
    share, place = pointed.max(-1)
    return set(range(pointed.shape[-1])) - set(place[share > POINTED].tolist())


def completed(found: ReadCondition, people: Mapping[int, torch.Tensor]) -> ReadCondition:
    """Returns the condition with these people added.

    people: the place of each in the cast -> the tokens (n, D) that show them. People whose tokens do not fit behind the
    tokens that point at somebody stay left out.
    """
    if found.pointed is None or not people:
        return found
    condition, pointed = found.condition.clone(), found.pointed.clone()
    taken = torch.nonzero(pointed[0].amax(-1) > POINTED).flatten()
    first = int(taken.max()) + 1 if len(taken) else 1  # 1, so that the start token stays
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
