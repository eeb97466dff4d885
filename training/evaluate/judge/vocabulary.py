"""What the judge can say of a person, as labels and as target numbers: who, wearing what, looking how, doing what.

The seven are labelled by name and outfit, anybody by the facets of their look; what a figure of the seven shows of
those facets is told too. Knows no pictures and no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from storyboard.people import FACETS, Figure, facets
from storyboard.people import wardrobe as w
from storyboard.people.colours import name_in
from storyboard.people.facets import COAT_OF, TRIM_OF, cloth_name
from storyboard.people.gestures import SINGLE_ACTIONS
from training.evaluate.metrics import ABSENT
from training.maple_lane import BY_NAME, CAST, PLACES, Actor

SOMEBODY_ELSE = "somebody else"
UNSEEN = ("pronoun",)  # a facet that no picture shows
SETS = ("marks", "extras")  # facets that have any number of their labels
_WORN = {"bow": "bow tie"}  # parts of an outfit of the cast that are an extra under another name


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
        return cls(**named, facets={name: tuple(labels) for name, labels in config["facets"].items()})

    def as_config(self) -> dict:
        named = {name: list(getattr(self, name)) for name in ("characters", "outfits", "actions", "places")}
        return named | {"facets": {name: list(labels) for name, labels in self.facets.items()}}

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
        SINGLE_ACTIONS,
        tuple(PLACES),
        {name: labels for name, labels in FACETS.items() if name not in UNSEEN},
    )


def labels_of(actor: Actor) -> dict[str, str | tuple[str, ...]]:
    """Returns what is known of an actor by head: identity, action, facets of their look, of the cast the outfit."""
    if actor.look:
        shown = {name: label for name, label in facets(actor.look).items() if name not in UNSEEN}
        return {"identity": SOMEBODY_ELSE, "action": actor.action, **shown}
    figure = BY_NAME[actor.name].figure(actor.outfit)
    named = {"identity": actor.name, "outfit": f"{actor.name}: {actor.outfit}", "action": actor.action}
    return named | facets_of_figure(figure)


def facets_of_figure(figure: Figure) -> dict[str, str | tuple[str, ...]]:
    """Returns the facets that a figure without a look has beyond doubt; what its parts do not tell is left out."""
    head, body, wear = figure.head, figure.body, figure.outfit
    parts = {part.name for part in wear.parts}
    worn = {_WORN.get(name, name) for name in parts}
    top, bottom = _garments(wear.cut, parts)
    found = {
        "kind": head.kind,
        "skin": name_in(COAT_OF[head.kind], body.skin),
        "hair": head.hair,
        "hair_colour": name_in(TRIM_OF[head.kind], body.hair),
        "beard": head.beard or w.NONE,
        "glasses": head.glasses.name if head.glasses else w.NONE,
        "headwear": w.NONE,
        "headwear_colour": w.NONE,
        "top": top,
        "top_colour": w.NONE if top == w.NONE else cloth_name(wear.top),
        "bottom": bottom,
        "bottom_colour": None if bottom is None else w.NONE if bottom == w.NONE else cloth_name(wear.bottom),
        "extras": tuple(name for name in FACETS["extras"] if name in worn),
    }
    return {name: label for name, label in found.items() if label is not None}


def _garments(cut: str, parts: set[str]) -> tuple[str | None, str | None]:
    """Top and bottom by their names in a look, None where the parts of an outfit of the cast do not tell."""
    whole = {"dress": "dress", "gown": "long dress", "bare": w.NONE}
    if cut in whole:
        return whole[cut], w.NONE
    if cut in ("coat", "poncho"):
        return ("raincoat" if "hood" in parts else cut), None
    below = "dungarees" if "bib" in parts else cut
    for part, garment in (("hood", "hoodie"), ("sailor", "sailor top"), ("vest", None), ("bib", None)):
        if part in parts:
            return garment, below
    return ("suit jacket" if "shirt" in parts else None), below
