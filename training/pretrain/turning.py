"""A new portrait encoder turned so that it sees the cast as the tower before it did: stage 1 can go on from there.

A fuser that is trained (Eq. 1) knows the old tower's features only. The new ones hold more, so they are not mapped onto
the old ones but turned: what tells the cast apart goes where it was, and the rest, less wide at first, where nothing
was. Knows no captions and no losses.
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

VIEWS = 17  # of each portrait of the cast, the first as it is drawn
RANK = 40  # directions that tell the cast's portraits apart
RIDGE = 1e-3  # of the features' variance
REST = 0.25  # how wide all other directions are, where they were 1
AT_ONCE = 64  # portraits


def portraits_of_cast(processor: CLIPImageProcessor) -> torch.Tensor:
    """Returns views (N, 3, S, S) of everybody in every outfit, in an order that does not change."""
    views = PortraitViews(processor)
    worn = [(who.name, outfit) for who in CAST for outfit in who.outfits]
    return torch.stack([views(*one, view) for one, view in product(worn, range(VIEWS))])


@torch.no_grad()
def turn(encoder: PortraitEncoder, pixels: torch.Tensor, wanted: torch.Tensor) -> float:
    """Changes the projection of `encoder`, so that it sees `wanted` (N, V) in pixels (N, 3, S, S), as far as RANK goes.

    Returns how much of the variance of `wanted` is met; the directions beside those RANK change what it sees, too.
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
    """Turns the encoder to the vision tower of `parts`' stage 1.

    Returns what `turn` does; None where there is no other tower.
    """
    folder = parts / "char_ldm" / "image_encoder"
    tower = load_image_encoder(folder).eval() if folder.exists() else None
    if tower is None or isinstance(tower, PortraitEncoder):
        return None
    theirs = CLIPImageProcessor.from_pretrained(parts / "image_processor")
    wanted = [tower(pixel_values=some).image_embeds for some in portraits_of_cast(theirs).split(AT_ONCE)]
    return turn(encoder, portraits_of_cast(processor), torch.cat(wanted))
