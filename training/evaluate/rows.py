"""One row of a table: takes drawn frames and gives all their scores, each with its 95 % interval and its count.

Networks are loaded once for all rows, and their results for the real pictures are kept. If a network is missing, its
scores are not in the row. Uses no systems and no tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from storyboard.models.judge import Judge
from training.evaluate import text_scores
from training.evaluate.captioning import BATCH, Captioner, load_captioner
from training.evaluate.captions_file import CaptionsFile
from training.evaluate.classifier import real_picture
from training.evaluate.continuity import continuity
from training.evaluate.drawing import DrawnFrame
from training.evaluate.fid import fid
from training.evaluate.frame_classifier import FrameClassifier, load_classifier
from training.evaluate.inception import InceptionV3, fid_pixels, in_batches, load_fid_network
from training.evaluate.intervals import Estimate, estimate
from training.evaluate.judge.vocabulary import load_maple_lane_judge
from training.evaluate.metrics import Labels, Ratio, bootstrap, ratios
from training.evaluate.staging import judged, judged_real

Look = Callable[[Sequence[Image.Image]], np.ndarray]
GROUP = 64  # pictures that are opened at a time
INCEPTION_RESAMPLES = 50  # few, because a FID of so many features takes a second


@dataclass
class Evaluators:
    """The networks that look at pictures. Every network except the classifier may be missing.

    kept: results for real pictures
    scored_by: the hash of the weights of each network whose scores may be kept; None if it is missing
    """

    classifier: FrameClassifier
    captioner: Captioner | None = None
    captions: CaptionsFile | None = None
    inception: InceptionV3 | None = None
    judge: Judge | None = None
    scored_by: dict[str, str | None] = field(default_factory=dict)
    kept: dict[tuple[str, str, int], Any] = field(default_factory=dict)

    def real(self, kind: str, frames: Sequence[DrawnFrame], look: Look) -> np.ndarray:
        """Returns what `look` makes of the real pictures of `frames`. Results that are not kept are computed now."""
        keys = [(kind, frame.story.id, frame.number) for frame in frames]
        missing = [i for i, key in enumerate(keys) if key not in self.kept]
        scenes = [frames[i].truth.scene for i in missing]
        found = _looked(look, [partial(real_picture, scene) for scene in scenes])
        self.kept |= dict(zip((keys[i] for i in missing), found, strict=True))
        return np.array([self.kept[key] for key in keys])

    def pair(self, kind: str, frames: Sequence[DrawnFrame], look: Look) -> tuple[np.ndarray, np.ndarray]:
        """Returns what `look` makes of the drawn pictures and of the real pictures, both (F, ...)."""
        return np.array(_looked(look, [frame.open for frame in frames])), self.real(kind, frames, look)


def load_evaluators(
    classifier: str, captioner: str | None, fid_weights: str | None, judge: str | None, folder: Path
) -> Evaluators:
    """Returns the evaluators. FileNotFoundError or StoryError if one of them is incomplete.

    folder: where generated captions are kept.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loaded = Evaluators(load_classifier(classifier).to(device))
    loaded.scored_by = {
        "classifier": network_hash(classifier),
        "captioner": captioner and network_hash(captioner),
        "judge": judge and network_hash(judge),
    }
    if judge:
        loaded.judge = load_maple_lane_judge(judge).to(device)
    if captioner:
        name = network_hash(captioner)
        folder.mkdir(parents=True, exist_ok=True)
        loaded.captioner = load_captioner(captioner, None, device)
        loaded.captions = CaptionsFile(folder / f"captions-{name}.jsonl", {"captioner": name})
    if fid_weights:
        loaded.inception = load_fid_network(fid_weights).to(device)
    return loaded


def network_hash(folder: str | Path) -> str:
    """Returns a hash of an evaluator's weights, as 16 hex digits."""
    weights = hashlib.sha256()
    for file in sorted(Path(folder).glob("*.safetensors")):
        weights.update(file.read_bytes())
    return weights.hexdigest()[:16]


