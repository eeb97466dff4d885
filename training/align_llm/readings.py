"""What a condition says, read off it without drawing: who its tokens point at, and the nearest canonical caption.

Scores of training only; pictures are scored in `training.evaluate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from storyboard.models.losses import alignment_loss
from storyboard.pipeline.explain import POINTED
from training.align_llm.targets import Cast, Targets
from training.maple_lane import ACTIONS, BY_NAME, PLACES
from training.maple_lane.more_actions import ALL_ACTIONS
from training.maple_lane.words import Shown, Shows


def right_people(pointed: torch.Tensor, points: torch.Tensor) -> bool:
    """Returns whether every token of a condition points at whom it should: (L, K) shares, (L,) 1 + place or 0."""
    share, place = pointed.max(-1)
    return bool((torch.where(share > POINTED, place + 1, 0) == points).all())


def nearest_caption(
    condition: torch.Tensor, shows: Shows, cast: Cast, targets: Targets
) -> tuple[bool, list[bool]]:
    """Returns whether of all places the right one is nearest to a condition (L, D), and of all actions each person's.

    Each is exchanged by itself, all else being right; the actions are the benchmark's where all are of its cast.
    """
    known = ACTIONS if all(person.name in BY_NAME for person in shows.people) else ALL_ACTIONS
    places = [replace(shows, place=place) for place in PLACES]
    right = _nearest(condition, places, cast, targets).place == shows.place
    deeds = []
    for number, person in enumerate(shows.people):
        others = [
            Shown(person.name, action, next(iter(known[action].props or ()), None))
            for action in known
            if action != person.action
        ]
        choices = [
            replace(shows, people=(*shows.people[:number], one, *shows.people[number + 1 :]))
            for one in (person, *others)
        ]
        found = _nearest(condition, choices, cast, targets)
        deeds.append(found.people[number].action == person.action)
    return right, deeds


def _nearest(condition: torch.Tensor, choices: Sequence[Shows], cast: Cast, targets: Targets) -> Shows:
    far = [alignment_loss(condition, targets.condition(one, cast).condition) for one in choices]
    return choices[int(torch.stack(far).argmin())]
