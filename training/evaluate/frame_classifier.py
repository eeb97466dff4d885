"""The small network that tells who is in a picture, where, wearing and doing what, and its folder on disk.

It has one convolutional trunk. Every character looks at the trunk through its own attention map, so that its outfit and
action are read from the character itself and not from its neighbour. It must not see stories, captions or how pictures
were made.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from PIL import Image
from torch import nn

from storyboard.models.judge.detections import to_pixels
from training.evaluate.labels import LabelNames, maple_lane_names
from training.evaluate.metrics import Labels

BATCH = 64


class FrameClassifier(ModelMixin, ConfigMixin):
    """Maps pictures (B, 3, S, S) to logits by head; see `forward`. The names of the labels are part of the config."""

    @register_to_config
    def __init__(
        self,
        characters: list[str],
        places: list[str],
        actions: list[str],
        outfits: dict[str, list[str]],
        size: int = 96,
        widths: tuple[int, ...] = (32, 64, 128, 192),
    ):
        super().__init__()
        last = len(widths) - 1
        stages, width = [], 3
        for number, out in enumerate(widths):
            # The last stage keeps the grid of the stage before it, because a figure is only a few cells wide there.
            stages.append(_stage(width, out, stride=1 if number == last else 2))
            width = out
        self.trunk = nn.Sequential(*stages)
        self.where = nn.Linear(width, len(characters))
        self.place = nn.Linear(width, len(places))
        most = max(len(worn) for worn in outfits.values())
        self.presence = _PerCharacter(len(characters), width, 1)
        self.outfit = _PerCharacter(len(characters), width, most)
        self.action = _PerCharacter(len(characters), width, len(actions))

    @property
    def names(self) -> LabelNames:
        c = self.config
        outfits = {name: tuple(worn) for name, worn in c.outfits.items()}
        return LabelNames(tuple(c.characters), tuple(c.places), tuple(c.actions), outfits)

    def forward(self, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns the logits of pixels (B, 3, S, S) in -1..1.

        characters (B, K), places (B, places): multi-label
        outfits (B, K, most), actions (B, K, actions): if the character is there

        A character with fewer outfits than `most` has spare columns. They are never trained and never chosen.
        """
        grid = self.trunk(pixels).flatten(2).transpose(1, 2)  # (B, h w, C)
        looks = self.where(grid).softmax(dim=1)  # (B, h w, K)
        figures = looks.transpose(1, 2) @ grid  # (B, K, C)
        return {
            "characters": self.presence(figures)[..., 0],
            "places": self.place(grid.mean(dim=1)),
            "outfits": self._worn_by(self.outfit(figures)),
            "actions": self.action(figures),
        }

    @torch.inference_mode()
    def features(self, pictures: Iterable[Image.Image]) -> np.ndarray:
        """Returns the trunk's output for F pictures, averaged over each picture, (F, C).

        These are the world's own features for the FID.
        """
        pixels = np.stack([to_pixels(picture, self.config.size) for picture in pictures])
        parts = [self.trunk(batch.to(self.device)) for batch in torch.from_numpy(pixels).split(BATCH)]
        return torch.cat([part.mean(dim=(2, 3)) for part in parts]).cpu().numpy()

    def _worn_by(self, logits: torch.Tensor) -> torch.Tensor:
        counts = torch.tensor([len(self.config.outfits[n]) for n in self.config.characters])
        spare = torch.arange(logits.shape[-1]) >= counts[:, None]
        return logits.masked_fill(spare.to(logits.device), -1e4)

    @torch.inference_mode()
    def see(self, pictures: Iterable[Image.Image]) -> Labels:
        """Returns the labels of F pictures of any size. A label counts as seen if its probability is above one half."""
        pixels = np.stack([to_pixels(picture, self.config.size) for picture in pictures])
        parts = [self(batch.to(self.device)) for batch in torch.from_numpy(pixels).split(BATCH)]
        logits = {name: torch.cat([part[name] for part in parts]).cpu().numpy() for name in parts[0]}
        return Labels(
            logits["characters"] > 0,
            logits["places"] > 0,
            logits["outfits"].argmax(axis=-1),
            logits["actions"].argmax(axis=-1),
        )


def _stage(width: int, out: int, stride: int) -> nn.Sequential:
    # Group norm has its whole state in its parameters, and a resumable run saves the parameters.
    return nn.Sequential(
        nn.Conv2d(width, out, 3, stride, padding=1, bias=False),
        nn.GroupNorm(8, out),
        nn.SiLU(),
        nn.Conv2d(out, out, 3, padding=1, bias=False),
        nn.GroupNorm(8, out),
        nn.SiLU(),
    )


class _PerCharacter(nn.Module):
    """A separate linear layer for each of K characters: (B, K, C) -> (B, K, outputs)."""

    def __init__(self, characters: int, width: int, outputs: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(characters, width, outputs) * width**-0.5)
        self.bias = nn.Parameter(torch.zeros(characters, outputs))

    def forward(self, figures: torch.Tensor) -> torch.Tensor:
        return torch.einsum("bkc,kco->bko", figures, self.weight) + self.bias


def save_classifier(classifier: FrameClassifier, folder: Path) -> None:
    """Writes `config.json` and half-precision safetensors. The given classifier itself does not change."""
    half = FrameClassifier.from_config(classifier.config)
    half.load_state_dict(classifier.state_dict())
    half.half().save_pretrained(folder)


def load_classifier(folder: str | Path) -> FrameClassifier:
    """Returns the classifier of a folder, in fp32 and eval mode.

    FileNotFoundError if there is none. ValueError if it was trained on another world than this one.
    """
    if not (Path(folder) / "config.json").is_file():
        raise FileNotFoundError(
            f"{folder} holds no classifier; train one: python -m training.evaluate.classifier --out {folder}"
        )
    classifier = FrameClassifier.from_pretrained(folder).float().eval()
    known, world = classifier.names.as_config(), maple_lane_names().as_config()
    odd = [part for part in world if known[part] != world[part]]
    if odd:
        raise ValueError(
            f"the classifier in {folder} knows other {odd[0]} than Maple Lane has; train it again"
        )
    return classifier
