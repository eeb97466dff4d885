"""A patch discriminator. It tells which parts of a picture look drawn by the world, and which look drawn by a decoder.

It computes its spectral normalisation again at every call. So its weights are its whole state, and a run resumes at the
exact step. It sees a picture as three channels of pixels and uses nothing else.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call

SHORT = 0.15


class SpectralConv2d(nn.Conv2d):
    """A convolution whose weight has the largest singular value 1, as a matrix with a row for each output channel."""

    def forward(self, grid: torch.Tensor) -> torch.Tensor:
        rows = self.weight.flatten(1)
        largest = torch.linalg.eigvalsh(rows @ rows.T)[-1].clamp(min=1e-12).sqrt()
        return self._conv_forward(grid, self.weight / largest, self.bias)


class PatchDiscriminator(nn.Module):
    """Maps pixels (B, 3, H, W) to scores (B, H / 4, W / 4), one for each patch of 26x26 pixels.

    High scores look real.
    """

    def __init__(self, width: int = 32):
        super().__init__()
        self.layers = nn.Sequential(
            SpectralConv2d(3, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            SpectralConv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            SpectralConv2d(2 * width, 2 * width, 3, padding=1),
            nn.LeakyReLU(0.2),
            SpectralConv2d(2 * width, 1, 3, padding=1),
        )
        # A weight that is normalised may have any length. A short weight turns faster at the same learning rate, and
        # the discriminator has to keep pace with a decoder that has already been trained.
        for layer in self.layers:
            if isinstance(layer, SpectralConv2d):
                nn.init.normal_(layer.weight, std=SHORT * layer.weight[0].numel() ** -0.5)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.layers(pixels)[:, 0]

    def mistakes(self, real: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        """Returns the hinge loss () that teaches the discriminator. No gradient flows back to the decoder."""
        scores = self(torch.cat([real, drawn.detach()]))
        return F.relu(1 - scores[: len(real)]).mean() + F.relu(1 + scores[len(real) :]).mean()

    def doubts(self, drawn: torch.Tensor) -> torch.Tensor:
        """Returns how false each picture looks (B,), as a loss for the decoder.

        No gradient flows back to the discriminator.
        """
        frozen = {name: weight.detach() for name, weight in self.named_parameters()}
        return -functional_call(self, frozen, (drawn,)).mean(dim=(1, 2))
