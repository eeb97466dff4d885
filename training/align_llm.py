"""Stage 2 (paper §3.3): `python -m training.align_llm --output_dir runs/align`.

The frozen language model reads the story so far, pictures and sentences interleaved, and its R image tokens are
mapped to the fused condition of stage 1: L_gen (Eq. 4), L_align (Eq. 6), L_img (Eq. 7). Trained are the image
tokens and both mappers. The cast prefix is there half of the time, so that the paper's own form stays measurable.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from diffusers import DDPMScheduler, DPMSolverMultistepScheduler, UNet2DConditionModel
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    CLIPTextModel,
    CLIPTokenizerFast,
    HfArgumentParser,
    PreTrainedTokenizerFast,
)

from storyboard.captions import interleave
from storyboard.models.image_tokens import ImageTokens, mean_row_norm
from storyboard.models.losses import alignment_loss, diffusion_loss, generation_loss
from storyboard.models.mappers import ConditionMapper, VisualMapper
from storyboard.models.story_reader import StoryReader
from training.cache_conditions import ConditionCache
from training.loop import LoopArguments, TrainingRun
from training.maple_lane.reading import CAST_SHARE, cast_so_far
from training.parts import freeze, load_config, save_part
from training.pretrain.latents import FRAMES, LatentCache
from training.pretrain.ldm import noised_latents, token_ids

TRAINED = ("image_tokens", "visual_mapper", "condition_mapper")


@dataclass
class AlignArguments(LoopArguments):
    """Loop arguments with this stage's defaults, and the rows of the paper's Table 4 as switches."""

    steps: int = 2000
    batch: int = 24
    lr: float = 1e-3
    ema: float = 0.998
    config: str = field(default="maple-lane", metadata={"help": "size: a stem in training/configs or a file"})
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts and stage 1"})
    conditions: str = field(
        default="runs/maple-lane/conditions", metadata={"help": "folder of cached conditions"}
    )
    visual_mapper: str | None = field(
        default=None, metadata={"help": "folder of a visual mapper to start from; by default a fresh one"}
    )
    interleaved: bool = field(
        default=True, metadata={"help": "read pictures too; false: the rows Caption- of Table 4"}
    )
    target: Literal["fused", "text"] = field(
        default="fused",
        metadata={"help": "what L_align aims at; text: the rows of Table 4 without fused embeddings"},
    )
    alignment_form: Literal["squared", "norm"] = field(
        default="squared", metadata={"help": "Eq. 6, or the mean length of a token's error as released"}
    )
    generation_weight: float = field(default=0.1, metadata={"help": "weight of L_gen"})
    generation_form: Literal["paper", "code"] = field(
        default="paper",
        metadata={"help": "L_gen over all R image tokens, or over the words and the first one"},
    )
    image_weight: float = field(
        default=0.0, metadata={"help": "weight of L_img; 0: the row w/o L_img of Table 4"}
    )
    latents: str = field(default="runs/maple-lane/latents", metadata={"help": "encoded pictures, for L_img"})
    min_snr: float = field(default=5.0, metadata={"help": "min-SNR weighting of L_img"})
    figures: float = field(
        default=2.0, metadata={"help": "extra weight of the latents of characters in L_img"}
    )
    name_weight: float = field(
        default=2.0, metadata={"help": "extra weight of L_align on tokens that carry portraits"}
    )


class AlignTraining(nn.Module):
    """L_align + generation_weight x L_gen + image_weight x L_img over a frozen language model and denoiser."""

    def __init__(
        self,
        reader: StoryReader,
        args: AlignArguments,
        unet: UNet2DConditionModel | None = None,
        noise: DDPMScheduler | None = None,
        text_encoder: CLIPTextModel | None = None,
    ):
        super().__init__()
        self.unet, self.noise = freeze(unet) if unet else None, noise
        self.text_encoder = freeze(text_encoder) if text_encoder else None
        self.image_tokens, self.visual_mapper = reader.image_tokens, reader.visual_mapper
        self.condition_mapper = reader.condition_mapper
        self.reader, self.args = reader, args
        self.language_model = freeze(reader.language_model)
        if args.gradient_checkpointing:
            self.language_model.gradient_checkpointing_enable({"use_reentrant": False})
        self.row_norm = mean_row_norm(reader.language_model)

    def train(self, mode: bool = True):
        super().train(mode)
        # Checkpointing works in training mode only, which is harmless: `build_reader` has put all dropout out.
        self.language_model.train(mode and self.args.gradient_checkpointing)
        for part in (self.unet, self.text_encoder):
            if part:
                part.eval()
        return self

    def forward(self, batch: dict) -> dict[str, torch.Tensor]:
        self.image_tokens.rescale_to(self.row_norm)  # as the authors: after every step, so before the next
        frames = self.visual_mapper(batch["frames"]).split(batch["frame_counts"])  # (n, m, E) each
        portraits = self.visual_mapper(batch["portraits"]).split(batch["portrait_counts"])
        prompts = [
            self.reader.embed(parts, f, p)
            for parts, f, p in zip(batch["parts"], frames, portraits, strict=True)
        ]
        read = self.reader.read(prompts, logits=True)
        target, named = self._target(batch), batch["named"]
        squared = self.args.alignment_form == "squared"
        alignment = alignment_loss(read.condition, target, squared)
        names = alignment_loss(read.condition[named], target[named], squared)
        generation = generation_loss(
            read.logits, read.labels, self.reader.vocabulary, self.args.generation_form
        )
        loss = alignment + self.args.name_weight * names * named.float().mean()
        loss = loss + self.args.generation_weight * generation
        metrics = {"alignment": alignment, "names": names, "generation": generation}
        if self.unet:
            metrics["image"] = diffusion_loss(
                self.unet,
                self.noise,
                batch["latents"],
                read.condition,
                batch["noise"],
                batch["timesteps"],
                min_snr_gamma=self.args.min_snr,
                weights=1 + self.args.figures * batch["figures"],
            )
            loss = loss + self.args.image_weight * metrics["image"]
        return {"loss": loss, **metrics}

    def _target(self, batch: dict) -> torch.Tensor:
        """What the frames' conditions (B, L, D) should be: of the plain captions, with or without portraits."""
        if self.text_encoder is None:
            return batch["targets"].float()
        return self.text_encoder(batch["ids"]).last_hidden_state


