"""Measures how much of a look a vision tower's feature holds: `python -m training.pretrain looks --pipeline
assets/maple-lane`.

Linear probes learn from portraits of people of the train split. They are then tested on people of the test split, whose
bodies and clothes training never shows. The feature is the projected feature, which the fuser reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from transformers import CLIPImageProcessor

from storyboard.errors import StoryError
from storyboard.people import FACETS, Look, draw_person, sample_look
from training.configs.arguments import parsed
from training.configs.parts import freeze, load_image_encoder
from training.loop.processes import make_accelerator
from training.pretrain.look_heads import CLASSES, COLOURS, LookTargets, look_targets

PARTS = {"skin": "skin", "hair": "hair_colour", "top": "top_colour", "bottom": "bottom_colour"}
CUTS = {"hair style": "hair", "top cut": "top", "bottom cut": "bottom"}
LEAST_R2, LEAST_ACCURACY = 0.95, 0.97  # a tower has to reach these scores before a denoiser learns from it
_RIDGE, _DECAY = 1.0, 1e-4
_BATCH = 100


@dataclass(frozen=True)
class _People:
    """Portraits (N, S, S, 3) uint8 of people, and their `look_targets`."""

    portraits: np.ndarray
    targets: LookTargets

    @classmethod
    def sampled(cls, count: int, split: str, size: int) -> _People:
        looks: Sequence[Look] = [sample_look(seed, split) for seed in range(count)]
        return cls(np.stack([draw_person(look, size) for look in looks]), look_targets(looks))


class LookProbe:
    """Portraits of `people` people of the train split and a quarter as many of the test split. They are drawn once."""

    def __init__(self, processor: CLIPImageProcessor, people: int):
        if people < 4:
            raise StoryError(f"--probed {people}: choose at least 4 people, better 2000.")
        size = processor.crop_size["height"]
        self.processor = processor
        self.train = _People.sampled(people, "train", size)
        self.test = _People.sampled(people // 4, "test", size)

    @torch.no_grad()
    def __call__(self, feature: Callable[[torch.Tensor], torch.Tensor]) -> dict[str, float]:
        """Returns R-squared of the colour of each of PARTS and the accuracy of each of CUTS, all on test people.

        feature: maps pixels (N, 3, S, S) to features (N, V).
        """
        known, asked = (self._features(people, feature) for people in (self.train, self.test))
        mean, spread = known.mean(0), known.std(0).clamp(min=1e-6)
        known, asked = (known - mean) / spread, (asked - mean) / spread
        return {name: _colour(known, asked, self, COLOURS.index(facet)) for name, facet in PARTS.items()} | {
            name: _cut(known, asked, self, facet) for name, facet in CUTS.items()
        }

    def _features(self, people: _People, feature: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        chunks = (
            people.portraits[start : start + _BATCH] for start in range(0, len(people.portraits), _BATCH)
        )
        read = (self.processor(list(chunk), return_tensors="pt")["pixel_values"] for chunk in chunks)
        return torch.cat([feature(pixels).float().cpu() for pixels in read])


def _colour(known: torch.Tensor, asked: torch.Tensor, probe: LookProbe, number: int) -> float:
    """R-squared of ridge regression to CIELAB, its three axes together. Uses only people whose colour can be seen."""
    learnt, true = (
        people.targets["colours"][people.targets["seen"][:, number], number]
        for people in (probe.train, probe.test)
    )
    known = known[probe.train.targets["seen"][:, number]]
    asked = asked[probe.test.targets["seen"][:, number]]
    middle = learnt.mean(0)
    square = known.T @ known + _RIDGE * torch.eye(known.shape[1])
    weights = torch.linalg.solve(square, known.T @ (learnt - middle))
    missed = (asked @ weights + middle - true).square().sum()
    return 1 - float(missed / (true - true.mean(0)).square().sum())


def _cut(known: torch.Tensor, asked: torch.Tensor, probe: LookProbe, facet: str) -> float:
    """The accuracy of multinomial logistic regression to the labels of a facet."""
    labels, true = (
        people.targets["classes"][:, CLASSES.index(facet)] for people in (probe.train, probe.test)
    )
    with torch.enable_grad():
        weights = torch.zeros(known.shape[1] + 1, len(FACETS[facet]), requires_grad=True)
        optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            loss = F.cross_entropy(known @ weights[1:] + weights[0], labels)
            loss = loss + _DECAY * weights[1:].square().sum()
            loss.backward()
            return loss

        optimizer.step(closure)
    seen = (asked @ weights[1:] + weights[0]).argmax(-1)
    return float((seen == true).float().mean())


def holds_looks(scores: Mapping[str, float]) -> bool:
    """Returns whether a tower's scores are good enough for a denoiser to learn from it."""
    return all(scores[name] >= LEAST_R2 for name in PARTS) and all(
        scores[name] >= LEAST_ACCURACY for name in CUTS
    )


def tell_looks(scores: Mapping[str, float], **more: object) -> dict[str, object]:
    """Prints scores in one line. Returns them rounded, as a line of a log."""
    line = {
        **more,
        **{name: round(value, 4) for name, value in scores.items()},
        "enough": holds_looks(scores),
    }
    print(f"\n{json.dumps(line)}", flush=True)
    return line


def log_looks(folder: Path, scores: Mapping[str, float], step: int) -> None:
    """Prints the scores of a checkpoint and appends them to the run's looks.jsonl."""
    with open(folder / "looks.jsonl", "a") as file:
        file.write(json.dumps(tell_looks(scores, step=step)) + "\n")


@dataclass
class ProbeArguments:
    pipeline: str = field(metadata={"help": "a folder with image_encoder and image_processor"})
    probed: int = field(default=2000, metadata={"help": "train people; a quarter as many are asked about"})


def main(argv: list[str]) -> None:
    args = parsed(ProbeArguments, argv)
    folder, device = Path(args.pipeline), make_accelerator().device
    tower = freeze(load_image_encoder(folder / "image_encoder")).to(device)
    probe = LookProbe(CLIPImageProcessor.from_pretrained(folder / "image_processor"), args.probed)
    tell_looks(probe(lambda pixels: tower(pixel_values=pixels.to(device)).image_embeds), pipeline=str(folder))