def measure(frames: Sequence[DrawnFrame], evaluators: Evaluators, referential: bool) -> dict[str, dict]:
    """Returns every score of drawn frames as JSON. Needs at least two frames."""
    groups = np.array([frame.story.id for frame in frames])
    names = evaluators.classifier.names
    truth = names.labels_of([frame.truth.scene for frame in frames])
    seen = _labels(evaluators.classifier, frames)
    parts: dict[str, Ratio] = ratios(truth, seen)
    if referential:
        parts |= continuity(frames, names, truth, seen)
    told = {name: asdict(bootstrap(ratio, groups)) for name, ratio in parts.items()}
    if evaluators.judge is not None:
        told |= judged(evaluators.judge, frames)[1]
    drawn, real = evaluators.pair("features", frames, evaluators.classifier.features)
    told["FID"] = asdict(estimate(lambda rows: fid(drawn[rows], real[rows]), groups, centred=True))
    if evaluators.inception is not None:
        told["FID, Inception"] = asdict(inception_fid(frames, evaluators, evaluators.inception, groups))
    if evaluators.captioner is not None and evaluators.captions is not None:
        describe = partial(evaluators.captions.of, captioner=evaluators.captioner)
        told |= {
            name: asdict(one) for name, one in text_estimates(frames, evaluators, describe, groups).items()
        }
    return told


def measure_real(frames: Sequence[DrawnFrame], evaluators: Evaluators) -> dict[str, dict]:
    """Returns the scores of the classifier and of the judge on the real pictures of the same frames."""
    classifier = evaluators.classifier
    groups = np.array([frame.story.id for frame in frames])
    scenes = [frame.truth.scene for frame in frames]
    seen = classifier.see(real_picture(scene) for scene in scenes)
    found = ratios(classifier.names.labels_of(scenes), seen)
    told = {name: asdict(bootstrap(ratio, groups)) for name, ratio in found.items()}
    return told | (judged_real(evaluators.judge, frames) if evaluators.judge is not None else {})


def inception_fid(
    frames: Sequence[DrawnFrame], evaluators: Evaluators, network: InceptionV3, groups: np.ndarray
) -> Estimate:
    """Returns the FID with the features of the standard network."""
    device = next(network.parameters()).device

    def look(pictures: Sequence[Image.Image]) -> np.ndarray:
        return in_batches(network.features, (fid_pixels(picture) for picture in pictures), device)

    drawn, real = evaluators.pair("inception", frames, look)
    return estimate(lambda rows: fid(drawn[rows], real[rows]), groups, INCEPTION_RESAMPLES, centred=True)


def text_estimates(
    frames: Sequence[DrawnFrame],
    evaluators: Evaluators,
    describe: Callable[[Sequence[Image.Image]], list[list[str]]],
    groups: np.ndarray,
) -> dict[str, Estimate]:
    """Returns BLEU-4 and CIDEr of five captions of each drawn picture, against five captions of the real picture."""

    def look(pictures: Sequence[Image.Image]) -> np.ndarray:
        made: list[list[str]] = []
        for start in range(0, len(pictures), BATCH):
            made += describe(pictures[start : start + BATCH])
        return np.array(made, dtype=object)

    drawn, real = evaluators.pair("captions", frames, look)
    counts, likeness = zip(*text_scores.by_rank(drawn.tolist(), real.tolist()), strict=True)
    summed, mean = np.array(counts), np.mean(likeness, axis=0)  # (ranks, F, 10), (F,)

    def fourth(rows: np.ndarray) -> float:
        return float(np.mean([text_scores.bleu_of(one[rows].sum(axis=0).tolist())[-1] for one in summed]))

    return {
        "BLEU4": estimate(fourth, groups),
        "CIDEr": estimate(lambda rows: float(mean[rows].mean()), groups),
    }


def _labels(classifier: FrameClassifier, frames: Sequence[DrawnFrame]) -> Labels:
    groups = [frames[i : i + GROUP] for i in range(0, len(frames), GROUP)]
    seen = [classifier.see(frame.open() for frame in group) for group in groups]
    return Labels(*(np.concatenate([getattr(one, name) for one in seen]) for name in Labels.__annotations__))


def _looked(look: Look, openers: Sequence[Callable[[], Image.Image]]) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    for start in range(0, len(openers), GROUP):
        found += list(look([opener() for opener in openers[start : start + GROUP]]))
    return found