class Prompts:
    """Step -> interleaved prompts for a random frame of cached stories, their picture features and targets."""

    def __init__(
        self,
        cache: ConditionCache,
        args: AlignArguments,
        latents: LatentCache | None = None,
        tokenizer: CLIPTokenizerFast | None = None,
    ):
        self.cache, self.args, self.latents, self.tokenizer = cache, args, latents, tokenizer
        self.stories = len(cache) if latents is None else min(len(cache), len(latents) // FRAMES)

    def __call__(self, step: int, rows: range) -> dict:
        examples = [self._example(np.random.default_rng((self.args.seed, step, row))) for row in rows]
        width = self.cache.features.shape[-1]
        extra = {}
        if self.latents:
            # The caches hold the same stories in the same order.
            indices = [FRAMES * e["index"] + e["number"] for e in examples]
            extra = noised_latents(self.latents, indices, self.args, step, rows)
        if self.tokenizer:
            extra["ids"] = token_ids(self.tokenizer, [e["plain"] for e in examples])
        return {
            **extra,
            "parts": [e["parts"] for e in examples],
            "frames": torch.cat([e["frames"] for e in examples]).reshape(-1, width),
            "frame_counts": [len(e["frames"]) for e in examples],
            "portraits": torch.cat([e["portraits"] for e in examples]).reshape(-1, width),
            "portrait_counts": [len(e["portraits"]) for e in examples],
            "targets": torch.stack([e["target"] for e in examples]),
            "named": torch.stack([e["named"] for e in examples]),
        }

    def _example(self, rng: np.random.Generator) -> dict:
        index, number = int(rng.integers(self.stories)), int(rng.integers(FRAMES))
        story, pictures = self.cache.story(index), self.args.interleaved
        frames = story.frames[: number + 1]
        captions = [f.plain if rng.random() < 0.15 else f.referential for f in frames]
        cast = []
        if pictures and rng.random() < CAST_SHARE:
            cast = cast_so_far(frames)
        views = [self.cache.portraits[name, story.outfits[name]] for name in cast]
        shown = [v[rng.integers(len(v))] for v in views]
        width = self.cache.features.shape[-1]
        return {
            "index": index,
            "number": number,
            "parts": interleave(captions[:-1], captions[-1], cast, pictures=pictures),
            "frames": self.cache.features[index, :number] if pictures else torch.zeros(0, width),
            "portraits": torch.stack(shown) if shown else torch.zeros(0, width),
            "target": self.cache.conditions[index, number],
            "plain": story.frames[number].plain,
            "named": self.cache.named[index, number],
        }


def build_reader(parts: Path, config: dict, image_width: int, queries: int, output_width: int) -> StoryReader:
    """A reader over the frozen language model of `parts`, everything trainable fresh."""
    language_config = AutoConfig.from_pretrained(parts / "language_model")
    for name in ("dropout", "attention_dropout", "activation_dropout", "layerdrop"):
        if hasattr(language_config, name):
            setattr(language_config, name, 0.0)
    language_model = AutoModelForCausalLM.from_pretrained(parts / "language_model", config=language_config)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(parts / "language_tokenizer")
    width = language_model.get_input_embeddings().weight.shape[1]
    return StoryReader(
        language_model,
        tokenizer,
        ImageTokens(width, **config["image_tokens"]),
        VisualMapper(image_width, width, **config["visual_mapper"]),
        ConditionMapper(width, output_width, queries, **config["condition_mapper"]),
    )


def main(argv: list[str] | None = None) -> None:
    (args,) = HfArgumentParser(AlignArguments).parse_args_into_dataclasses(argv)
    torch.manual_seed(args.seed)
    parts, cache = Path(args.parts), ConditionCache(Path(args.conditions))
    queries, output_width = cache.conditions.shape[-2:]
    reader = build_reader(parts, load_config(args.config), cache.features.shape[-1], queries, output_width)
    if args.visual_mapper:
        reader.visual_mapper = VisualMapper.from_pretrained(args.visual_mapper).train()
    if args.continued:
        for name in TRAINED:
            setattr(
                reader, name, type(getattr(reader, name)).from_pretrained(parts / "aligned" / name).train()
            )
    unet = noise = latents = None
    if args.image_weight:
        unet = UNet2DConditionModel.from_pretrained(parts / "char_ldm" / "unet")
        noise = DDPMScheduler.from_config(
            DPMSolverMultistepScheduler.from_pretrained(parts / "scheduler").config
        )
        latents = LatentCache(Path(args.latents))
    text_encoder = tokenizer = None
    if args.target == "text":
        text_encoder = CLIPTextModel.from_pretrained(parts / "text_encoder")
        tokenizer = CLIPTokenizerFast.from_pretrained(parts / "tokenizer")
    module = AlignTraining(reader, args, unet, noise, text_encoder)
    run = TrainingRun(module, Prompts(cache, args, latents, tokenizer), args)
    for _ in run:
        pass
    if run.accelerator.is_main_process:
        with run.averaged():
            for name in TRAINED:
                save_part(parts, f"aligned/{name}", getattr(reader, name))


if __name__ == "__main__":
    main()
