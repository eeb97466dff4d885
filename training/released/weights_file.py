"""Reads other people's `.pt`/`.pth` files without running what is in them, and loads them into a module key by key.

Used for released files that are read as they are (masks, evaluation). Knows no model.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from storyboard.errors import StoryError

UNREAD = ".num_batches_tracked"


def read_weights(path: str | Path) -> dict:
    """Returns the content of a file that was written by `torch.save`, with tensors on the CPU.

    Only tensors and plain values are unpickled. StoryError if there is no such file, or if it holds anything else.
    """
    try:
        # Mapped, not read, because there may also be an optimiser's state, twice as large as the weights.
        held = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except FileNotFoundError:
        raise StoryError(f"there is no weights file {path}") from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        reason = str(error).strip().split("\n")[0][:200]
        raise StoryError(f"{path} is no weights file that can be read safely: {reason}") from error
    if not isinstance(held, Mapping):
        raise StoryError(f"{path} holds a {type(held).__name__} where named weights belong")
    return dict(held)


def tensors_of(held: Mapping, path: str | Path) -> dict[str, torch.Tensor]:
    """Returns a state dict without the `module.` that data-parallel training adds to every key."""
    odd = next((key for key, value in held.items() if not isinstance(value, torch.Tensor)), None)
    if odd is not None or not held:
        raise StoryError(f"{path} is no state dict: " + (f"{odd!r} is no tensor" if held else "it is empty"))
    if all(key.startswith("module.") for key in held):
        return {key.removeprefix("module."): value for key, value in held.items()}
    return dict(held)


def fit(module: nn.Module, weights: Mapping[str, torch.Tensor], path: str | Path) -> None:
    """Loads `weights` into `module`. A StoryError names the first key that is missing, unknown or of another shape.

    Batch norm's count of batches, which is not used in eval mode, may be missing or present.
    """
    own = {key: tensor for key, tensor in module.state_dict().items() if not key.endswith(UNREAD)}
    weights = {key: tensor for key, tensor in weights.items() if not key.endswith(UNREAD)}
    odd = min(own.keys() ^ weights.keys(), default=None)
    if odd is not None:
        fault = "is missing" if odd in own else "is not part of this model"
        raise StoryError(f"{path} does not fit: {odd!r} {fault}")
    for key, tensor in weights.items():
        if tensor.shape != own[key].shape:
            raise StoryError(
                f"{path} does not fit: {key!r} is {tuple(tensor.shape)} and should be {tuple(own[key].shape)}"
            )
    module.load_state_dict(weights, strict=False)
