"""A portrait encoder for anybody: `python -m training.pretrain portraits --output_dir runs/portraits`.

Linear heads read every facet of a look from the feature that the fuser will read (Eq. 1). They are thrown away after
training. People are drawn when they are needed, so their number has no limit. Uses no captions and no frames.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from PIL import Image
from transformers import CLIPImageProcessor, CLIPVisionModel

from storyboard.models.portrait_encoder import PortraitEncoder
from storyboard.people import Look, draw_person, sample_look
from training.configs.arguments import parsed
from training.configs.parts import build_image_processor, load_config, load_image_encoder, save_part
from training.examples.weather import as_uploaded
from training.loop import LoopArguments, Objective, TrainingRun
from training.pretrain.look_heads import LookHeads, LookTargets, look_targets
from training.pretrain.look_probe import LookProbe, log_looks
from training.pretrain.turning import turn_to

AS_DRAWN = 0.3  # the share of portraits that are shown as they are drawn
# After so many steps the portraits come again in other views: drawing one costs as much as a step.
WINDOW = 128
SHOWINGS = 3  # how often each portrait is shown


@dataclass
class PortraitArguments(LoopArguments):
    """Loop arguments with the defaults of this part. It trains on about 70 portraits a second on one core."""

    steps: int = 6000
    batch: int = 64
    lr: float = 1e-3
    decay: float = 0.5
    ema: float = 0.998
    config: str = field(default="maple-lane", metadata={"help": "size: a stem in training/configs or a file"})
    parts: str = field(default="runs/anybody/parts", metadata={"help": "folder of base parts"})
    probed: int = field(default=2000, metadata={"help": "people a checkpoint's probe learns from"})


class PortraitBatch(TypedDict):
    """B portraits of one person each, and the people's looks."""

    pixels: torch.Tensor  # (B, 3, S, S), as the encoder reads them
    looks: LookTargets


class Portraits:
    """Maps a step to portraits of people of the train split."""

    def __init__(self, seed: int, batch: int, processor: CLIPImageProcessor):
        self.seed, self.processor = seed, processor
        self.size = processor.crop_size["height"]
        self._drawn = lru_cache(maxsize=WINDOW * batch)(self._draw)

    def __call__(self, step: int, rows: range) -> PortraitBatch:
        window, within = step // (WINDOW * SHOWINGS), step % WINDOW
        people = [self._drawn((self.seed, window, within, row)) for row in rows]
        seen = [
            self._seen(picture, np.random.default_rng((self.seed, step, row)))
            for row, (_, picture) in zip(rows, people, strict=True)
        ]
        return {
            "pixels": self.processor(seen, return_tensors="pt")["pixel_values"],
            "looks": look_targets([look for look, _ in people]),
        }

    def _draw(self, who: tuple[int, ...]) -> tuple[Look, np.ndarray]:
        look = sample_look(int(np.random.default_rng(who).integers(2**31)), "train")
        return look, draw_person(look, self.size)

    @staticmethod
    def _seen(picture: np.ndarray, rng: np.random.Generator) -> Image.Image:
        return Image.fromarray(picture) if rng.random() < AS_DRAWN else as_uploaded(picture, rng)


class PortraitTraining(Objective[PortraitBatch]):
    """The loss of the look heads on the encoder's features."""

    def __init__(self, encoder: PortraitEncoder):
        super().__init__()
        self.encoder = encoder
        self.heads = LookHeads(encoder.config.projection_dim)

    def forward(self, batch: PortraitBatch) -> dict[str, torch.Tensor]:
        return {"loss": self.heads(self.encoder(batch["pixels"]).image_embeds, batch["looks"])}


def main(argv: list[str]) -> None:
    args = parsed(PortraitArguments, argv)
    torch.manual_seed(args.seed)
    parts, config = Path(args.parts), load_config(args.config)
    processor = build_image_processor(config)
    encoder = (
        PortraitEncoder.from_pretrained(parts / "image_encoder")
        if args.continued
        else PortraitEncoder(**config["portrait_encoder"])
    ).train()
    run = TrainingRun(PortraitTraining(encoder), Portraits(args.seed, args.batch, processor), args)
    probe = LookProbe(processor, args.probed)
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            with run.averaged():
                log_looks(run.folder, probe(lambda pixels: encoder(pixels).image_embeds), run.step)
    if run.accelerator.is_main_process:
        keep_tower(parts)
        with run.averaged():
            met = turn_to(encoder, processor, parts)
            if met is not None:
                print(f"turned to the tower before it: {met:.1%} of how that saw the cast")
            save_part(parts, "image_encoder", encoder)
        save_part(parts, "image_processor", processor)


def keep_tower(parts: Path) -> None:
    """Copies CLIP's vision tower, or stage 1's own tower if there is one, to `visual_encoder`.

    Frames are still seen with this tower, after a portrait encoder has taken its place for portraits.
    """
    for folder in (parts / "char_ldm" / "image_encoder", parts / "image_encoder"):
        if folder.exists() and not isinstance(load_image_encoder(folder), PortraitEncoder):
            save_part(parts, "visual_encoder", CLIPVisionModel.from_pretrained(folder, dtype=torch.float32))
            return
