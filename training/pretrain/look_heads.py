"""Targets for the look in a picture, and the linear heads that make a vision tower's feature tell the look.

The heads read the same feature that the fuser will read (Eq. 1). So a feature that serves the heads holds a look. The
heads are thrown away after training. Uses no towers and no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import torch
import torch.nn.functional as F
from torch import nn

from storyboard.people import FACETS, Look, facets
from storyboard.people.colours import lab
from storyboard.people.facets import HIDDEN
from storyboard.people.wardrobe import NONE

COLOURS = (
    "skin", "hair_colour", "headwear_colour", "top_colour", "accent", "bottom_colour", "footwear_colour",
)  # fmt: skip
SEVERAL = ("marks", "extras")  # a person has any number of these
CLASSES = tuple(facet for facet in FACETS if facet not in (*COLOURS, *SEVERAL))
COLOUR_WEIGHT = 5.0  # squared errors of colours are small beside cross-entropies
LAB_SCALE = 50.0


class LookTargets(TypedDict):
    """What N pictures of one person each show."""

    known: torch.Tensor  # (N,) bool: whether the person's look is known
    classes: torch.Tensor  # (N, len(CLASSES)), the places of values in FACETS
    several: torch.Tensor  # (N, S): 1 for each label of SEVERAL that the person has
    colours: torch.Tensor  # (N, len(COLOURS), 3), CIELAB divided by LAB_SCALE
    seen: torch.Tensor  # (N, len(COLOURS)) bool: whether the colour can be seen


def look_targets(looks: Sequence[Look | None]) -> LookTargets:
    """Returns the targets for pictures of these looks. None: the look of that picture is not known."""
    shown = [look or Look() for look in looks]
    labels = [facets(look) for look in shown]
    classes = [[FACETS[facet].index(str(one[facet])) for facet in CLASSES] for one in labels]
    several = [[float(name in one[facet]) for facet in SEVERAL for name in FACETS[facet]] for one in labels]
    colours = [[lab(getattr(look, facet)) for facet in COLOURS] for look in shown]
    seen = [[one[facet] not in (HIDDEN, NONE) for facet in COLOURS] for one in labels]
    return {
        "known": torch.tensor([look is not None for look in looks]),
        "classes": torch.tensor(classes),
        "several": torch.tensor(several),
        "colours": torch.tensor(colours) / LAB_SCALE,
        "seen": torch.tensor(seen),
    }


class LookHeads(nn.Module):
    """One linear head for each facet, on a feature of `width` numbers."""

    def __init__(self, width: int):
        super().__init__()
        several = sum(len(FACETS[facet]) for facet in SEVERAL)
        self.sizes = [*(len(FACETS[facet]) for facet in CLASSES), several, 3 * len(COLOURS)]
        self.read = nn.Linear(width, sum(self.sizes))

    def forward(self, features: torch.Tensor, looks: LookTargets) -> torch.Tensor:
        """Returns the loss of features (N, width) over the pictures whose look is known. 0 if no look is known."""
        known = looks["known"]
        if not known.any():
            return 0 * self.read(features).sum()
        *classes, several, colours = self.read(features[known].float()).split(self.sizes, -1)
        wanted = looks["classes"][known].T
        named = torch.stack([F.cross_entropy(*pair) for pair in zip(classes, wanted, strict=True)]).mean()
        worn = F.binary_cross_entropy_with_logits(several, looks["several"][known])
        seen = looks["seen"][known]
        error = (colours.unflatten(-1, (-1, 3)) - looks["colours"][known])[seen].square().mean()
        return named + worn + COLOUR_WEIGHT * error
