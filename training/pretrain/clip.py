"""The text tower and the vision tower, trained contrastively: `python -m training.pretrain clip --output_dir
runs/clip`.

The pairs are frames and portraits of Maple Lane with dense descriptions: who wears what, where they are and what they
do. So the vision features know the outfits, which captions never mention. Training is in fp32, about 130 pairs a second
on two cores.

With `--anybody 0.7`, that share of the pairs shows people of any look. Linear heads then also read the people's looks
from the projected feature. At every checkpoint, a probe tells how much of a stranger's look the feature holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import torch
from PIL import Image
from transformers import CLIPImageProcessor, CLIPModel, CLIPTokenizerFast

from storyboard.errors import StoryError
from storyboard.people import Look, sample_look
from storyboard.people.names import sample_name
from training.configs.arguments import parsed
from training.configs.parts import (
    build_clip,
    build_image_processor,
    join_towers,
    load_config,
    save_part,
    split_clip,
)
from training.examples.captions import fits, token_ids
from training.examples.weather import as_uploaded, weather
from training.loop import LoopArguments, Objective, TrainingRun, loop_accelerator
from training.maple_lane import (
    CAST,
    describe,
    describe_portrait,
    describe_portrait_within,
    describe_within,
    draw,
    draw_portrait,
    sample_open_story,
    sample_people_story,
    sample_story,
)
from training.pretrain.look_heads import LookHeads, LookTargets, look_targets
from training.pretrain.look_probe import LookProbe, log_looks

if TYPE_CHECKING:
    from typing_extensions import NotRequired

# Shares of portraits among pairs of the cast, and of other people.
CAST_PORTRAITS, ANYBODY_PORTRAITS = 0.3, 0.6


@dataclass
class ClipArguments(LoopArguments):
    """Loop arguments with the defaults of this part."""

    steps: int = 1200
    batch: int = 96
    lr: float = 8e-4
    config: str = field(default="maple-lane", metadata={"help": "size: a stem in training/configs or a file"})
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})
    anybody: float = field(default=0.0, metadata={"help": "share of pairs that show people of any look"})
    look_weight: float = field(default=1.0, metadata={"help": "weight of the heads that read such looks"})
    probed: int = field(default=2000, metadata={"help": "people a checkpoint's probe learns from"})
    text: bool = field(
        default=True, metadata={"help": "train the text tower; false: what a denoiser reads stays as it is"}
    )


class PairBatch(TypedDict):
    """B pictures and their descriptions."""

    pixels: torch.Tensor  # (B, 3, S, S), as the vision tower reads them
    ids: torch.Tensor  # (B, L): the tokens of the descriptions
    looks: NotRequired[LookTargets]  # known for pictures of one person of any look, who is alone


class ClipTraining(Objective[PairBatch]):
    """The symmetric contrastive loss over a batch of pictures and their descriptions, and the loss of the look heads.

    look_weight: 0 for no heads. The heads read the feature before it is scaled to length one, as the fuser does.
    """

    def __init__(self, clip: CLIPModel, look_weight: float = 0.0):
        super().__init__()
        self.clip, self.look_weight = clip, look_weight
        if look_weight:
            self.heads = LookHeads(clip.config.projection_dim)

    def forward(self, batch: PairBatch) -> dict[str, torch.Tensor]:
        out = self.clip(input_ids=batch["ids"], pixel_values=batch["pixels"], return_loss=True)
        right = (
            out.logits_per_image.argmax(1) == torch.arange(len(batch["ids"]), device=out.loss.device)
        ).float()
        told = {"loss": out.loss, "top1": right.mean()}
        if self.look_weight:
            feature = self.clip.visual_projection(out.vision_model_output.pooler_output)
            told["looks"] = self.heads(feature, batch["looks"])
            told["loss"] = out.loss + self.look_weight * told["looks"]
        return told

    def feature(self, pixels: torch.Tensor) -> torch.Tensor:
        """Returns the projected features (N, V) of pixels (N, 3, S, S)."""
        seen = self.clip.vision_model(pixel_values=pixels.to(self.clip.device))
        return self.clip.visual_projection(seen.pooler_output)


class Pairs:
    """Maps a step to pictures and their descriptions. anybody: the share of pairs that show people of any look."""

    def __init__(
        self, seed: int, tokenizer: CLIPTokenizerFast, processor: CLIPImageProcessor, anybody: float = 0.0
    ):
        self.seed, self.tokenizer, self.processor, self.anybody = seed, tokenizer, processor, anybody
        self.size, self.fits = processor.crop_size["height"], fits(tokenizer)

    def __call__(self, step: int, rows: range) -> PairBatch:
        pictures, texts, looks = zip(
            *(self._pair(np.random.default_rng((self.seed, step, r))) for r in rows), strict=True
        )
        pixels = self.processor(list(pictures), return_tensors="pt")["pixel_values"]
        batch: PairBatch = {"pixels": pixels, "ids": token_ids(self.tokenizer, list(texts))}
        if self.anybody:
            batch["looks"] = look_targets(looks)
        return batch

    def _pair(self, rng: np.random.Generator) -> tuple[Image.Image, str, Look | None]:
        if self.anybody and rng.random() < self.anybody:
            return self._pair_of_anybody(rng)
        if rng.random() < CAST_PORTRAITS:
            who = CAST[rng.integers(len(CAST))]
            outfit = who.outfits[rng.integers(len(who.outfits))]
            portrait = draw_portrait(who.name, outfit, self.size)
            return weather(portrait, rng), describe_portrait(who.name, outfit), None
        story = sample_story(int(rng.integers(2**31)), frames=2, split="train")
        scene = story.frames[rng.integers(2)].scene
        return weather(draw(scene, self.size), rng), describe(scene), None

    def _pair_of_anybody(self, rng: np.random.Generator) -> tuple[Image.Image, str, Look | None]:
        seed = int(rng.integers(2**31))
        if rng.random() < ANYBODY_PORTRAITS:
            look = sample_look(seed)
            name = sample_name(look, Random(seed))
            portrait = as_uploaded(draw_portrait(name, look, self.size), rng)
            return portrait, describe_portrait_within(name, look, self.fits), look
        sample: Callable = (sample_people_story, sample_open_story)[rng.integers(2)]
        (frame,) = sample(seed, frames=1, split="train").frames
        return weather(draw(frame.scene, self.size), rng), describe_within(frame.scene, self.fits), None


def main(argv: list[str]) -> None:
    args = parsed(ClipArguments, argv)
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
    clip.text_model.requires_grad_(args.text)
    module = ClipTraining(clip, args.look_weight if args.anybody else 0.0)
    run = TrainingRun(module, Pairs(args.seed, tokenizer, processor, args.anybody), args)
    probe = LookProbe(processor, args.probed) if args.anybody else None
    for stats in run:
        if probe and stats.saved:
            with run.averaged():
                log_looks(run.folder, probe(module.feature), run.step)
    if run.accelerator.is_main_process:
        with run.averaged():
            text, vision = split_clip(module.clip)
        save_part(parts, "text_encoder", text)
        save_part(parts, "image_encoder", vision)
        save_part(parts, "image_processor", processor)
