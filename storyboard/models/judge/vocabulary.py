"""All labels of a judge, in the order of its outputs. Knows no world and no pictures, and imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SOMEBODY_ELSE = "somebody else"
SETS = ("marks", "extras")  # facets of which a person can have any number of labels


@dataclass(frozen=True)
class Vocabulary:
    """All labels. characters: the people whom the judge knows by name. outfits: labels such as "Rosa: dress"."""

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
        # Pairs keep the order of the outputs. A saved config would sort the keys of an object.
        return named | {"facets": [[name, list(labels)] for name, labels in self.facets.items()]}

    @property
    def looks(self) -> dict[str, int]:
        """Returns the number of outputs of each head for a person's looks."""
        sizes = {"identity": len(self.characters) + 1, "outfit": len(self.outfits)}
        return sizes | {name: len(labels) for name, labels in self.facets.items()}

    @property
    def choices(self) -> tuple[str, ...]:
        """Returns the heads with exactly one right label."""
        return "identity", "outfit", *(name for name in self.facets if name not in SETS), "action"

    def labels(self, head: str) -> tuple[str, ...]:
        """Returns the names of a head's outputs."""
        special = {
            "identity": (*self.characters, SOMEBODY_ELSE),
            "outfit": self.outfits,
            "action": self.actions,
        }
        return special.get(head) or self.facets[head]
