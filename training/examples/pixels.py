"""A drawn picture in the form that models read."""

from __future__ import annotations

import numpy as np
import torch


def pixels_of(picture: np.ndarray) -> torch.Tensor:
    """Returns a picture, uint8 (H, W, 3), as float (3, H, W) in [-1, 1]."""
    return torch.from_numpy(picture).permute(2, 0, 1).float() / 127.5 - 1
