"""What the judge can say of a person, as labels and as target numbers: who, wearing what, looking how, doing what.

Everybody is labelled by what can be seen of their looks, the seven by name and outfit too. Knows no pictures and no
torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from storyboard.people import FACETS, facets
from storyboard.people.gestures import PAIR_POSES, SINGLE_ACTIONS
from training.evaluate.metrics import ABSENT
from training.maple_lane import CAST, PLACES, Actor
from training.maple_lane.cast_facets import cast_facets

SOMEBODY_ELSE = "somebody else"
UNSEEN = ("pronoun",)  # a facet that no picture shows
SETS = ("marks", "extras")  # facets that have any number of their labels


@dataclass(frozen=True)
class Vocabulary:
    """Every label the judge knows, in the order of its outputs. `outfits` are "Rosa: dress" and the like."""

    characters: tuple[str, ...]
    outfits: tuple[str, ...]
    actions: tuple[str, ...]
    places: tuple[str, ...]
    facets: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, config: Mapping) -> Vocabulary:
        """Returns the vocabulary that `as_config` wrote."""
        named = {name: tuple(config[name]) for name in ("characters", "outfits", "actions", "places")}
        return cls(**named, facets={name: tuple(labels) for name, labels in config["facets"]})

    def as_config(self) -> dict:
        named = {name: list(getattr(self, name)) for name in ("characters", "outfits", "actions", "places")}
        # Pairs, as a saved config sorts the keys of an object, and the outputs stand in this order.
        return named | {"facets": [[name, list(labels)] for name, labels in self.facets.items()]}

    @property
    def looks(self) -> dict[str, int]:
        """How many outputs each head on a person's looks has."""
        sizes = {"identity": len(self.characters) + 1, "outfit": len(self.outfits)}
        return sizes | {name: len(labels) for name, labels in self.facets.items()}

    @property
    def choices(self) -> tuple[str, ...]:
        """The heads of which one label is right."""
        return "identity", "outfit", *(name for name in self.facets if name not in SETS), "action"

    def labels(self, head: str) -> tuple[str, ...]:
        """Returns the names of a head's outputs."""
        special = {
            "identity": (*self.characters, SOMEBODY_ELSE),
            "outfit": self.outfits,
            "action": self.actions,
        }
        return special.get(head) or self.facets[head]

    def numbers_of(self, actor: Actor) -> dict[str, int | np.ndarray]:
        """Returns the target of every head: a number, ABSENT where nothing is known; (labels,) floats for sets.

        A set nothing is known of is all ABSENT.
        """
        known = labels_of(actor)
        found: dict[str, int | np.ndarray] = {}
        for head in self.choices:
            label = known.get(head)
            found[head] = ABSENT if label is None else self.labels(head).index(label)
        for head in SETS:
            names = self.facets[head]
            worn = known.get(head)
            found[head] = np.array([ABSENT if worn is None else float(name in worn) for name in names], "f4")
        return found


def maple_lane_vocabulary() -> Vocabulary:
    """Returns what there is in this world."""
    return Vocabulary(
        tuple(who.name for who in CAST),
        tuple(f"{who.name}: {outfit}" for who in CAST for outfit in who.outfits),
        (*SINGLE_ACTIONS, *PAIR_POSES),
        tuple(PLACES),
        {name: labels for name, labels in FACETS.items() if name not in UNSEEN},
    )


def labels_of(actor: Actor) -> dict[str, str | tuple[str, ...]]:
    """Returns what is known of an actor by head: identity, action, facets of their look, of the cast the outfit."""
    if actor.look:
        shown = {name: label for name, label in facets(actor.look).items() if name not in UNSEEN}
        return {"identity": SOMEBODY_ELSE, "action": actor.action, **shown}
    shown = {
        name: label for name, label in cast_facets(actor.name, actor.outfit).items() if name not in UNSEEN
    }
    named = {"identity": actor.name, "outfit": f"{actor.name}: {actor.outfit}", "action": actor.action}
    return named | shown
