"""What a condition says, read without drawing: the person each token points at, and the nearest canonical caption.

These scores are for training only. Pictures are scored in `training.evaluate`.
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
    """Returns whether every token of a condition points at the right person, or at nobody if it should.

    pointed: shares (L, K). points: (L,), 1 + the person's place in the cast, or 0 for nobody.
    """
    share, place = pointed.max(-1)
    return bool((torch.where(share > POINTED, place + 1, 0) == points).all())


def nearest_caption(
    condition: torch.Tensor, shows: Shows, cast: Cast, targets: Targets
) -> tuple[bool, list[bool]]:
    """Returns whether the nearest place is right, and for each person whether the nearest action is right.

    The condition (L, D) is compared with the conditions of canonical captions. In these captions only the place, or
    only one person's action, is exchanged; everything else is right. If all people belong to the benchmark's cast, only
    the benchmark's actions are compared.
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
