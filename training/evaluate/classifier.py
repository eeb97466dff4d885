"""Trains the evaluator: `python -m training.evaluate.classifier --output_dir runs/maple-lane/classifier-run`.

It learns only from real pictures of the train split, which are drawn while it trains, and never from generated
pictures. Pictures are softened a little, so that it judges what a picture shows and not how sharp the picture is.
Training takes ten to fifteen minutes on two cores. The folder that it writes holds the weights and its scores on real
test frames.
"""

from __future__ import annotations

import io
import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageFilter

from storyboard.errors import StoryError
from storyboard.models.judge.detections import to_pixels
from training.configs.arguments import parsed
from training.evaluate.frame_classifier import FrameClassifier, save_classifier
from training.evaluate.labels import LabelNames, maple_lane_names
from training.evaluate.metrics import ABSENT, Score, score
from training.loop import LoopArguments, Objective, TrainingRun
from training.maple_lane import Scene, draw, sample_story, story

CHECKED_STORIES = 24  # stories of the val split that are scored at every checkpoint
PUBLISHED_STORIES = 100  # stories of the test split that are scored at the end
PICTURE = 256  # side of an evaluated picture in pixels


@dataclass
class ClassifierArguments(LoopArguments):
    """Loop arguments with the classifier's defaults."""

    steps: int = 1200
    batch: int = 32
    lr: float = 1.5e-3
    warmup: int = 50
    decay: float = 0.5
    ema: float = 0.99
    workers: int = field(default=1, metadata={"help": "processes that draw pictures"})
    out: str = field(
        default="runs/maple-lane/classifier", metadata={"help": "folder of the finished classifier"}
    )


class FrameBatch(TypedDict):
    """B real frames and their labels. There are K characters."""

    pixels: torch.Tensor  # (B, 3, S, S)
    characters: torch.Tensor  # (B, K): 1 for characters who are there
    places: torch.Tensor  # (B, places): 1 for the frame's place
    outfits: torch.Tensor  # (B, K), ABSENT for characters who are not there
    actions: torch.Tensor  # (B, K), ABSENT for characters who are not there


class ClassifierTraining(Objective[FrameBatch]):
    """The cross-entropies of all heads. Outfit and action count only for the characters who are there."""

    def __init__(self, classifier: FrameClassifier):
        super().__init__()
        self.classifier = classifier

    def forward(self, batch: FrameBatch) -> dict[str, torch.Tensor]:
        logits = self.classifier(batch["pixels"])
        losses = {
            "characters": _of_sets(logits["characters"], batch["characters"]),
            "places": _of_sets(logits["places"], batch["places"]),
            "outfits": _of_each(logits["outfits"], batch["outfits"]),
            "actions": _of_each(logits["actions"], batch["actions"]),
        }
        return {"loss": sum(losses.values(), torch.zeros(())), **losses}


def _of_sets(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    return F.binary_cross_entropy_with_logits(logits, wanted, reduction="none").sum(1).mean()


def _of_each(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=ABSENT)


class RealFrames:
    """Maps a step to softened real frames and their labels."""

    def __init__(self, seed: int, size: int, names: LabelNames):
        self.seed, self.size, self.names = seed, size, names

    def __call__(self, step: int, rows: range) -> FrameBatch:
        pixels, scenes = [], []
        for row in rows:
            rng = np.random.default_rng((self.seed, step, row))
            frames = sample_story(int(rng.integers(2**31)), frames=4, split="train").frames
            scenes.append(frames[rng.integers(len(frames))].scene)
            picture = soften(draw(scenes[-1], 2 * self.size), rng)
            pixels.append(to_pixels(picture, self.size))
        labels = self.names.labels_of(scenes)
        return {
            "pixels": torch.from_numpy(np.stack(pixels)),
            "characters": torch.from_numpy(labels.characters).float(),
            "places": torch.from_numpy(labels.places).float(),
            "outfits": torch.from_numpy(labels.outfits),
            "actions": torch.from_numpy(labels.actions),
        }


def soften(picture: np.ndarray, rng: np.random.Generator) -> Image.Image:
    """Returns a drawn picture (S, S, 3) as a good generator might draw it.

    It may be a little soft, grainy, compressed or off in tone.
    """
    image = Image.fromarray(picture)
    if rng.random() < 0.6:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.2, 1.5)) * image.width / 192))
    if rng.random() < 0.3:
        packed = io.BytesIO()
        image.save(packed, "JPEG", quality=int(rng.integers(40, 95)))
        image = Image.open(packed).convert("RGB")
    values: np.ndarray = np.asarray(image, np.float32)
    if rng.random() < 0.5:
        values = values * rng.uniform(0.94, 1.06, 3) + rng.uniform(-6, 6)
    if rng.random() < 0.5:
        values = values + rng.normal(0, rng.uniform(1, 8), values.shape)
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def real_picture(scene: Scene) -> Image.Image:
    """Returns a scene as the world itself draws it, in the size of generated pictures."""
    return Image.fromarray(draw(scene, PICTURE))


def score_on_real(classifier: FrameClassifier, split: str, stories: int) -> dict[str, Score]:
    """Returns the classifier's scores on the first real stories of a split."""
    tales = [story(split, index) for index in range(stories)]
    scenes = [frame.scene for tale in tales for frame in tale.frames]
    groups = np.array([tale.id for tale in tales for _ in tale.frames])
    seen = classifier.see(real_picture(scene) for scene in scenes)
    return score(classifier.names.labels_of(scenes), seen, groups)


def one_line(scores: dict[str, Score]) -> str:
    return "  ".join(f"{name} {s.value:.1f}" for name, s in scores.items() if s.value is not None)


def main(argv: list[str] | None = None) -> None:
    args = parsed(ClassifierArguments, argv)
    torch.manual_seed(args.seed)
    classifier = FrameClassifier(**maple_lane_names().as_config())
    frames = RealFrames(args.seed, classifier.config.size, classifier.names)
    run = TrainingRun(ClassifierTraining(classifier), frames, args)
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            with run.averaged():
                checked = score_on_real(classifier, "val", CHECKED_STORIES)
            print(f"step {stats.step}, real val frames: {one_line(checked)}", flush=True)
    if run.accelerator.is_main_process:
        with run.averaged():
            out = Path(args.out)
            save_classifier(classifier, out)
            published = score_on_real(classifier, "test", PUBLISHED_STORIES)
        scores = {name: asdict(s) for name, s in published.items()}
        report = {"steps": run.step, "test stories": PUBLISHED_STORIES, "scores": scores}
        (out / "scores.json").write_text(json.dumps(report, indent=2) + "\n")
        print(f"real test frames: {one_line(published)}\nwritten to {out}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"classifier: {error}")
