"""How often "she" is read right: `python -m training.evaluate.references_resolved --pipeline DIR --json FILE`.

It scores the readings of `storyboard.pipeline.explain` on Maple Lane's stories, whose referential captions come with
the answers. The history is the real pictures, so that only reading is measured. Beside the language model's condition
stands a perfect condition: the fused condition of the caption with names. It shows what the comparison itself could
tell.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import mean, median
from typing import Literal

import numpy as np
import torch
from PIL import Image

from storyboard.disk.durable import write_json
from storyboard.errors import StoryError
from storyboard.pipeline import StoryPipeline
from storyboard.pipeline.conditions import FrameCondition, FrameConditions
from storyboard.renderer import ContextFrame, FrameRequest
from storyboard.text.candidates import candidates
from storyboard.text.captions import Reading, read_sentence
from training.configs.arguments import parsed
from training.evaluate.drawing import cast_of
from training.evaluate.metrics import Ratio, bootstrap
from training.maple_lane import FIXED, StoryFrame, draw, story
from training.maple_lane.reading import NAMES

PICTURE = 128  # side in pixels of the pictures that are read


@dataclass
class ResolvedArguments:
    json: str = field(metadata={"help": "file of the scores"})
    pipeline: str = field(default="assets/maple-lane", metadata={"help": "folder of the pipeline"})
    split: Literal["val", "test"] = field(default="test", metadata={"help": "whose stories"})
    frames: int = field(default=4, metadata={"help": "frames a story"})
    pronouns: int = field(default=60, metadata={"help": "how many that could stand for several are read"})

    def __post_init__(self) -> None:
        if (self.split, self.frames) not in FIXED:
            sizes = ", ".join(str(frames) for split, frames in FIXED if split == self.split)
            raise ValueError(f"--frames {self.frames}: the {self.split} stories have {sizes} frames")
        if self.pronouns < 1:
            raise ValueError(f"--pronouns {self.pronouns}: at least one is needed")


@dataclass(frozen=True)
class PronounFrame:
    """A frame whose caption has pronouns, and what is needed to read it.

    `choices`: the candidates for each reference.
    """

    story: str
    request: FrameRequest
    truth: StoryFrame
    choices: tuple[tuple[tuple[str, ...], ...], ...]


@dataclass(frozen=True)
class Answer:
    """One pronoun that was read. `confidence` is 0 if there was no reading."""

    story: str
    word: str
    choices: int
    right: bool
    confidence: float


def pronoun_frames(split: str, frames: int) -> Iterator[PronounFrame]:
    """Yields the frames with pronouns of the fixed stories, in order. Each frame reads the frames before it."""
    for index in range(FIXED[(split, frames)]):
        tale = story(split, index, frames)
        cast = cast_of(tale)
        history: tuple[ContextFrame, ...] = ()
        for frame in tale.frames:
            caption = frame.referential
            if frame.references:
                sentence = read_sentence(caption, NAMES)
                pronouns = {one.start: one for one in sentence.pronouns}
                told = [read_sentence(earlier.caption, NAMES) for earlier in history]
                choices = tuple(
                    tuple(candidates(sentence, pronouns[one.start], cast, told)) for one in frame.references
                )
                yield PronounFrame(tale.id, FrameRequest(caption, cast, history, seed=0), frame, choices)
            history += (ContextFrame(caption, Image.fromarray(draw(frame.scene, PICTURE))),)


def answers(frame: PronounFrame, readings: tuple[Reading, ...]) -> list[Answer]:
    """Returns how the readings of a frame compare with its true references."""
    read = {reading.start: reading for reading in readings}
    found = []
    for reference, choices in zip(frame.truth.references, frame.choices, strict=True):
        reading = read.get(reference.start)
        right = reading is not None and set(reading.names) == set(reference.names)
        sure = reading.confidence if reading else 0.0
        found.append(Answer(frame.story, reference.word.lower(), len(choices), right, sure))
    return found


def perfect(conditions: FrameConditions, frame: PronounFrame, read: FrameCondition) -> FrameCondition:
    """Returns `read` with the fused condition of the caption with names.

    It is as if the language model had understood everything.
    """
    plain = replace(frame.request, caption=frame.truth.plain)
    return replace(read, condition=conditions.of(plain, "char-ldm").condition)


def summary(found: list[Answer]) -> dict:
    """Returns how many pronouns with several candidates were read right, and the confidence of these readings."""
    several = [one for one in found if one.choices > 1]
    ratio = Ratio(np.array([one.right for one in several], dtype=int), np.ones(len(several), dtype=int))
    return {
        **asdict(bootstrap(ratio, np.array([one.story for one in several]))),
        "by guessing": 100 * mean(1 / one.choices for one in several),
        "mean confidence": 100 * mean(one.confidence for one in several),
    }


@torch.inference_mode()
def measure(pipeline: StoryPipeline, args: ResolvedArguments) -> dict:
    """Returns the scores over the first frames that together have `args.pronouns` pronouns with several candidates."""
    conditions = FrameConditions(pipeline)
    single, seconds = [0, 0], []
    model: list[Answer] = []
    known: list[Answer] = []
    for frame in pronoun_frames(args.split, args.frames):
        if sum(one.choices > 1 for one in model) >= args.pronouns:
            break
        for reference, choices in zip(frame.truth.references, frame.choices, strict=True):
            if len(choices) == 1:
                single[0] += set(choices[0]) == set(reference.names)
                single[1] += 1
        if all(len(choices) < 2 for choices in frame.choices):
            continue
        condition = conditions.of(frame.request, "llm")
        start = time.perf_counter()
        model += answers(frame, conditions.explain(frame.request, condition)[0])
        seconds.append(time.perf_counter() - start)
        known += answers(frame, conditions.explain(frame.request, perfect(conditions, frame, condition))[0])
    return {
        "language model": summary(model),
        "perfect condition": summary(known),
        "one candidate": {"right": single[0], "of": single[1]},
        "seconds a frame": median(seconds),
    }


def main(argv: list[str] | None = None) -> None:
    args = parsed(ResolvedArguments, argv)
    pipeline = StoryPipeline.from_pretrained(args.pipeline, reader="needed")
    if pipeline.language_model is None:
        raise ValueError(f"{args.pipeline} has no language model, so no pronoun is read")
    report = measure(pipeline.to("cuda") if torch.cuda.is_available() else pipeline, args)
    for name in ("language model", "perfect condition"):
        one = report[name]
        print(
            f"{name:18} {one['right']} of {one['of']} right = {one['value']:.1f} % [{one['low']:.1f}, "
            f"{one['high']:.1f}], by guessing {one['by guessing']:.1f} %, "
            f"mean confidence {one['mean confidence']:.1f} %"
        )
    alone = report["one candidate"]
    print(f"only one candidate {alone['right']} of {alone['of']} right")
    print(f"{report['seconds a frame']:.3f} s a frame, without the condition itself")
    setting = {"pipeline": args.pipeline, "split": args.split, "frames": args.frames}
    write_json(Path(args.json), setting | report)


if __name__ == "__main__":
    try:
        main()
    except (StoryError, ValueError, OSError) as error:  # the message says what to change
        sys.exit(str(error))
