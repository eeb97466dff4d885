"""The judge: a small network that says where people are in a picture, who they are, what they wear and what they do.

A detector without anchors marks the middle and the size of every person. Then a second part takes a closer look at each
person, in the picture's full detail. So a person who is there twice is found twice. Must not know stories, captions or
how pictures were made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from PIL import Image
from safetensors import SafetensorError
from torch import nn

from storyboard.errors import StoryError
from storyboard.models.judge.detections import boxes_of, pieces, to_pixels
from storyboard.models.judge.vocabulary import SETS, Vocabulary

BATCH = 32


@dataclass(frozen=True)
class SeenPerson:
    """A person in a picture.

    box: left, top, right, bottom in units of 1/256 of the picture.
    sure: how sure the detector is, 0..1.
    said: for each head, the probability of each of its labels, (labels,) float32.
    traits, deed: (C,), the features from which the looks and the action are read, for comparing drawings.
    """

    box: np.ndarray
    sure: float
    said: dict[str, np.ndarray]
    traits: np.ndarray
    deed: np.ndarray


@dataclass(frozen=True)
class SeenFrame:
    """What is in a picture: its people from left to right, and the probability of each place (places,)."""

    people: tuple[SeenPerson, ...]
    places: np.ndarray


class Judge(ModelMixin, ConfigMixin):
    """`forward` is the detector, `look_closer` reads people, and `look` does both.

    The labels are part of the config.
    """

    @register_to_config
    def __init__(
        self,
        characters: list[str],
        outfits: list[str],
        actions: list[str],
        places: list[str],
        facets: list[tuple[str, list[str]]],
        size: int = 96,
        piece: tuple[int, int] = (96, 64),
        finding: tuple[int, ...] = (16, 48, 96, 128),
        reading: tuple[int, ...] = (24, 48, 96, 160),
        tints: tuple[int, int] = (16, 12),
        trait_width: int = 256,
        deed_width: int = 96,
        dropout: float = 0.05,
    ):
        super().__init__()
        first, second, third, fourth = finding
        self.near = nn.Sequential(_block(3, first, 2), _block(first, second, 2), _block(second, second))
        self.middle = nn.Sequential(_block(second, third, 2), _block(third, third))
        self.far = nn.Sequential(_block(third, fourth, 2), _block(fourth, fourth))
        self.from_far, self.from_middle = nn.Conv2d(fourth, third, 1), nn.Conv2d(third, second, 1)
        self.joined = _block(second, second)
        self.found = nn.Conv2d(second, 5, 1)
        with torch.no_grad():
            self.found.state_dict()["bias"][:1] = -4.0  # because almost no cell is the middle of a person
        self.place = nn.Linear(fourth, len(places))

        self.reader = _reader(reading)
        shrunk = 2 ** len(reading)
        cells = (piece[0] // shrunk) * (piece[1] // shrunk)
        # Group norm removes the brightness and the colour of a picture, so the mean colours are added separately.
        seen = reading[-1] * cells + 3 * tints[0] * tints[1]
        self.traits = nn.Sequential(nn.Linear(seen, trait_width), nn.SiLU(), nn.Dropout(dropout))
        self.deed = nn.Sequential(
            nn.Flatten(), nn.Linear(reading[-1] * cells, deed_width), nn.SiLU(), nn.Dropout(dropout)
        )
        self.looks = nn.Linear(trait_width, sum(self.vocabulary.looks.values()))
        self.action = nn.Linear(deed_width, len(actions))

    @property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary.of(self.config)

    @property
    def closer(self) -> tuple[nn.Module, ...]:
        """Returns the modules with which `look_closer` reads people. All other modules are the detector."""
        return self.reader, self.traits, self.deed, self.looks, self.action

    @property
    def cells(self) -> int:
        """Returns the number of cells on each side of the detector's map."""
        return self.config.size // 4

    def forward(self, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns heat (B, h, w) and places (B, places) as logits, and shapes (B, 4, h, w).

        pixels: (B, 3, S, S) in -1..1.
        """
        near = self.near(pixels)
        middle = self.middle(near)
        far = self.far(middle)
        middle = middle + nn.functional.interpolate(self.from_far(far), size=middle.shape[-2:])
        near = near + nn.functional.interpolate(self.from_middle(middle), size=near.shape[-2:])
        found = self.found(self.joined(near))
        return {"heat": found[:, 0], "shapes": found[:, 1:], "places": self.place(far.mean(dim=(2, 3)))}

    def look_closer(self, people: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns logits (N, labels) for each head, and traits and deed (N, C). people: (N, 3, h, w) in -1..1."""
        grid = self.reader(people)
        tints = nn.functional.adaptive_avg_pool2d(people, self.config.tints)
        traits, deed = self.traits(torch.cat([grid.flatten(1), tints.flatten(1)], 1)), self.deed(grid)
        sizes = self.vocabulary.looks
        heads = dict(zip(sizes, self.looks(traits).split(list(sizes.values()), dim=1), strict=True))
        return {**heads, "action": self.action(deed), "traits": traits, "deed": deed}

    @torch.inference_mode()
    def look(self, pictures: Iterable[Image.Image]) -> list[SeenFrame]:
        """Returns what is in pictures of any size."""
        frames: list[SeenFrame] = []
        for batch in _batches(pictures):
            pixels = torch.from_numpy(np.stack([to_pixels(one, self.config.size) for one in batch]))
            told = self(pixels.to(self.device, self.dtype))
            found = [
                boxes_of(h.float().sigmoid(), s) for h, s in zip(told["heat"], told["shapes"], strict=True)
            ]
            people = self._people(batch, found)
            places = told["places"].float().sigmoid().cpu().numpy()
            for (boxes, _), seen in zip(found, places, strict=True):
                frames.append(SeenFrame(tuple(islice(people, len(boxes))), seen))
        return frames

    def _people(
        self, pictures: list[Image.Image], found: list[tuple[np.ndarray, np.ndarray]]
    ) -> Iterator[SeenPerson]:
        """Yields the people in these pictures, picture by picture."""
        parts = [
            pieces(one, boxes, tuple(self.config.piece))
            for one, (boxes, _) in zip(pictures, found, strict=True)
        ]
        told = self.look_closer(torch.from_numpy(np.concatenate(parts)).to(self.device, self.dtype))
        shares = {name: _probabilities(name, value.float()).cpu().numpy() for name, value in told.items()}
        boxes, sure = (np.concatenate(some) for some in zip(*found, strict=True))
        for row in range(len(boxes)):
            said = {name: value[row] for name, value in shares.items()}
            yield SeenPerson(boxes[row], float(sure[row]), said, said.pop("traits"), said.pop("deed"))


def _probabilities(head: str, logits: torch.Tensor) -> torch.Tensor:
    if head in ("traits", "deed"):
        return logits
    return logits.sigmoid() if head in SETS else logits.softmax(dim=1)


def _batches(pictures: Iterable[Image.Image]) -> Iterator[list[Image.Image]]:
    waiting = iter(pictures)
    while batch := list(islice(waiting, BATCH)):
        yield batch


def _reader(widths: Sequence[int]) -> nn.Sequential:
    """Returns the layers that read the pieces of people. Each width halves the resolution."""
    steps = list(zip((3, *widths), widths, strict=False))
    stages = [layer for into, out in steps[:-1] for layer in (_block(into, out, 2), _block(out, out))]
    stages = stages[:1] + stages[2:]  # the first stage, which costs most, has only one layer
    return nn.Sequential(*stages, _block(*steps[-1], 2), _block(widths[-1], widths[-1]))


def _block(into: int, out: int, stride: int = 1) -> nn.Sequential:
    # Group norm has no state besides its parameters, so a resumable run saves all of it.
    return nn.Sequential(
        nn.Conv2d(into, out, 3, stride, padding=1, bias=False), nn.GroupNorm(8, out), nn.SiLU()
    )


def save_judge(judge: Judge, folder: Path) -> None:
    """Writes `config.json` and half-precision safetensors. The given judge does not change."""
    half = Judge.from_config(judge.config)
    half.load_state_dict(judge.state_dict())
    half.half().save_pretrained(folder)


def load_judge(folder: str | Path) -> Judge:
    """Returns the judge of a folder, in float32 and eval mode.

    FileNotFoundError if there is none. StoryError if it is another network or damaged.
    """
    file = Path(folder) / "config.json"
    if not file.is_file():
        raise FileNotFoundError(
            f"{folder} holds no judge; train one: python -m training.evaluate.judge --out {folder}"
        )
    try:
        kind = json.loads(file.read_text("utf-8")).get("_class_name")
        judge = Judge.from_pretrained(folder).float().eval() if kind == "Judge" else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, SafetensorError) as error:
        reason = str(error).strip().split("\n")[0][:200]
        raise StoryError(f"The judge in {folder} cannot be read ({reason}); train it again.") from error
    if judge is None:
        raise StoryError(f"{folder} holds a {kind}, not a judge; give the folder of a judge.")
    return judge
