"""`python -m training.evaluate --pipeline FOLDER --captions plain|referential --json FILE`: draws stories and scores
them.

Prints and writes the scores of the classifier and of the judge for the drawn frames, beside their scores for the real
frames. Pictures are kept in --out. So scoring again takes only seconds, and an interrupted run continues where it
stopped.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch
from tqdm.auto import tqdm

from storyboard.disk.durable import write_json
from storyboard.errors import StoryError
from storyboard.pipeline import StoryPipeline
from training.configs.arguments import parsed
from training.evaluate.drawing import DrawnFrame, StoryArtist, System, weights_hash
from training.evaluate.frame_classifier import load_classifier
from training.evaluate.judge.vocabulary import load_maple_lane_judge
from training.evaluate.report import look_at, report, sheet_of, table
from training.maple_lane import MapleStory, story

JUDGES = ("assets/maple-lane/judge", "runs/judge-weights")
CLASSIFIERS = ("assets/maple-lane/evaluator", "runs/maple-lane/classifier")


def usual_classifier() -> str:
    """Returns the folder that holds a classifier. If there is none, returns the folder where training will write it."""
    return next((folder for folder in CLASSIFIERS if Path(folder).is_dir()), CLASSIFIERS[-1])


def usual_judge() -> str | None:
    """Returns the folder that holds a judge; None if there is none."""
    return next((folder for folder in JUDGES if (Path(folder) / "config.json").is_file()), None)


@dataclass
class EvaluateArguments:
    json: str = field(metadata={"help": "file of the scores; the contact sheet is written beside it as .png"})
    pipeline: str = field(default="assets/maple-lane", metadata={"help": "folder of the pipeline"})
    split: Literal["train", "val", "test"] = field(default="test", metadata={"help": "whose stories"})
    stories: int = field(default=50, metadata={"help": "how many, from the first"})
    frames: int = field(default=4, metadata={"help": "frames a story"})
    captions: Literal["plain", "referential"] = field(
        default="plain", metadata={"help": "with names, or with pronouns and places left unsaid"}
    )
    conditioning: Literal["char-ldm", "llm", "text"] | None = field(
        default=None, metadata={"help": "plain captions default to char-ldm, referential ones to llm"}
    )
    steps: int | None = field(
        default=None, metadata={"help": "denoising steps; the pipeline's own by default"}
    )
    guidance: float | None = field(default=None, metadata={"help": "the pipeline's own by default"})
    classifier: str = field(
        default_factory=usual_classifier,
        metadata={"help": f"folder of the classifier; by default {' or '.join(CLASSIFIERS)}"},
    )
    judge: str | None = field(
        default=None, metadata={"help": f"folder of the judge; by default {' or '.join(JUDGES)}, if there"}
    )
    out: str = field(
        default="runs/evaluate/pictures", metadata={"help": "folder of drawn pictures, of any system"}
    )

    def __post_init__(self) -> None:
        if self.judge is None:
            self.judge = usual_judge()
        if self.stories < 1 or self.frames < 1:
            raise StoryError(
                f"--stories {self.stories} --frames {self.frames}: at least one of each is needed."
            )


def draw_stories(artist: StoryArtist, tales: list[MapleStory]) -> list[DrawnFrame]:
    """Returns every frame of every story.

    If the first story is from an earlier run, its last picture is drawn again to notice a change of the code.
    """
    frames: list[DrawnFrame] = []
    before = set(artist.folder.iterdir())
    with tqdm(total=sum(len(tale.frames) for tale in tales), desc="frames", mininterval=2) as bar:
        for tale in tales:
            drawn = artist.draw(tale, bar.update)
            if not frames and drawn[-1].path in before:
                artist.check(drawn)
            frames += drawn
    return frames


def main(argv: list[str] | None = None) -> None:
    args = parsed(EvaluateArguments, argv)
    classifier = load_classifier(args.classifier)
    judge = load_maple_lane_judge(args.judge) if args.judge else None
    device = "cuda" if torch.cuda.is_available() else "cpu"
    pipeline = StoryPipeline.from_pretrained(args.pipeline, reader="needed").to(device)
    conditioning = args.conditioning or ("char-ldm" if args.captions == "plain" else "llm")
    system = System(weights_hash(args.pipeline), args.captions, conditioning, args.steps, args.guidance)
    tales = [story(args.split, index, args.frames) for index in range(args.stories)]
    frames = draw_stories(StoryArtist(pipeline, system, Path(args.out)), tales)
    setting = {
        "pipeline": args.pipeline,
        "pipeline hash": system.pipeline[:16],
        "classifier": args.classifier,
        "judge": args.judge,
        "split": args.split,
        "stories": args.stories,
        "captions": args.captions,
        "conditioning": conditioning,
    }
    told = setting | report(look_at(classifier, frames, judge), frames, classifier.names)
    file = Path(args.json)
    write_json(file, told)
    sheet_of(told, frames).save(file.with_suffix(".png"))
    print(table(told))


if __name__ == "__main__":
    try:
        main()
    # For example a missing or incomplete folder; the message says which.
    except (StoryError, OSError) as error:
        sys.exit(str(error))
