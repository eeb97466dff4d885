"""The judge's training examples and losses: softened real frames with boxes and labels. Knows no command."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TypedDict

import numpy as np
import torch
import torch.nn.functional as F

from storyboard.models.judge import Judge
from storyboard.models.judge.detections import UNITS, cell_of, heat_map, pieces, shape_of, to_pixels
from storyboard.models.judge.vocabulary import SETS
from training.evaluate.judge.frames import CrowdFrame, sample_frame, worn
from training.evaluate.judge.vocabulary import numbers_of
from training.evaluate.metrics import ABSENT
from training.loop import Objective

POOL, SHOWN = 1024, 3  # a pool's frames, 200 MB, and how often each is shown
# The weights of heads in the loss; facets have FACET_WEIGHT. Identity and action decide more scores than a belt does.
WEIGHTS = {"identity": 1.0, "outfit": 0.5, "action": 1.5}
FACET_WEIGHT = 0.35
_SHIFTED, _SCALED = 0.06, 0.08  # how much boxes in training are moved and scaled, relative to their size


@dataclass(frozen=True)
class JudgeExample:
    """One frame. The shapes are those of `JudgeBatch` without B, with one dict of labels for each person."""

    pixels: np.ndarray
    heat: np.ndarray
    shapes: np.ndarray
    places: np.ndarray
    people: np.ndarray
    labels: list[dict[str, int | np.ndarray]]


class JudgeBatch(TypedDict):
    """B frames in the form for the detector, and the N people in them in the form for the closer look."""

    pixels: torch.Tensor  # (B, 3, S, S)
    heat: torch.Tensor  # (B, h, w): 1 at the middle of each person
    shapes: torch.Tensor  # (B, 4, h, w); NaN if no person's middle is near
    places: torch.Tensor  # (B, places): 1 for the frame's place
    people: torch.Tensor  # (N, 3, h, w)
    labels: dict[str, torch.Tensor]  # by head, (N,) or (N, labels); ABSENT for unknown labels


class JudgeExamples:
    """For each step, frames of the train split as tensors: for the detector, and for the closer look at each person.

    Drawing takes as long as learning. So POOL frames are drawn at a time, and each is shown SHOWN times with new
    softening.
    """

    def __init__(self, seed: int, judge: Judge, batch: int, anybody: float = 0.5):
        """anybody: the share of frames that show people of any look. The others show the seven."""
        self.seed, self.batch, self.vocabulary = seed, batch, judge.vocabulary
        self.size, self.piece, self.cells = judge.config.size, tuple(judge.config.piece), judge.cells
        self._shapes_of_heads = {name: (-1,) for name in self.vocabulary.choices} | {
            name: (-1, len(self.vocabulary.facets[name])) for name in SETS
        }
        self._drawn = lru_cache(maxsize=POOL)(partial(_drawn, anybody=anybody))
        self._order = lru_cache(maxsize=2)(self._shuffled)

    def __call__(self, step: int, rows: range) -> JudgeBatch:
        frames: list[JudgeExample] = []
        for row in rows:
            rng = np.random.default_rng((self.seed, step, row))
            frames.append(self._example(self._number(step * self.batch + row), rng))
        heads = {
            name: np.array([one[name] for frame in frames for one in frame.labels]).reshape(shape)
            for name, shape in self._shapes_of_heads.items()
        }
        return {
            "pixels": torch.from_numpy(np.stack([frame.pixels for frame in frames])),
            "heat": torch.from_numpy(np.stack([frame.heat for frame in frames])),
            "shapes": torch.from_numpy(np.stack([frame.shapes for frame in frames])),
            "places": torch.from_numpy(np.stack([frame.places for frame in frames])),
            "people": torch.from_numpy(np.concatenate([frame.people for frame in frames])),
            "labels": {name: torch.from_numpy(labels) for name, labels in heads.items()},
        }

    def _number(self, example: int) -> int:
        """Returns the number of the frame for an example. example: its number, counted over all steps."""
        turn, place = divmod(example, POOL)
        return self.seed * 2**32 + turn // SHOWN * POOL + int(self._order(turn)[place])

    def _shuffled(self, turn: int) -> np.ndarray:
        return np.random.default_rng((self.seed, turn)).permutation(POOL)

    def _example(self, number: int, rng: np.random.Generator) -> JudgeExample:
        frame, drawn = self._drawn(number)
        picture = worn(drawn, rng)
        boxes = frame.boxes
        return JudgeExample(
            to_pixels(picture, self.size),
            heat_map(boxes, self.cells),
            self._shapes(boxes),
            np.array([name == frame.scene.place for name in self.vocabulary.places], np.float32),
            pieces(picture, _jittered(boxes, rng), self.piece),
            [numbers_of(self.vocabulary, actor) for actor in frame.scene.actors],
        )

    def _shapes(self, boxes: np.ndarray) -> np.ndarray:
        """Returns the targets of the cells around each middle.

        A cell near two people has the target of the nearer one.
        """
        shapes = np.full((4, self.cells, self.cells), np.nan, np.float32)
        nearest = np.full((self.cells, self.cells), np.inf)
        for box in boxes:
            x, y = (box[:2] + box[2:]) / 2 * (self.cells / UNITS)
            column, row = cell_of(x, self.cells), cell_of(y, self.cells)
            for r in range(max(row - 1, 0), min(row + 2, self.cells)):
                for c in range(max(column - 1, 0), min(column + 2, self.cells)):
                    away = (x - c - 0.5) ** 2 + (y - r - 0.5) ** 2
                    if away < nearest[r, c]:
                        nearest[r, c] = away
                        shapes[:, r, c] = shape_of(box, r, c, self.cells)
        return shapes


def _drawn(number: int, anybody: float) -> tuple[CrowdFrame, np.ndarray]:
    frame = sample_frame(number, people=bool(np.random.default_rng(number).random() < anybody))
    return frame, frame.picture()


def _jittered(boxes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Returns boxes that are wrong by about as much as a detector's boxes."""
    middles, sizes = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    middles = middles + rng.uniform(-_SHIFTED, _SHIFTED, middles.shape) * sizes
    sizes = sizes * np.exp(rng.uniform(-_SCALED, _SCALED, sizes.shape))
    return np.concatenate([middles - sizes / 2, middles + sizes / 2], 1)


