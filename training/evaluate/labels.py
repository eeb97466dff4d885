"""Names and numbers of everything a frame can show, and the labels of a scene.

Only this module turns Maple Lane's scenes into label arrays. Uses no torch and no pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.evaluate.metrics import ABSENT, Labels
from training.maple_lane import ACTIONS, CAST, PLACES, Scene


@dataclass(frozen=True)
class LabelNames:
    """The meaning of each column and number of `Labels`."""

    characters: tuple[str, ...]
    places: tuple[str, ...]
    actions: tuple[str, ...]
    outfits: Mapping[str, tuple[str, ...]]  # the outfits of each character

    def labels_of(self, scenes: Sequence[Scene]) -> Labels:
        """Returns the true labels of F scenes."""
        shape = (len(scenes), len(self.characters))
        characters, places = np.zeros(shape, bool), np.zeros((len(scenes), len(self.places)), bool)
        outfits, actions = np.full(shape, ABSENT), np.full(shape, ABSENT)
        for row, scene in enumerate(scenes):
            places[row, self.places.index(scene.place)] = True
            for actor in scene.actors:
                column = self.characters.index(actor.name)
                characters[row, column] = True
                outfits[row, column] = self.outfits[actor.name].index(actor.outfit)
                actions[row, column] = self.actions.index(actor.action)
        return Labels(characters, places, outfits, actions)

    def in_words(self, labels: Labels, row: int) -> dict:
        """Returns one frame's labels as JSON: its places, and who is there with their outfit and action."""
        there = {
            name: {
                "outfit": self.outfits[name][labels.outfits[row, column]],
                "action": self.actions[labels.actions[row, column]],
            }
            for column, name in enumerate(self.characters)
            if labels.characters[row, column]
        }
        return {"places": [p for p, seen in zip(self.places, labels.places[row], strict=True) if seen]} | {
            "characters": there
        }

    def as_config(self) -> dict:
        """Returns the names for a classifier's config.json, which must say what the classifier's outputs mean."""
        return {
            "characters": list(self.characters),
            "places": list(self.places),
            "actions": list(self.actions),
            "outfits": {name: list(worn) for name, worn in self.outfits.items()},
        }


def maple_lane_names() -> LabelNames:
    return LabelNames(
        tuple(who.name for who in CAST),
        tuple(PLACES),
        tuple(ACTIONS),
        {who.name: tuple(who.outfits) for who in CAST},
    )
