"""How everything here is trained: one resumable loop, its arguments, and the processes that share a command.

Knows nothing of stories, captions or diffusion.
"""

from training.loop.run import (
    LoopArguments,
    Objective,
    TrainingRun,
    checkpoint_in,
    learning_rate,
    loop_accelerator,
    row_generator,
    steps_done,
)

__all__ = [
    "LoopArguments",
    "Objective",
    "TrainingRun",
    "checkpoint_in",
    "learning_rate",
    "loop_accelerator",
    "row_generator",
    "steps_done",
]
