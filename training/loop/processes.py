"""The processes that share a command. Knows nothing of what they do."""

from __future__ import annotations

from typing import Any

import torch
from accelerate import Accelerator
from torch import nn


def make_accelerator(**settings: Any) -> Accelerator:
    """Returns accelerate's `Accelerator`.

    Without a GPU it is told so, because otherwise each process would do all the work alone.
    """
    return Accelerator(cpu=not torch.accelerator.is_available(), **settings)


def untouched(module: nn.Module) -> torch.Tensor:
    """Returns a zero whose gradient reaches all weights of a module.

    With it, other processes do not wait in vain for the gradients of a process that did not use the module.
    """
    return 0 * torch.stack([weight.sum() for weight in module.parameters()]).sum()
