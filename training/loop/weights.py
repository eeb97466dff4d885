"""The weights that a run trains: which they are, their running average, and putting other weights in their place.

Knows modules and tensors, but not steps or files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn

from storyboard.errors import StoryError


class Ema:
    """A running average of everything that a run changes. The average is what is exported."""

    def __init__(self, module: nn.Module, decay: float):
        self.decay = decay
        self.weights = {n: t.detach().float().clone() for n, t in changing_state(module).items()}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))  # so that early weights are forgotten quickly
        current = changing_state(module)
        averages = list(self.weights.values())
        torch._foreach_lerp_(averages, [current[n].detach().float() for n in self.weights], 1 - decay)


def trained_parameters(module: nn.Module) -> dict[str, nn.Parameter]:
    """Returns, by name, every parameter that gets a gradient."""
    return {n: p for n, p in module.named_parameters() if p.requires_grad}


def changing_state(module: nn.Module) -> dict[str, torch.Tensor]:
    """Returns, by name, everything that a step changes and that a checkpoint therefore holds.

    That is every parameter that gets a gradient, and the running means and variances of batch norms whose weights do.
    """
    running = {
        f"{name}.{kind}": getattr(norm, kind)
        for name, norm in module.named_modules()
        if isinstance(norm, nn.modules.batchnorm._BatchNorm) and norm.weight.requires_grad
        for kind in ("running_mean", "running_var")
    }
    return {**trained_parameters(module), **running}


@contextmanager
def averaged(module: nn.Module, ema: Ema | None) -> Iterator[None]:
    """Inside, `module` has the averaged weights. Afterwards it gets the training weights back."""
    if ema is None:
        yield
        return
    state = changing_state(module)
    kept = {n: t.detach().clone() for n, t in state.items()}
    try:
        with torch.no_grad():
            for n, t in state.items():
                t.copy_(ema.weights[n])
        yield
    finally:
        with torch.no_grad():
            for n, t in state.items():
                t.copy_(kept[n])


@torch.no_grad()
def copy_exactly(
    source: Mapping[str, torch.Tensor], target: Mapping[str, torch.Tensor], folder: Path
) -> None:
    """Copies all tensors from `source` to `target`.

    A StoryError names the first key that is missing, unknown or of another shape; nothing is copied then.
    """
    shapes, wanted = ({name: tuple(t.shape) for name, t in some.items()} for some in (source, target))
    odd = min(
        (name for name in shapes.keys() | wanted.keys() if shapes.get(name) != wanted.get(name)), default=None
    )
    if odd is not None:
        there, here = (str(some.get(odd, "nothing")) for some in (shapes, wanted))
        raise StoryError(
            f"{folder} does not fit this model: first key that differs is {odd!r}, {there} there and {here} here."
        )
    for name, tensor in source.items():
        target[name].copy_(tensor)