class JudgeTraining(Objective[JudgeBatch]):
    """Focal loss of the heat, L1 of the shapes, and cross-entropies of all labels of people that are known.

    closer_only: trains only the closer look at people; the detector does not change.
    """

    def __init__(self, judge: Judge, closer_only: bool = False):
        super().__init__()
        self.judge, self.closer_only = judge, closer_only
        if closer_only:
            judge.requires_grad_(False)
            for part in judge.closer:
                part.requires_grad_(True)

    def forward(self, batch: JudgeBatch) -> dict[str, torch.Tensor]:
        losses = {} if self.closer_only else self._found(batch)
        said, labels = self.judge.look_closer(batch["people"]), batch["labels"]
        facets = []
        for name in self.judge.vocabulary.choices:
            loss = _known_cross_entropy(said[name], labels[name])
            if name in WEIGHTS:
                losses[name] = loss
            else:
                facets.append(loss)
        facets += [_known_sets(said[name], labels[name]) for name in SETS]
        weighed = [WEIGHTS.get(name, 1.0) * loss for name, loss in losses.items()]
        total = sum(weighed, torch.zeros(())) + FACET_WEIGHT * sum(facets)
        return {"loss": total, **losses, "facets": torch.stack(facets).mean()}

    def _found(self, batch: JudgeBatch) -> dict[str, torch.Tensor]:
        """Returns the detector's losses."""
        told = self.judge(batch["pixels"])
        places = F.binary_cross_entropy_with_logits(told["places"], batch["places"], reduction="none")
        return {
            "heat": focal_loss(told["heat"], batch["heat"]),
            "shapes": shape_loss(told["shapes"], batch["shapes"]),
            "places": places.sum(1).mean(),
        }


def focal_loss(logits: torch.Tensor, heat: torch.Tensor) -> torch.Tensor:
    """Returns the focal loss of centre points, divided by the people (CornerNet, Eq. 1: alpha 2, beta 4).

    Both (B, h, w).
    """
    logits = logits.float()
    seen, middles = logits.sigmoid(), heat > 0.999
    right = F.logsigmoid(logits) * (1 - seen) ** 2
    wrong = F.logsigmoid(-logits) * seen**2 * (1 - heat) ** 4
    return -torch.where(middles, right, wrong).sum() / middles.sum().clamp(min=1)


def shape_loss(shapes: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Returns the mean absolute error over the cells that have a target. Both (B, 4, h, w)."""
    known = ~wanted.isnan()
    return ((shapes - wanted.nan_to_num()).abs() * known).sum() / known.sum().clamp(min=1)


def _known_cross_entropy(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Returns the loss; 0 instead of NaN if no label is known."""
    losses = F.cross_entropy(logits.float(), wanted.long(), ignore_index=ABSENT, reduction="sum")
    return losses / (wanted != ABSENT).sum().clamp(min=1)


def _known_sets(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Returns the loss, summed over the labels of a set and averaged over the people for whom the set is known."""
    known = wanted != ABSENT
    losses = F.binary_cross_entropy_with_logits(logits.float(), wanted.clamp(min=0), reduction="none") * known
    return losses.sum() / known[:, 0].sum().clamp(min=1)
