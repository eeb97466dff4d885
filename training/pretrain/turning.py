"""Turns a new portrait encoder so that it sees the cast as the earlier tower did. Stage 1 can then go on from there.

A trained fuser (Eq. 1) knows only the features of the old tower. The new features hold more than the old ones, so they
are not mapped to the old ones but turned. The directions that distinguish the cast go to their old places. The other
directions go where nothing was, with a smaller spread at first. Uses no captions and no losses.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import torch
from transformers import CLIPImageProcessor

from storyboard.models.portrait_encoder import PortraitEncoder
from training.configs.parts import load_image_encoder
from training.examples.portraits import PortraitViews
from training.maple_lane import CAST

VIEWS = 17  # views of each portrait of the cast; the first shows it as it is drawn
RANK = 40  # the number of directions that distinguish the cast's portraits
RIDGE = 1e-3  # ridge penalty, as a share of the features' variance
REST = 0.25  # the factor for the spread of all other directions
AT_ONCE = 64  # portraits that are encoded at once


def portraits_of_cast(processor: CLIPImageProcessor) -> torch.Tensor:
    """Returns views (N, 3, S, S) of each person of the cast in every outfit. Their order does not change."""
    views = PortraitViews(processor)
    worn = [(who.name, outfit) for who in CAST for outfit in who.outfits]
    return torch.stack([views(*one, view) for one, view in product(worn, range(VIEWS))])


@torch.no_grad()
def turn(encoder: PortraitEncoder, pixels: torch.Tensor, wanted: torch.Tensor) -> float:
    """Changes the projection of `encoder`, so that it sees features near `wanted` (N, V) in pixels (N, 3, S, S).

    Only the RANK directions that matter most are fitted. Returns the share of the variance of `wanted` that they
    explain. The other directions change what the encoder sees, too.
    """
    seen = torch.cat([encoder(some).image_embeds for some in pixels.split(AT_ONCE)]).double()
    wanted = wanted.double()
    centre, target = seen.mean(0), wanted.mean(0)
    apart, goal = seen - centre, wanted - target
    ridge = RIDGE * len(seen) * seen.var() * torch.eye(seen.shape[1], dtype=seen.dtype)
    sources, sizes, ways = torch.linalg.svd(torch.linalg.solve(apart.T @ apart + ridge, apart.T @ goal))
    met = (sources[:, :RANK] * sizes[:RANK]) @ ways[:RANK]
    turned = met + REST * sources[:, RANK:] @ ways[RANK:]
    projection = encoder.visual_projection
    projection.bias.copy_(projection.bias.double() @ turned + target - centre @ turned)
    projection.weight.copy_(turned.T @ projection.weight.double())
    return float(1 - (apart @ met - goal).square().sum() / goal.square().sum())


@torch.no_grad()
def turn_to(encoder: PortraitEncoder, processor: CLIPImageProcessor, parts: Path) -> float | None:
    """Turns the encoder to the vision tower of stage 1 in `parts`.

    Returns the result of `turn`; None if there is no other tower.
    """
    folder = parts / "char_ldm" / "image_encoder"
    tower = load_image_encoder(folder).eval() if folder.exists() else None
    if tower is None or isinstance(tower, PortraitEncoder):
        return None
    theirs = CLIPImageProcessor.from_pretrained(parts / "image_processor")
    wanted = [tower(pixel_values=some).image_embeds for some in portraits_of_cast(theirs).split(AT_ONCE)]
    return turn(encoder, portraits_of_cast(processor), torch.cat(wanted))
