"""The arguments that every training command has, and the learning rate at each step."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal


@dataclass
class LoopArguments:
    """The arguments that every training command has."""

    output_dir: str = field(metadata={"help": "folder of this run: checkpoints, log.jsonl, samples"})
    steps: int = field(default=1000, metadata={"help": "optimiser steps in total"})
    batch: int = field(default=32, metadata={"help": "examples a step, over all processes"})
    lr: float = field(default=1e-3, metadata={"help": "peak learning rate"})
    schedule: Literal["cosine", "released"] = field(
        default="cosine",
        metadata={
            "help": "warmup, hold, decay; or the release's: 2000 steps up, a tenth from 12001 on, and so on"
        },
    )
    warmup: int = field(default=100, metadata={"help": "steps of linear warm-up"})
    decay: float = field(
        default=0.3, metadata={"help": "last part of the run with a cosine decay to 2 %% of lr"}
    )
    weight_decay: float = field(default=0.01, metadata={"help": "AdamW decay, on matrices only"})
    beta1: float = field(default=0.9, metadata={"help": "AdamW first-moment decay"})
    beta2: float = field(default=0.99, metadata={"help": "AdamW second-moment decay"})
    clip: float = field(default=1.0, metadata={"help": "gradient norm limit"})
    ema: float = field(default=0.0, metadata={"help": "weight average decay, 0 for none"})
    seed: int = field(default=0, metadata={"help": "seed of examples, noise and initial weights"})
    continued: bool = field(
        default=False, metadata={"help": "start from the part's weights in --parts, not afresh"}
    )
    workers: int = field(default=0, metadata={"help": "processes that prepare batches"})
    minutes: float = field(default=0.0, metadata={"help": "stop (resumably) after this long, 0 for no limit"})
    save_minutes: float = field(default=5.0, metadata={"help": "time between checkpoints and samples"})
    gradient_checkpointing: bool = field(
        default=False, metadata={"help": "compute activations twice instead of keeping them (stages 1 and 2)"}
    )
    mixed_precision: Literal["no", "bf16"] | None = field(
        default=None, metadata={"help": "no or bf16; by default what the launch config says"}
    )
    gradient_accumulation: int = field(
        default=1, metadata={"help": "parts of a batch computed one after another, to save memory"}
    )
    log_with: Literal["tensorboard", "trackio"] | None = field(
        default=None, metadata={"help": "draw the logged numbers there too, as curves"}
    )
    hub_repository: str | None = field(
        default=None,
        metadata={"help": "OWNER/NAME: send checkpoints to the Hub, and go on from there where none is here"},
    )


def learning_rate(step: int, args: LoopArguments) -> float:
    """Returns the learning rate of a step, counted from 0.

    The usual schedule is a linear warm-up, a constant part, and a cosine decay to 2 %. "released" is that of the
    released code: warm-up over 2000 steps, and a tenth of the rate from step 12001 on, and so on.
    """
    if args.schedule == "released":
        return args.lr * min(1.0, step / 2000) * 0.1 ** max(0, (step - 2001) // 10_000)
    if step < args.warmup:
        return args.lr * (step + 1) / args.warmup
    tail = max(1, round(args.steps * args.decay))
    into = step - (args.steps - tail)
    if args.decay <= 0 or into <= 0:
        return args.lr
    return args.lr * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, into / tail))))
