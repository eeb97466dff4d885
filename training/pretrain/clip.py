"""Text and vision towers, trained contrastively: `python -m training.pretrain clip --output_dir runs/clip`.

Pairs are frames and portraits of Maple Lane with dense descriptions (who wears what, where, doing what), so that the
vision features know the outfits that captions never mention. fp32, about 130 pairs a second on two cores.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from transformers import CLIPModel, CLIPTokenizerFast, HfArgumentParser

from storyboard.errors import StoryError
from training.configs.parts import (
    build_clip,
    build_image_processor,
    join_towers,
    load_config,
    save_part,
    split_clip,
)
from training.examples.weather import weather
from training.loop import LoopArguments, TrainingRun, loop_accelerator
from training.maple_lane import CAST, describe, describe_portrait, draw, draw_portrait, sample_story


@dataclass
class ClipArguments(LoopArguments):
    """Loop arguments with this part's defaults."""

    steps: int = 1200
    batch: int = 96
    lr: float = 8e-4
    config: str = field(default="maple-lane", metadata={"help": "size: a stem in training/configs or a file"})
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})


class ClipTraining(nn.Module):
    """The symmetric contrastive loss over a batch of pictures and their descriptions."""

    def __init__(self, clip: CLIPModel):
        super().__init__()
        self.clip = clip

    def forward(self, batch: dict) -> dict[str, torch.Tensor]:
        out = self.clip(input_ids=batch["ids"], pixel_values=batch["pixels"], return_loss=True)
        right = (
            out.logits_per_image.argmax(1) == torch.arange(len(batch["ids"]), device=out.loss.device)
        ).float()
        return {"loss": out.loss, "top1": right.mean()}


class Pairs:
    """Step -> pictures (B, 3, S, S) as the vision tower reads them, and token ids (B, L) of their descriptions."""

    def __init__(self, seed: int, tokenizer: CLIPTokenizerFast, processor):
        self.seed, self.tokenizer, self.processor = seed, tokenizer, processor
        self.size = processor.crop_size["height"]

    def __call__(self, step: int, rows: range) -> dict:
        pictures, texts = zip(
            *(self._pair(np.random.default_rng((self.seed, step, r))) for r in rows), strict=True
        )
        pixels = self.processor(list(pictures), return_tensors="pt")["pixel_values"]
        ids = self.tokenizer(list(texts), padding="max_length", truncation=True, return_tensors="pt")[
            "input_ids"
        ]
        return {"pixels": pixels, "ids": ids}

    def _pair(self, rng: np.random.Generator) -> tuple[Image.Image, str]:
        if rng.random() < 0.3:
            who = CAST[rng.integers(len(CAST))]
            outfit = who.outfits[rng.integers(len(who.outfits))]
            return weather(draw_portrait(who.name, outfit, self.size), rng), describe_portrait(
                who.name, outfit
            )
        story = sample_story(int(rng.integers(2**31)), frames=2, split="train")
        scene = story.frames[rng.integers(2)].scene
        return weather(draw(scene, self.size), rng), describe(scene)


def main(argv: list[str]) -> None:
    (args,) = HfArgumentParser(ClipArguments).parse_args_into_dataclasses(argv)
    processes = loop_accelerator(args).num_processes
    if processes > 1:
        raise StoryError(
            f"A picture is compared with all others of its step, which {processes} processes would hold apart; run "
            "training.pretrain clip in one."
        )
    torch.manual_seed(args.seed)
    config, parts = load_config(args.config), Path(args.parts)
    tokenizer = CLIPTokenizerFast.from_pretrained(parts / "tokenizer")
    processor = build_image_processor(config)
    clip = build_clip(config, tokenizer)
    if args.continued:
        join_towers(clip, parts)
    run = TrainingRun(ClipTraining(clip), Pairs(args.seed, tokenizer, processor), args)
    for _ in run:
        pass
    if run.accelerator.is_main_process:
        with run.averaged():
            text, vision = split_clip(run.module.clip)
        save_part(parts, "text_encoder", text)
        save_part(parts, "image_encoder", vision)
        save_part(parts, "image_processor", processor)
