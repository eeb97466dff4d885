"""How hard the edges of a picture are: what a decoder is told by, beside the error of each pixel.

Pure functions of pixels. Knows no models and no world.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

WINDOWS = (4, 8)  # pixels on the side
TONE = 8  # pixels on the side of a patch of one tone
FLOOR = 1e-4  # under roots, so that they have a slope where all is flat


def laplacian_variance(grey: torch.Tensor) -> torch.Tensor:
    """Returns (B,): the variance of the Laplacian of pictures (B, H, W), in their unit squared."""
    around = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
    return (around - 4 * grey[:, 1:-1, 1:-1]).var(dim=(1, 2), correction=0)


def edge_difference(drawn: torch.Tensor, pixels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Returns (B,): how unlike the real ones' the edges of pictures (B, 3, H, W) are.

    They may lie anywhere in a small window.
    A soft edge and a hard one climb equally high, and the sum of squares tells them apart; what rings or is dotted
    climbs more. So a window in which both sums are right has as many edges as the real one, and as hard ones.

    weights: (B, 1, H, W), of the pixels.
    """
    off = drawn.new_zeros(len(drawn))
    for d in (-1, -2):
        ours, theirs = drawn.diff(dim=d), pixels.diff(dim=d)
        for window in WINDOWS:
            heavy = F.avg_pool2d(weights, window, window // 2)
            for power in (1, 2):
                a, b = _climb(ours, window, power), _climb(theirs, window, power)
                different = (a - b).abs() * heavy[..., : a.shape[-2], : a.shape[-1]]
                off = off + different.mean(dim=(1, 2, 3))
    return off / len(WINDOWS)


def _climb(steps: torch.Tensor, window: int, power: int) -> torch.Tensor:
    return (F.avg_pool2d(steps.abs() ** power, window, window // 2) + FLOOR).pow(1 / power)


def tones(pixels: torch.Tensor) -> torch.Tensor:
    """Returns the broad colours of pictures (B, 3, H, W), H and W multiples of TONE; the same shape."""
    return F.interpolate(F.avg_pool2d(pixels, TONE), scale_factor=TONE, mode="bilinear")
