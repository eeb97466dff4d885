"""Arguments that are shared by all commands that train a denoiser on encoded pictures."""

from __future__ import annotations

from dataclasses import dataclass, field

from training.loop import LoopArguments


@dataclass
class DenoiserArguments(LoopArguments):
    """Loop arguments with the defaults of Char-LDM, so that models compared with it get the same budget."""

    steps: int = 2500
    batch: int = 32
    lr: float = 2e-4
    ema: float = 0.998
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})
    latents: str = field(default="runs/maple-lane/latents", metadata={"help": "folder of encoded pictures"})
    data: str | None = field(
        default=None, metadata={"help": "dataset folder to learn from, instead of encoded Maple Lane"}
    )
