"""`python -m training.evaluate.guests --json FILE`: people whom the model has never met, drawn as the app would.

The cast of every story has two people of the test split, beside the pipeline's own cast. The first person is alone in
two frames of three, by name or by pronoun. In every third frame both are there. The command prints and writes how often
each person is alone, looks as in the portrait and is not mixed up with the other. Beside this stand the judge's scores
on real pictures of the same scenes. Pictures are kept in --out, so that an interrupted run continues where it stopped.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from PIL import Image
from tqdm.auto import tqdm

from storyboard.disk.durable import write_json
from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.models.judge import Judge
from storyboard.pipeline import StoryPipeline
from storyboard.story.cast_edits import add_character
from storyboard.story.values import Character, new_story
from storyboard.studio.cast import load_cast
from storyboard.studio.session import StorySession
from storyboard.text.captions import mentioned_names
from training.configs.arguments import parsed
from training.evaluate.__main__ import JUDGES, usual_judge
from training.evaluate.classifier import real_picture
from training.evaluate.drawing import PORTRAIT, KeptRenderer, frame_seed, opened, weights_hash
from training.evaluate.free_drawing import Refused, draw_text
from training.evaluate.guest_scores import GuestFrame, guest_scores
from training.evaluate.judge.synthesis import read_by_drawing
from training.evaluate.judge.vocabulary import load_maple_lane_judge
from training.evaluate.people_scores import staged
from training.evaluate.report import rounded
from training.evaluate.sheet import SheetFrame, contact_sheet
from training.evaluate.staging import seen_or_nothing
from training.maple_lane import MapleStory, draw_portrait, sample_guest_story

TOLD_APART = (1, 4, 20)  # numbers of the frames whose looks also get their own scores


@dataclass
class GuestArguments:
    json: str = field(metadata={"help": "file of the scores"})
    stories: int = field(default=200, metadata={"help": "how many, from the first"})
    frames: int = field(default=4, metadata={"help": "frames a story"})
    pipeline: str = field(default="assets/maple-lane", metadata={"help": "folder of the pipeline"})
    sheet: str | None = field(
        default=None, metadata={"help": "file of a contact sheet, portraits first; none by default"}
    )
    steps: int | None = field(
        default=None, metadata={"help": "denoising steps; the pipeline's own by default"}
    )
    judge: str | None = field(
        default=None, metadata={"help": f"folder of the judge; by default {' or '.join(JUDGES)}"}
    )
    best: bool = field(
        default=False,
        metadata={"help": "draw what the app's own judge finds wrong again, as the page does when asked to"},
    )
    by_drawing: bool = field(
        default=False,
        metadata={"help": "read looks and actions by drawing them (synthesis.py), some 10 seconds a person"},
    )
    out: str = field(
        default="runs/evaluate/guests", metadata={"help": "folder of drawn pictures, of any run"}
    )

    def __post_init__(self) -> None:
        for name in ("stories", "frames"):
            if getattr(self, name) < 1:
                raise StoryError(f"--{name} {getattr(self, name)}: at least one is needed.")


@dataclass(frozen=True)
class GuestPicture:
    """The result for one frame of a story.

    number: counted from 0
    path: None if the app refused the text
    refused: the app's reason, or ""
    """

    story: MapleStory
    number: int
    path: Path | None = None
    refused: str = ""

    @property
    def caption(self) -> str:
        return self.story.frames[self.number].referential

    @property
    def named(self) -> bool:
        """Whether the caption says the name of the first person."""
        return next(iter(self.story.looks)) in mentioned_names(
            self.caption, dict.fromkeys(self.story.looks, ())
        )

    def open(self) -> Image.Image | None:
        """Returns the picture as RGB; None if there is no picture."""
        return opened(self.path) if self.path else None


def draw_guests(
    story: MapleStory,
    cast: Sequence[Character],
    renderer: KeptRenderer,
    pictures: PictureStore,
    steps: int | None = None,
    best: bool = False,
) -> list[GuestPicture]:
    """Returns the frames of a story in order, drawn in a session that also has the story's people in its cast.

    cast: everybody else whom the app offers
    pictures: the working store of the session
    best: whether to draw wrong pictures again, as the page does when asked
    """
    told = new_story(tuple(cast), title=story.id)
    for name, look in story.looks.items():
        key = pictures.put(portrait_of(story, name))
        told = add_character(told, name, look.pronoun, (), key, look=look)
    session = StorySession(told, renderer, pictures, steps=steps)
    made = []
    for number, frame in enumerate(story.frames):
        try:
            path = draw_text(session, frame.referential, frame_seed(story.id, number), renderer, best)
            made.append(GuestPicture(story, number, path))
        except Refused as error:
            made.append(GuestPicture(story, number, refused=str(error)))
    return made


def portrait_of(story: MapleStory, name: str) -> Image.Image:
    return Image.fromarray(draw_portrait(name, story.wears(name), PORTRAIT))


def draw_all(args: GuestArguments, weights: str) -> list[GuestPicture]:
    """Returns every frame of every story, drawn by the pipeline of `args`. Kept pictures are read from the folder.

    weights: the hash of the pipeline's weights, which is part of a kept picture's name.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    pipeline = StoryPipeline.from_pretrained(args.pipeline, reader="needed").to(device)
    renderer = KeptRenderer(pipeline, weights, Path(args.out))
    told: list[GuestPicture] = []
    with tempfile.TemporaryDirectory() as workshop:
        pictures = PictureStore(Path(workshop))
        cast = load_cast(args.pipeline, pictures)
        for number in tqdm(range(args.stories), desc="stories", mininterval=2):
            story = sample_guest_story(number, args.frames)
            told += draw_guests(story, cast, renderer, pictures, args.steps, args.best)
    return told


