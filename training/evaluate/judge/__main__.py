"""Trains the judge: `python -m training.evaluate.judge --output_dir runs/judge`.

It learns only from real pictures of the train split, which are drawn during the training, never from a generated one.
It can be resumed, and takes about two hours on one core. The output folder has the weights, and beside them the judge's
scores on real test frames, including frames with doubled people.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import torch

from storyboard.disk.durable import write_json
from storyboard.errors import StoryError
from storyboard.models.judge import Judge, save_judge
from training.configs.arguments import parsed
from training.evaluate.judge.own_scores import one_line, score_on_real
from training.evaluate.judge.training import JudgeExamples, JudgeTraining
from training.evaluate.judge.vocabulary import load_maple_lane_judge, maple_lane_vocabulary
from training.loop import LoopArguments, TrainingRun

CHECKED_STORIES, CHECKED_BROKEN = 6, 12  # of the val split, at every checkpoint
PUBLISHED_STORIES, PUBLISHED_BROKEN = 100, 200  # of the test split, at the end


@dataclass
class JudgeArguments(LoopArguments):
    """Loop arguments with the judge's defaults."""

    steps: int = 12000
    batch: int = 8
    lr: float = 1e-3
    warmup: int = 100
    decay: float = 0.6
    ema: float = 0.995
    closer_only: bool = field(
        default=False, metadata={"help": "the detector stays; what reads people learns, on cheaper steps"}
    )
    anybody: float = field(
        default=0.5, metadata={"help": "share of frames that show people of any look, not the seven"}
    )
    out: str = field(default="runs/judge-weights", metadata={"help": "folder of the finished judge"})


def main(argv: list[str] | None = None) -> None:
    args = parsed(JudgeArguments, argv)
    torch.manual_seed(args.seed)
    judge = (
        load_maple_lane_judge(args.out).train()
        if args.continued
        else Judge(**maple_lane_vocabulary().as_config())
    )
    examples = JudgeExamples(args.seed, judge, args.batch, args.anybody)
    run = TrainingRun(JudgeTraining(judge, args.closer_only), examples, args)
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            with run.averaged():
                _tell(stats.step, score_on_real(judge, "val", CHECKED_STORIES, CHECKED_BROKEN))
    if run.accelerator.is_main_process:
        with run.averaged():
            save_judge(judge, Path(args.out))
            own = score_on_real(judge, "test", PUBLISHED_STORIES, PUBLISHED_BROKEN)
        _tell(run.step, own)
        report = {
            "steps": run.step,
            "stories": PUBLISHED_STORIES,
            "broken frames a kind": PUBLISHED_BROKEN,
        } | own
        write_json(Path(args.out) / "scores.json", report)


def _tell(step: int, own: dict[str, dict]) -> None:
    for whose, scores in own.items():
        print(f"step {step}, real frames of {whose}: {one_line(scores)}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"judge: {error}")
