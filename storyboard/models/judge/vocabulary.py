"""Every label that a judge has, in the order of its outputs. Knows no world, no pictures and no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SOMEBODY_ELSE = "somebody else"
SETS = ("marks", "extras")  # facets that have any number of their labels


@dataclass(frozen=True)
class Vocabulary:
    """`outfits` are "Rosa: dress" and the like; `characters` are whom the judge knows by name."""

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
