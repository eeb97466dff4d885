"""`python -m training.evaluate.free --json FILE` draws the free stories like the app, and scores the pictures.

Prints and writes the scores of all frames and of each kind of frame. Each has an interval, and beside it the judge's
own score on real pictures of the same scenes. A text that the app refuses counts as a picture of nobody and no place.
Pictures are kept in --out, so that a second scoring takes seconds and an interrupted run continues where it stopped.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from PIL import Image
from tqdm.auto import tqdm

from storyboard.disk.durable import write_json
from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.models.judge import Judge, SeenFrame
from storyboard.pipeline import StoryPipeline
from storyboard.studio.cast import load_cast
from training.configs.arguments import parsed
from training.evaluate.__main__ import CLASSIFIERS, JUDGES, usual_classifier, usual_judge
from training.evaluate.classifier import real_picture
from training.evaluate.drawing import KeptRenderer, weights_hash
from training.evaluate.frame_classifier import load_classifier
from training.evaluate.free_drawing import FreePicture, draw_free_story
from training.evaluate.free_stories import FREE_STORIES, FreeStory, load_free_stories
from training.evaluate.judge.vocabulary import load_maple_lane_judge
from training.evaluate.labels import LabelNames
from training.evaluate.metrics import ABSENT, Labels, Score, bootstrap, deeds_right, score
from training.evaluate.people_scores import Staged, each_once, people_scores, staged
from training.evaluate.report import (
    Judged,
    Scored,
    by_frame,
    complaint,
    how_made,
    miscounted,
    on_stage,
    plain,
    rounded,
    table,
)
from training.evaluate.sheet import SheetFrame, contact_sheet
from training.evaluate.staging import seen_or_nothing
from training.maple_lane import Scene

SHOWN = ("Each once", "Char-Acc", "BG-Acc", "Action-Acc")  # the scores of each kind in the printed table


class Labeller(Protocol):
    """Says who is in a picture, where they are and what they do, with one label each. The judge says how often."""

    @property
    def names(self) -> LabelNames: ...

    def see(self, pictures: Iterable[Image.Image]) -> Labels:
        """Returns the labels of F pictures of any size. F is at least 1."""
        ...


@dataclass
class FreeArguments:
    json: str = field(metadata={"help": "file of the scores"})
    stories: int | None = field(default=None, metadata={"help": "how many, from the first; all by default"})
    written: str = field(default=str(FREE_STORIES), metadata={"help": "file of the stories"})
    pipeline: str = field(default="assets/maple-lane", metadata={"help": "folder of the pipeline"})
    sheet: str | None = field(
        default=None, metadata={"help": "file of a contact sheet with texts; none by default"}
    )
    steps: int | None = field(
        default=None, metadata={"help": "denoising steps; the pipeline's own by default"}
    )
    classifier: str = field(
        default_factory=usual_classifier,
        metadata={"help": f"folder of the classifier; by default {' or '.join(CLASSIFIERS)}"},
    )
    judge: str | None = field(
        default=None, metadata={"help": f"folder of the judge; by default {' or '.join(JUDGES)}, if there"}
    )
    best: bool = field(
        default=False,
        metadata={"help": "draw what the app's own judge finds wrong again, as the page does when asked to"},
    )
    out: str = field(default="runs/evaluate/free", metadata={"help": "folder of drawn pictures, of any run"})

    def __post_init__(self) -> None:
        if self.judge is None:
            self.judge = usual_judge()
        if self.stories is not None and self.stories < 1:
            raise StoryError(f"--stories {self.stories}: at least one is needed.")


def draw_all(stories: Sequence[FreeStory], args: FreeArguments, weights: str) -> list[FreePicture]:
    """Returns every frame of every story, drawn by the pipeline of `args`. Kept pictures are read from disk.

    weights: the hash of the pipeline's weights, which is part of a kept picture's name.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    renderer = KeptRenderer(
        StoryPipeline.from_pretrained(args.pipeline, reader="needed").to(device), weights, Path(args.out)
    )
    told: list[FreePicture] = []
    frames = sum(len(story.frames) for story in stories)
    with tempfile.TemporaryDirectory() as workshop, tqdm(total=frames, desc="frames", mininterval=2) as bar:
        pictures = PictureStore(Path(workshop))
        cast = load_cast(args.pipeline, pictures)
        for story in stories:
            told += draw_free_story(story, cast, renderer, pictures, args.steps, bar.update, args.best)
    return told


