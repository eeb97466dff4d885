"""How everything is trained: a resumable loop, its arguments, and the processes that share a command.

Knows nothing of stories, captions or diffusion.
"""

from training.loop.arguments import LoopArguments, learning_rate
from training.loop.checkpoints import checkpoint_in, steps_done
from training.loop.run import Objective, TrainingRun, loop_accelerator, row_generator

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
