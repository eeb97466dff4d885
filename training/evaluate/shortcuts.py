"""`python -m training.evaluate.shortcuts --json FILE`: the loss from fewer steps, or from no guidance in the last part.

Draws the same frames in several ways, with plain and with referential captions. The judge scores each way: the right
people each once, doubles, the right place, the actions. Each way is compared with the first way, frame by frame, so the
interval is the interval of the difference. Pictures are kept in --out, and an interrupted run continues where it
stopped. If ONNX Runtime is installed, the denoiser runs in it, in the same way for all.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from storyboard.disk.durable import write_json
from storyboard.errors import StoryError
from storyboard.models.judge import Judge
from storyboard.pipeline import StoryPipeline
from storyboard.pipeline.engine import quickened
from storyboard.renderer import MAX_STEPS
from training.configs.arguments import parsed
from training.evaluate.__main__ import usual_judge
from training.evaluate.drawing import DrawnFrame, StoryArtist, System, weights_hash
from training.evaluate.intervals import Estimate, estimate
from training.evaluate.judge.vocabulary import load_maple_lane_judge
from training.evaluate.metrics import Ratio
from training.evaluate.people_scores import Staged, action_ratios, doubles, each_once, right_place, staged
from training.maple_lane import MapleStory, story

CAPTIONS = {"plain": "char-ldm", "referential": "llm"}
TOGETHER = 8  # stories that are drawn side by side
MARGIN = 1.0  # points; the interval of a way's loss must end below this
LEAST = 300  # fewest frames for a verdict: with few frames, an interval of 0 says nothing
BETTER_LOW = ("Doubles",)  # scores that are better when lower


@dataclass(frozen=True)
class Way:
    """A number of steps, of which the share `guided` has guidance."""

    steps: int
    guided: float = 1.0

    @classmethod
    def read(cls, text: str) -> Way:
        """Returns the way for a text like "10" or "15:0.6". StoryError for anything else."""
        steps, _, guided = text.partition(":")
        try:
            way = cls(int(steps), float(guided or 1))
        except ValueError:
            way = cls(0)
        if not (1 <= way.steps <= MAX_STEPS and 0 <= way.guided <= 1):
            raise StoryError(
                f'"{text}" is no way to draw; write steps, as "10", or steps and a part, as "15:0.6".'
            )
        return way

    def __str__(self) -> str:
        return f"{self.steps} steps" + ("" if self.guided == 1 else f", guided {self.guided:.0%}")

    @property
    def rows(self) -> int:
        """The rows that the denoiser computes for a frame, with a solver that calls it once a step."""
        return self.steps + sum(index < self.guided * self.steps for index in range(self.steps))


@dataclass
class ShortcutArguments:
    json: str = field(metadata={"help": "file of the scores"})
    ways: list[str] = field(
        default_factory=lambda: ["15", "10", "8", "6", "15:0.6"],
        metadata={
            "help": "steps, or steps:part with guidance; the first is what the others are compared with"
        },
    )
    stories: int = field(
        default=250, metadata={"help": "of four frames each, drawn with both kinds of captions"}
    )
    split: str = field(default="test", metadata={"help": "train, val or test"})
    pipeline: str = field(default="assets/maple-lane", metadata={"help": "folder of the pipeline"})
    judge: str | None = field(
        default=None, metadata={"help": "folder of the judge; by default the usual one"}
    )
    out: str = field(default="runs/evaluate/shortcuts", metadata={"help": "folder of drawn pictures"})

    def __post_init__(self) -> None:
        if self.stories < 1 or len(self.ways) < 2:
            raise StoryError("At least one story and two ways are needed.")


def draw(
    pipeline: StoryPipeline, weights: str, way: Way, captions: str, tales: Sequence[MapleStory], out: Path
) -> list[DrawnFrame]:
    """Returns every frame of the stories, drawn in one way. Kept pictures are read from the folder."""
    pipeline.register_to_config(guided=way.guided)
    key = weights if way.guided == 1 else f"{weights} guided {way.guided}"
    artist = StoryArtist(pipeline, System(key, captions, CAPTIONS[captions], way.steps), out)
    told: list[list[DrawnFrame]] = []
    with tqdm(total=sum(len(one.frames) for one in tales), desc=f"{captions}, {way}", mininterval=5) as bar:
        for start in range(0, len(tales), TOGETHER):
            told += artist.draw_together(tales[start : start + TOGETHER], bar.update)
    return [frame for frames in told for frame in frames]


def scores(frames: Sequence[DrawnFrame], judge: Judge) -> dict[str, Ratio]:
    """Returns the ratios of the frames by score, with one row for each frame."""
    seen = judge.look(frame.open() for frame in frames)
    stage: list[Staged] = [
        staged(frame.truth.scene, what, judge.vocabulary) for frame, what in zip(frames, seen, strict=True)
    ]
    actions = action_ratios(stage, judge.vocabulary).values()
    return {
        "Each once": each_once(stage),
        "Doubles": doubles(stage),
        "Right place": right_place(stage),
        "Action": Ratio(
            np.sum([one.above for one in actions], axis=0), np.sum([one.below for one in actions], axis=0)
        ),
    }


def compared(ratios: Mapping[str, Ratio], first: Mapping[str, Ratio], stories: np.ndarray) -> dict[str, dict]:
    """Returns for each score its value, its difference from the first way, and the verdict.

    The difference is in points and has its interval. no_loss: whether this interval ends less than MARGIN on the worse
    side. None for fewer than LEAST frames.
    """
    told = {}
    for name, ratio in ratios.items():
        apart = _difference(ratio, first[name], stories)
        worst = apart.high if name in BETTER_LOW else -apart.low
        told[name] = {
            "value": _percent(ratio),
            "difference": asdict(apart),
            "no_loss": bool(worst < MARGIN) if len(stories) >= LEAST else None,
        }
    return told


def _difference(ratio: Ratio, first: Ratio, stories: np.ndarray) -> Estimate:
    return estimate(lambda rows: _percent(ratio, rows) - _percent(first, rows), stories)


def _percent(ratio: Ratio, rows: np.ndarray | slice = slice(None)) -> float:
    return 100 * float(ratio.above[rows].sum()) / max(1, int(ratio.below[rows].sum()))


def table(told: Mapping[str, Mapping[str, dict]]) -> str:
    """Returns the text to print: a line for each way and kind of captions. Differences are in brackets."""
    lines = []
    for captions, ways in told.items():
        for way, entry in ways.items():
            cells = (
                f"{name} {one['value']:.1f} [{one['difference']['low']:+.1f}, {one['difference']['high']:+.1f}]"
                for name, one in entry["scores"].items()
            )
            lines.append(f"{captions:12} {way:24} {entry['rows']:3} rows  " + "  ".join(cells))
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> None:
    args = parsed(ShortcutArguments, argv)
    ways = [Way.read(text) for text in args.ways]
    asked = args.judge or usual_judge()
    if asked is None:
        raise StoryError("There is no judge to ask; name its folder with --judge.")
    judge, weights = load_maple_lane_judge(asked), weights_hash(args.pipeline)
    pipeline = quickened(StoryPipeline.from_pretrained(args.pipeline, reader="needed"))
    tales = [story(args.split, index) for index in range(args.stories)]
    told: dict[str, dict] = {captions: {} for captions in CAPTIONS}
    for captions, entries in told.items():
        first = None
        for way in ways:
            frames = draw(pipeline, weights, way, captions, tales, Path(args.out))
            found = scores(frames, judge)
            first = first or found
            groups = np.array([frame.story.id for frame in frames])
            entries[str(way)] = {
                "frames": len(frames),
                "rows": way.rows,
                "scores": compared(found, first, groups),
            }
    setting = {
        "pipeline": args.pipeline,
        "pipeline hash": weights[:16],
        "judge": asked,
        "split": args.split,
    }
    write_json(Path(args.json), setting | {"stories": len(tales), "captions": told})
    print(table(told))


if __name__ == "__main__":
    try:
        main()
    # For example a missing or incomplete folder; the message says which.
    except (StoryError, OSError) as error:
        sys.exit(str(error))
