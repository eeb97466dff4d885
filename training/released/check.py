"""Tells a sound checkpoint from a damaged or foreign one: names, shapes, number types, and similarity to the base.

Similarity is what finds tensors that were exchanged, since many have the same shape. Parts that were frozen in training
equal the base's, up to the rounding of half precision. Trained parts differ from the base's, but not so much that
nothing of it is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from storyboard.errors import StoryError
from training.released.keys import Standard

Shape = tuple[int, ...]

FLOATS = (torch.float16, torch.bfloat16, torch.float32)
FROZEN = 0.1  # largest distance from the base, relative to its norm; bfloat16 rounds by 0.002
TRAINED = 1.0  # the same for trained tensors; unrelated tensors of equal norm are about 1.4 apart


def shapes_of(state: Mapping[str, torch.Tensor]) -> dict[str, Shape]:
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def check_keys(
    file: Path, found: Standard[torch.Tensor], expected: Mapping[str, Shape], unused: Mapping[str, Shape]
) -> None:
    """Raises StoryError that names the first key that is missing, of another shape, or unknown.

    expected: the shapes of standard keys that must be there. unused: the shapes of keys that may be there.
    """
    faults = []
    for key, shape in expected.items():
        if key not in found.used:
            faults.append((key, "is missing"))
        elif fault := _shape_fault(found.used[key], shape):
            faults.append((found.written[key], fault))
    faults += [(found.written[key], "does not belong there") for key in found.used if key not in expected]
    for key, tensor in found.unused.items():
        if fault := _shape_fault(tensor, unused[key]):
            faults.append((found.written[key], fault))
    if faults:
        key, fault = faults[0]
        raise StoryError(
            f'{file.name} does not fit: "{_shown(key)}" {fault}{_others(len(faults) - 1)}; get the file again, or '
            "give the models it was trained from."
        )


def check_numbers(file: Path, found: Standard[torch.Tensor]) -> None:
    """Raises StoryError that names the first tensor whose values are not finite floating-point numbers."""
    for key, tensor in found.used.items():
        if tensor.dtype not in FLOATS:
            kind = str(tensor.dtype).removeprefix("torch.")
            raise StoryError(
                f'{file.name} does not fit: "{_shown(found.written[key])}" is {kind} and should be float32, '
                "bfloat16 or float16; get the file again."
            )
        if not torch.isfinite(tensor).all():
            raise StoryError(
                f'{file.name} is damaged: "{_shown(found.written[key])}" holds values that are no finite numbers; '
                "get the file again."
            )


def check_likeness(
    file: Path,
    found: Standard[torch.Tensor],
    base: Mapping[str, torch.Tensor],
    trained: Callable[[str], bool],
) -> None:
    """Raises StoryError that names the first tensor that cannot have come from the base's tensor of that name.

    base: tensors by standard key; keys that it lacks are new in this checkpoint. trained: says which keys were trained.
    """
    for key, original in base.items():
        distance = _distance(found.used[key], original)
        limit = TRAINED if trained(key) else FROZEN
        # Trained biases and norms start near zero or one and may end anywhere, so they prove nothing.
        if distance > limit and not (trained(key) and original.ndim < 2):
            raise StoryError(
                f'{file.name} is damaged or comes from another base: "{_shown(found.written[key])}" '
                f"is unlike the base's (distance {distance:.2f}, at most {limit:.1f}); get the file again, or give "
                "the models it was trained from."
            )


def _shape_fault(tensor: torch.Tensor, shape: Shape) -> str | None:
    if tuple(tensor.shape) == shape:
        return None
    return f"is {_sized(tuple(tensor.shape))} and should be {_sized(shape)}"


def _distance(tensor: torch.Tensor, original: torch.Tensor) -> float:
    """Returns the norm of the difference divided by the norm of the original; not divided if that is zero."""
    size = original.float().norm()
    return ((tensor.float() - original.float()).norm() / (size if size > 0 else 1)).item()


def _sized(shape: Shape) -> str:
    return "x".join(map(str, shape)) or "a single number"


def _others(count: int) -> str:
    return f" ({count} more keys differ)" if count > 1 else " (1 more key differs)" if count else ""


def _shown(key: str) -> str:
    """Returns a key in a form that is safe to print, because it comes from the file."""
    return key[:200].encode("unicode_escape").decode()
