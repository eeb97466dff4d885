"""Maple Lane's labels for the judge, as names and as target numbers: who, in which outfit, with what looks and action.

Everybody has labels for what can be seen of their looks. The seven also have labels for name and outfit. Knows no
pictures.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from storyboard.errors import StoryError
from storyboard.models.judge import Judge, load_judge
from storyboard.models.judge.vocabulary import SETS, SOMEBODY_ELSE, Vocabulary
from storyboard.people import FACETS, facets
from storyboard.people.gestures import PAIR_POSES, SINGLE_ACTIONS
from training.evaluate.metrics import ABSENT
from training.maple_lane import CAST, PLACES, Actor
from training.maple_lane.cast_facets import cast_facets

UNSEEN = ("pronoun",)  # a facet that no picture shows


def maple_lane_vocabulary() -> Vocabulary:
    """Returns the labels for everything that can be seen in Maple Lane."""
    return Vocabulary(
        tuple(who.name for who in CAST),
        tuple(f"{who.name}: {outfit}" for who in CAST for outfit in who.outfits),
        (*SINGLE_ACTIONS, *PAIR_POSES),
        tuple(PLACES),
        {name: labels for name, labels in FACETS.items() if name not in UNSEEN},
    )


def labels_of(actor: Actor) -> dict[str, str | tuple[str, ...]]:
    """Returns an actor's known labels by head: identity, action and facets of the look.

    Cast members also have a label for the outfit.
    """
    if actor.look:
        shown = {name: label for name, label in facets(actor.look).items() if name not in UNSEEN}
        return {"identity": SOMEBODY_ELSE, "action": actor.action, **shown}
    shown = {
        name: label for name, label in cast_facets(actor.name, actor.outfit).items() if name not in UNSEEN
    }
    named = {"identity": actor.name, "outfit": f"{actor.name}: {actor.outfit}", "action": actor.action}
    return named | shown


def load_maple_lane_judge(folder: str | Path) -> Judge:
    """Returns the judge of a folder, as `load_judge` does. StoryError also if it knows another world than this one."""
    judge = load_judge(folder)
    known, world = judge.vocabulary.as_config(), maple_lane_vocabulary().as_config()
    odd = [part for part in world if known[part] != world[part]]
    if odd:
        raise StoryError(f"The judge in {folder} knows other {odd[0]} than Maple Lane has; train it again.")
    return judge


def numbers_of(vocabulary: Vocabulary, actor: Actor) -> dict[str, int | np.ndarray]:
    """Returns the target of every head: a number, ABSENT if it is unknown, and (labels,) floats for sets.

    An unknown set is ABSENT in all its labels.
    """
    known = labels_of(actor)
    found: dict[str, int | np.ndarray] = {}
    for head in vocabulary.choices:
        label = known.get(head)
        found[head] = ABSENT if label is None else vocabulary.labels(head).index(label)
    for head in SETS:
        names = vocabulary.facets[head]
        worn = known.get(head)
        found[head] = np.array([ABSENT if worn is None else float(name in worn) for name in names], "f4")
    return found