def look_at(labeller: Labeller, told: Sequence[FreePicture], judge: Judge | None = None) -> Scored:
    """Returns the frames as they should be, as the drawn pictures show them, and as real pictures of the scenes do.

    An action that the text leaves open is ABSENT in the truth, so it does not count.
    """
    scenes = [one.story.as_maple_story().frames[one.number].scene for one in told]
    truth = labeller.names.labels_of(scenes)
    for row, one in enumerate(told):
        for name, action in one.frame.does.items():
            if action is None:
                truth.actions[row, labeller.names.characters.index(name)] = ABSENT
    groups = np.array([one.story.id for one in told])
    return Scored(
        groups,
        np.array([one.number + 1 for one in told]),
        truth,
        _seen(labeller, [one.open() for one in told]),
        labeller.see(real_picture(scene) for scene in scenes),
        _judged(judge, told, scenes, groups) if judge else None,
    )


def _judged(judge: Judge, told: Sequence[FreePicture], scenes: Sequence[Scene], groups: np.ndarray) -> Judged:
    """Returns who is who in the drawn and in the real pictures. If the app refused a text, both show nobody."""
    drawn = seen_or_nothing(judge, [one.open() for one in told])

    def on(seen: Iterable[SeenFrame]) -> list[Staged]:
        return [
            staged(scene, what, judge.vocabulary, {n for n, deed in one.frame.does.items() if deed is None})
            for scene, what, one in zip(scenes, seen, told, strict=True)
        ]

    frames, real = on(drawn), on(judge.look(map(real_picture, scenes)))
    return Judged(frames, *(people_scores(some, groups, judge.vocabulary) for some in (frames, real)))


def _seen(labeller: Labeller, pictures: Sequence[Image.Image | None]) -> Labels:
    """Returns what is seen. A missing picture shows nobody and no place."""
    shown = {row: picture for row, picture in enumerate(pictures) if picture is not None}
    found = labeller.see(shown.values()) if shown else None
    names, count = labeller.names, len(pictures)
    people = (count, len(names.characters))
    labels = Labels(
        np.zeros(people, bool),
        np.zeros((count, len(names.places)), bool),
        np.full(people, ABSENT),
        np.full(people, ABSENT),
    )
    for name in Labels.__annotations__ if found is not None else ():
        getattr(labels, name)[list(shown)] = getattr(found, name)
    return labels


def scores_of(truth: Labels, seen: Labels, stories: np.ndarray) -> dict[str, Score]:
    """Returns every score of the frames, and the share of frames with different actions in which all are right."""
    return score(truth, seen, stories) | {"Who does what": bootstrap(deeds_right(truth, seen), stories)}


def by_kind(scored: Scored, told: Sequence[FreePicture]) -> dict[str, dict]:
    """Returns the scores of the frames of each kind, as JSON, beginning with the largest kind."""
    kinds = [one.kinds for one in told]
    found = {}
    for kind, count in Counter(kind for some in kinds for kind in some).most_common():
        rows = np.array([kind in some for some in kinds])
        truth, stories = scored.truth[rows], scored.groups[rows]
        found[kind] = {
            "frames": count,
            "scores": plain(scores_of(truth, scored.drawn[rows], stories))
            | _counted(scored.stage, rows, stories),
            "real frames": plain(scores_of(truth, scored.real[rows], stories)),
        }
    return found


def _counted(stage: Judged | None, rows: np.ndarray, stories: np.ndarray) -> dict[str, dict]:
    """Returns what the judge counts in some of the frames, rows (F,). Without a judge it is nothing."""
    if stage is None:
        return {}
    frames = [frame for frame, of_kind in zip(stage.frames, rows, strict=True) if of_kind]
    return plain({"Each once": bootstrap(each_once(frames), stories)})


def verdicts(scored: Scored, told: Sequence[FreePicture]) -> dict[str, int]:
    """Returns how many pictures the app's own judge checked, how many it called wrong, and how often it was right.

    The number of pictures that are really wrong is there too. A picture is wrong if it does not show exactly the people
    of its truth, each once, or if it shows another place.
    """
    wrong = _wrong(scored)
    claimed = [(one.made.verdict, bad) for one, bad in zip(told, wrong, strict=True) if one.made]
    claims = [(verdict.faults > 0, bad) for verdict, bad in claimed if verdict is not None]
    return {
        "judged": len(claims),
        "said to be wrong": sum(said for said, _ in claims),
        "rightly": sum(said and bad for said, bad in claims),
        "wrong": sum(bad for _, bad in claims),
    }


