"""The judge's own scores on real frames: as in stories, and with people doubled, missing or added.

The seven and people whom it has never met have separate scores. These scores are published beside every table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Literal

import numpy as np
from PIL import Image

from storyboard.models.judge import Judge
from training.evaluate.classifier import real_picture
from training.evaluate.judge.frames import broken_frame
from training.evaluate.metrics import Ratio, bootstrap
from training.evaluate.people_scores import Staged, people_scores
from training.evaluate.staging import stage
from training.maple_lane import sample_people_story, story

FOUND: dict[Literal["twice", "missing", "extra"], Callable[[Staged], bool]] = {
    "twice": lambda frame: max(frame.counts, default=0) > 1,
    "missing": lambda frame: min(frame.counts) == 0,
    "extra": lambda frame: frame.extras > 0,
}


def score_on_real(judge: Judge, split: str, stories: int, broken: int) -> dict[str, dict]:
    """Returns {"the seven", "anybody"} -> scores by name, as JSON: on stories, and on `broken` frames of each kind."""
    return {
        whose: _on_stories(judge, split, stories, people) | _on_broken(judge, split, broken, people)
        for whose, people in (("the seven", False), ("anybody", True))
    }


def _on_stories(judge: Judge, split: str, count: int, people: bool) -> dict[str, dict]:
    tales = [
        sample_people_story(number, 4, split) if people else story(split, number) for number in range(count)
    ]
    scenes = [frame.scene for tale in tales for frame in tale.frames]
    groups = np.array([tale.id for tale in tales for _ in tale.frames])
    return people_scores(stage(judge, map(real_picture, scenes), scenes), groups, judge.vocabulary)


def _on_broken(judge: Judge, split: str, count: int, people: bool) -> dict[str, dict]:
    """Returns how often the judge finds each kind of fault, and how often it says no to "each once" over all kinds."""
    told, refused = {}, []
    for how, found in FOUND.items():
        frames = [broken_frame(number, how, split, people) for number in range(count)]
        pictures = (Image.fromarray(frame.picture()) for _, frame in frames)
        seen = stage(judge, pictures, [scene for scene, _ in frames])
        told[f"{how}, found"] = _share([found(one) for one in seen])
        refused += [not one.each_once for one in seen]
    return told | {"broken, refused": _share(refused)}


def _share(right: list[bool]) -> dict:
    ratio = Ratio(np.array(right, dtype=int), np.ones(len(right), dtype=int))
    return asdict(bootstrap(ratio, np.arange(len(right))))


def one_line(scores: dict[str, dict]) -> str:
    return "  ".join(f"{name} {one['value']:.1f}" for name, one in scores.items() if one["value"] is not None)