def look_at(
    judge: Judge, told: Sequence[GuestPicture], real: bool = False, by_drawing: bool = False
) -> list[GuestFrame]:
    """Returns what the judge sees in the drawn pictures, or in the real pictures of the same scenes.

    If the app refused the text, the judge sees nobody. by_drawing: looks and actions are read by drawing them.
    """
    scenes = [one.story.frames[one.number].scene for one in told]
    pictures = [real_picture(scene) for scene in scenes] if real else [one.open() for one in told]
    looked = seen_or_nothing(judge, pictures)
    if by_drawing:
        looked = [
            read_by_drawing(picture, seen, judge.vocabulary) if picture else seen
            for picture, seen in zip(tqdm(pictures, desc="drawn again", mininterval=2), looked, strict=True)
        ]
    frames = []
    for one, scene, seen in zip(told, scenes, looked, strict=True):
        stage = staged(scene, seen, judge.vocabulary)
        frames.append(GuestFrame(one.story.id, one.number + 1, one.named, stage))
    return frames


def report(judge: Judge, told: Sequence[GuestPicture], by_drawing: bool = False) -> dict:
    """Returns the results of one run as JSON. by_drawing: as in `look_at`."""
    numbers = [number for number in TOLD_APART if any(one.number + 1 == number for one in told)]
    return {
        "frames": len(told),
        "refused": sum(one.path is None for one in told),
        "scores": rounded(guest_scores(look_at(judge, told, False, by_drawing), judge.vocabulary, numbers)),
        "real frames": rounded(
            guest_scores(look_at(judge, told, True, by_drawing), judge.vocabulary, numbers)
        ),
    }


def table(told: dict) -> str:
    """Returns the text to print: each score of the drawn frames, beside the judge's own score on the real frames."""
    lines = [f"{'':32}{'drawn':>8}  {'95 %':16}{'right/of':>10}{'real':>8}"]
    for name, one in told["scores"].items():
        between = f"[{one['low']:.1f}, {one['high']:.1f}]"
        counted = f"{one['right']}/{one['of']}"
        real = told["real frames"][name]["value"]
        lines.append(f"{name:32}{one['value']:8.1f}  {between:16}{counted:>10}{real:8.1f}")
    return "\n".join(lines)


def sheet_of(told: Sequence[GuestPicture]) -> Image.Image:
    """Returns the contact sheet: for each story the two portraits, then every picture with its caption."""
    blocks: dict[str, list[SheetFrame]] = {}
    for one in told:
        if one.story.id not in blocks:
            faces = [SheetFrame(portrait_of(one.story, name), name, "") for name in one.story.looks]
            blocks[one.story.id] = faces
        picture = one.open() or Image.new("RGB", (8, 8), "#e8e2da")
        blocks[one.story.id].append(SheetFrame(picture, one.caption, one.refused))
    return contact_sheet(list(blocks.items()))


def main(argv: list[str] | None = None) -> None:
    args = parsed(GuestArguments, argv)
    folder = args.judge or usual_judge()
    if folder is None:
        raise StoryError(f"There is no judge in {' or '.join(JUDGES)}; give the folder of one with --judge.")
    judge = load_maple_lane_judge(folder)
    weights = weights_hash(args.pipeline)
    drawn = draw_all(args, weights)
    told = {
        "pipeline": args.pipeline,
        "pipeline hash": weights[:16],
        "judge": f"{folder}, looks by drawing" if args.by_drawing else folder,
        "stories": args.stories,
        "conditioning": "as the app draws, the best of its takes" if args.best else "as the app draws",
    } | report(judge, drawn, args.by_drawing)
    write_json(Path(args.json), told)
    if args.sheet:
        sheet_of(drawn).save(args.sheet)
    print(f"{table(told)}\n{told['refused']} texts refused by the app")


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"guests: {error}")