def _wrong(scored: Scored) -> list[bool]:
    """Returns whether each frame is wrong.

    It is wrong if it shows other people than its truth, a person not exactly once, or another place.
    """
    if scored.stage is None:
        raise ValueError("nobody has counted the people of these frames")
    places = (scored.truth.places == scored.drawn.places).all(axis=1)
    frames = scored.stage.frames
    return [not (place and frame.each_once) for place, frame in zip(places.tolist(), frames, strict=True)]


def report(scored: Scored, told: Sequence[FreePicture], names: LabelNames) -> dict:
    """Returns the results of one run as JSON. told: the frames that were scored, in the same order."""
    made, stage = [one.made for one in told if one.made is not None], scored.stage
    return {
        "frames": len(told),
        "refused": len(told) - len(made),
        **(how_made(made) if made else {}),
        "scores": plain(scores_of(scored.truth, scored.drawn, scored.groups))
        | rounded(stage.drawn if stage else {}),
        "real frames": plain(scores_of(scored.truth, scored.real, scored.groups))
        | rounded(stage.real if stage else {}),
        **({"verdicts": verdicts(scored, told)} if stage else {}),
        "by frame number": by_frame(scored),
        "by kind": by_kind(scored, told),
        "pictures": [
            {
                "story": one.story.id,
                "frame": one.number + 1,
                "text": one.frame.text,
                "kinds": list(one.kinds),
                "file": one.path.name if one.path else None,
                "refused": one.refused,
                "truth": {"places": [one.frame.place], "characters": dict(one.frame.does)},
                "seen": names.in_words(scored.drawn, row),
                **({"on stage": on_stage(stage.frames[row])} if stage else {}),
            }
            for row, one in enumerate(told)
        ],
    }


def kinds_table(told: dict) -> str:
    """Returns the printed table of the kinds: their frames, and each score with its interval."""
    lines = [f"{'':32}{'frames':>6}" + "".join(f"{name:>22}" for name in SHOWN)]
    for kind, entry in told["by kind"].items():
        cells = "".join(f"{_cell(entry['scores'].get(name)):>22}" for name in SHOWN)
        lines.append(f"{kind:32}{entry['frames']:6}{cells}")
    return "\n".join(lines)


def _cell(one: dict | None) -> str:
    if one is None or one["value"] is None:
        return "-"
    return f"{one['value']:.1f} [{one['low']:.1f}, {one['high']:.1f}]"


def sheet_of(told: dict, frames: Sequence[FreePicture]) -> Image.Image:
    """Returns the contact sheet: every picture with its text, and in red what was seen if that is wrong."""
    blocks: dict[str, list[SheetFrame]] = {}
    for entry, one in zip(told["pictures"], frames, strict=True):
        picture = one.open() or Image.new("RGB", (8, 8), "#e8e2da")
        seen = complaint(entry["truth"], entry["seen"]) or miscounted(entry.get("on stage"))
        wrong = f"refused: {one.refused}" if one.refused else seen
        blocks.setdefault(one.story.id, []).append(SheetFrame(picture, one.frame.text, wrong))
    return contact_sheet(list(blocks.items()))


def main(argv: list[str] | None = None) -> None:
    args = parsed(FreeArguments, argv)
    labeller: Labeller = load_classifier(args.classifier)
    judge = load_maple_lane_judge(args.judge) if args.judge else None
    stories = load_free_stories(Path(args.written))[: args.stories]
    weights = weights_hash(args.pipeline)
    frames = draw_all(stories, args, weights)
    setting = {
        "pipeline": args.pipeline,
        "pipeline hash": weights[:16],
        "classifier": args.classifier,
        "judge": args.judge,
        "split": "free",
        "stories": len(stories),
        "captions": "hand-written",
        "conditioning": "as the app draws, the best of its takes" if args.best else "as the app draws",
    }
    told = setting | report(look_at(labeller, frames, judge), frames, labeller.names)
    write_json(Path(args.json), told)
    if args.sheet:
        sheet_of(told, frames).save(args.sheet)
    print(f"{table(told)}\n\n{kinds_table(told)}\n{told['refused']} texts refused by the app")


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:  # a missing or incomplete folder; the message says which
        sys.exit(str(error))
