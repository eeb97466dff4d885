"""How hard the edges of a picture are: a loss for a decoder, beside the error of each pixel.

Pure functions of pixels. Uses no models and no world.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

WINDOWS = (4, 8)  # side of a window in pixels
TONE = 8  # side of a patch of one tone, in pixels
FLOOR = 1e-4  # added under roots, so that they have a slope where a picture is flat


def laplacian_variance(grey: torch.Tensor) -> torch.Tensor:
    """Returns the variance of the Laplacian of each picture (B,), in the square of the pictures' unit.

    grey: (B, H, W).
    """
    around = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
    return (around - 4 * grey[:, 1:-1, 1:-1]).var(dim=(1, 2), correction=0)


def edge_difference(drawn: torch.Tensor, pixels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Returns how much the edges of each picture differ from the real edges (B,). Edges may move within a small window.

    A soft edge and a hard edge climb equally high, but their sums of squares differ. Ringing and dotted edges climb
    more. So if both sums are right in a window, it has as many edges as the real window, and they are equally hard.

    drawn, pixels: (B, 3, H, W). weights: (B, 1, H, W), one for each pixel.
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
    """Returns the broad colours of pictures (B, 3, H, W), in the same shape. H and W are multiples of TONE."""
    return F.interpolate(F.avg_pool2d(pixels, TONE), scale_factor=TONE, mode="bilinear")
