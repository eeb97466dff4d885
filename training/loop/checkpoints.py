"""The checkpoints of a run on disk: written whole, and read back or refused in a sentence.

Knows tensors by name and one folder, but not what is trained.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from storyboard.errors import StoryError


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run: trained weights, their averages ({} if none), the optimizer's state, and steps done."""

    trained: Mapping[str, torch.Tensor]
    averages: Mapping[str, torch.Tensor]
    optimizer: dict[str, Any]
    step: int

    def save(self, run: Path) -> None:
        """Writes the checkpoint into the folder of a run. A checkpoint counts only once it is complete."""
        part = run / "checkpoint.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        weights = {n: w.detach().cpu().contiguous() for n, w in self.trained.items()}
        save_file(weights, part / "trained.safetensors")
        if self.averages:
            save_file({n: w.cpu() for n, w in self.averages.items()}, part / "ema.safetensors")
        torch.save(self.optimizer, part / "optimizer.pt")
        (part / "step.json").write_text(json.dumps({"step": self.step}))
        final, old = run / "checkpoint", run / "checkpoint.old"
        shutil.rmtree(old, ignore_errors=True)
        if final.exists():
            final.rename(old)
        part.rename(final)
        shutil.rmtree(old, ignore_errors=True)

    @classmethod
    def load(cls, folder: Path, averaged: bool) -> Checkpoint:
        """Returns the checkpoint in `folder`, with its averages if `averaged`. StoryError if it is damaged."""
        try:
            return cls(
                load_file(folder / "trained.safetensors"),
                load_file(folder / "ema.safetensors") if averaged else {},
                # Always to the CPU first, because torch.load refuses "cpu:0", the device of several CPU processes.
                torch.load(folder / "optimizer.pt", map_location="cpu", weights_only=True),
                steps_done(folder),
            )
        except (
            OSError,
            SafetensorError,
            RuntimeError,
            UnpicklingError,
            ValueError,
            KeyError,
            EOFError,
        ) as error:
            reason = str(error).strip().split("\n")[0][:200]
            raise StoryError(f"{folder} is damaged ({reason}); remove it to start this run again.") from error


def checkpoint_in(folder: Path) -> Path | None:
    """Returns the last complete checkpoint in the folder of a run, or None."""
    return next((f for f in (folder / "checkpoint", folder / "checkpoint.old") if f.exists()), None)


def steps_done(checkpoint: Path | None) -> int:
    return int(json.loads((checkpoint / "step.json").read_text())["step"]) if checkpoint else 0
