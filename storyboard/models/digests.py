"""Digests (sha256) that tell files, or the weights of modules, apart. Knows nothing of what they are used for."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from torch import nn

PIECE = 2**20  # so many bytes of a file are read at once


def file_digest(path: Path) -> str:
    """Returns the sha256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def weights_digest(*modules: nn.Module) -> str:
    """Returns the sha256, in hexadecimal, of all weights of these modules with their names."""
    digest = hashlib.sha256()
    for module in modules:
        for name, weight in module.state_dict().items():
            digest.update(name.encode())
            digest.update(weight.cpu().contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
