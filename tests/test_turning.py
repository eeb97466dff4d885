"""A new portrait encoder replaces the tower with which a fuser was trained."""

import torch

from storyboard.models.portrait_encoder import PortraitEncoder
from training.pretrain import turning
from training.pretrain.turning import turn


def test_an_encoder_is_turned_to_what_was_seen_before_and_loses_nothing(monkeypatch):
    """After the encoder was replaced, stage 1 continued from a fuser that no longer knew the cast."""
    monkeypatch.setattr(turning, "RANK", 3)
    torch.manual_seed(0)
    encoder = PortraitEncoder(image_size=32, widths=(4, 8), blocks=(0, 0), projection_dim=6)
    pixels = torch.randn(80, 3, 32, 32)
    with torch.no_grad():
        seen = encoder(pixels).image_embeds
    wanted = seen @ torch.randn(6, 3) @ torch.randn(3, 6) + 5
    assert turn(encoder, pixels, wanted) > 0.95
    with torch.no_grad():
        turned = encoder(pixels).image_embeds
    apart = (turned - turned.mean(0)).flatten()
    assert torch.allclose(turned.mean(0), wanted.mean(0), atol=1e-3)
    assert torch.corrcoef(torch.stack([apart, (wanted - wanted.mean(0)).flatten()]))[0, 1] > 0.9
    # Everything that distinguishes strangers is still there.
    assert torch.linalg.matrix_rank(turned - turned.mean(0)) == 6
