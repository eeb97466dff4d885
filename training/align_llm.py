"""Stage 2 (paper §3.3): `python -m training.align_llm --output_dir runs/align [--data DIR]`.

The frozen language model reads the story so far, pictures and sentences interleaved, and its R image tokens are
mapped to the fused condition of stage 1: L_gen (Eq. 4), L_align (Eq. 6), L_img (Eq. 7). Trained are the image
tokens and both mappers. The cast prefix is there half of the time, so that the paper's own form stays measurable.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch
from diffusers import AutoencoderKL, DDPMScheduler, DPMSolverMultistepScheduler, UNet2DConditionModel
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    CLIPTextModel,
    CLIPTokenizerFast,
    HfArgumentParser,
)

from storyboard.errors import StoryError
from storyboard.models.image_tokens import ImageTokens, mean_row_norm
from storyboard.models.losses import alignment_loss, diffusion_loss, generation_loss
from storyboard.models.mappers import ConditionMapper, VisualMapper
from storyboard.models.story_reader import StoryReader
from training.cache_conditions import ConditionCache, check_conditions
from training.data.conditions import ClipConditions, StoryPrompts
from training.data.dataset import Followers, StoryDataset, open_reader
from training.data.encoding import latents_of
from training.loop import LoopArguments, TrainingRun, loop_accelerator
from training.parts import freeze, load_config, load_vae, save_part
from training.pretrain.latents import LatentCache
from training.prompts import PromptFitter, Prompts, visual_tokens
from training.references import Rule
from training.released.language import load_tokenizer
from training.sharding import shard_language_model

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
    data: str | None = field(
        default=None, metadata={"help": "dataset folder whose --conditions are cached, instead of Maple Lane"}
    )
    length: int = field(default=4, metadata={"help": "with --data, frames of a story"})
    followers: Followers = field(
        default="own",
        metadata={
            "help": "with --data; any: learn, as released, from stories too that go on into val and test clips"
        },
    )
    rule: Rule = field(
        default="evaluation",
        metadata={"help": "with --data, for pronouns; training: He for everybody, as released"},
    )
    window_share: float = field(
        default=0.0,
        metadata={"help": "share of prompts that begin inside a story, as its window does once it is long"},
    )
    max_length: int = field(
        default=0,
        metadata={
            "help": "positions of a prompt, longer ones lose their oldest frames; 0: all there are, released: 160"
        },
    )
    shard_language_model: bool = field(
        default=False,
        metadata={"help": "spread it over the processes, for GPUs on which it does not fit (FSDP2)"},
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
    figures: float = field(default=2.0, metadata={"help": "the same in L_img as in stage 1; released: 0"})
    name_weight: float = field(
        default=2.0, metadata={"help": "extra weight of L_align on tokens that carry portraits; released: 0"}
    )


class AlignTraining(nn.Module):
    """L_align + generation_weight x L_gen + image_weight x L_img over a frozen language model and denoiser.

    unet, noise: for L_img, with a vae for batches that carry pixels. text_encoder: for targets without portraits.
    """

    def __init__(
        self,
        reader: StoryReader,
        args: AlignArguments,
        unet: UNet2DConditionModel | None = None,
        noise: DDPMScheduler | None = None,
        text_encoder: CLIPTextModel | None = None,
        vae: AutoencoderKL | None = None,
    ):
        super().__init__()
        self.unet, self.noise = freeze(unet) if unet else None, noise
        self.text_encoder = freeze(text_encoder) if text_encoder else None
        self.vae = freeze(vae) if vae else None
        self.image_tokens, self.visual_mapper = reader.image_tokens, reader.visual_mapper
        self.condition_mapper = reader.condition_mapper
        self.reader, self.args = reader, args
        freeze(reader.language_model)
        if not args.shard_language_model:  # else it is where it belongs, and DDP must not touch it
            self.language_model = reader.language_model
        if args.gradient_checkpointing:
            reader.language_model.gradient_checkpointing_enable({"use_reentrant": False})
        self.row_norm = mean_row_norm(reader.language_model)

    def train(self, mode: bool = True):
        super().train(mode)
        # Checkpointing works in training mode only, which is harmless: `build_reader` has put all dropout out.
        self.reader.language_model.train(mode and self.args.gradient_checkpointing)
        for part in (self.unet, self.text_encoder, self.vae):
            if part:
                part.eval()
        return self

    def forward(self, batch: dict) -> dict[str, torch.Tensor]:
        self.image_tokens.rescale_to(self.row_norm)  # as the authors: after every step, so before the next
        frames, portraits, nothing = visual_tokens(self.visual_mapper, batch)
        prompts = [
            self.reader.embed(parts, f, p)
            for parts, f, p in zip(batch["parts"], frames, portraits, strict=True)
        ]
        read = self.reader.read(prompts, logits=True)
        target, named = self._target(batch), batch["named"]
        squared = self.args.alignment_form == "squared"
        alignment = alignment_loss(read.condition, target, squared)
        names = alignment.new_zeros(())  # PororoSV has no portraits
        if named.any():
            names = alignment_loss(read.condition[named], target[named], squared)
        generation = generation_loss(
            read.logits, read.labels, self.reader.vocabulary, self.args.generation_form
        )
        loss = alignment + self.args.name_weight * names * named.float().mean()
        loss = loss + self.args.generation_weight * generation + nothing
        metrics = {"alignment": alignment, "names": names, "generation": generation}
        if self.unet:
            metrics["image"] = diffusion_loss(
                self.unet,
                self.noise,
                latents_of(batch, self.vae),
                read.condition,
                batch["noise"],
                batch["timesteps"],
                weights=1 + self.args.figures * batch["figures"],
            )
            loss = loss + self.args.image_weight * metrics["image"]
        return {"loss": loss, **metrics}

    def _target(self, batch: dict) -> torch.Tensor:
        """What the frames' conditions (B, L, D) should be: of the plain captions, with or without portraits."""
        if self.text_encoder is None:
            return batch["targets"].float()
        return self.text_encoder(batch["ids"]).last_hidden_state


def build_reader(parts: Path, config: dict, image_width: int, queries: int, output_width: int) -> StoryReader:
    """A reader over the frozen language model of `parts`, everything trainable fresh."""
    language_config = AutoConfig.from_pretrained(parts / "language_model")
    for name in ("dropout", "attention_dropout", "activation_dropout", "layerdrop"):
        if hasattr(language_config, name):
            setattr(language_config, name, 0.0)
    language_model = AutoModelForCausalLM.from_pretrained(parts / "language_model", config=language_config)
    tokenizer = load_tokenizer(parts / "language_tokenizer")
    width = language_model.get_input_embeddings().weight.shape[1]
    return StoryReader(
        language_model,
        tokenizer,
        ImageTokens(width, **config["image_tokens"]),
        VisualMapper(image_width, width, **config["visual_mapper"]),
        ConditionMapper(width, output_width, queries, **config["condition_mapper"]),
    )


def load_denoiser(parts: Path) -> tuple[UNet2DConditionModel, DDPMScheduler]:
    """Stage 1's denoiser and its noise, for L_img."""
    noise = DPMSolverMultistepScheduler.from_pretrained(parts / "scheduler").config
    return UNet2DConditionModel.from_pretrained(parts / "char_ldm" / "unet"), DDPMScheduler.from_config(noise)


def main(argv: list[str] | None = None) -> None:
    (args,) = HfArgumentParser(AlignArguments).parse_args_into_dataclasses(argv)
    torch.manual_seed(args.seed)
    parts = Path(args.parts)
    check_conditions(Path(args.conditions), parts)
    cache = ClipConditions(args.conditions) if args.data else ConditionCache(Path(args.conditions))
    queries, output_width = cache.shape
    reader = build_reader(parts, load_config(args.config), cache.width, queries, output_width)
    if args.visual_mapper:
        reader.visual_mapper = VisualMapper.from_pretrained(args.visual_mapper).train()
    if args.continued:
        for name in TRAINED:
            setattr(
                reader, name, type(getattr(reader, name)).from_pretrained(parts / "aligned" / name).train()
            )
    if args.shard_language_model:
        accelerator = loop_accelerator(args)
        shard_language_model(freeze(reader.language_model), accelerator.device, accelerator.num_processes)
    text_encoder = CLIPTextModel.from_pretrained(parts / "text_encoder") if args.target == "text" else None
    unet, noise = load_denoiser(parts) if args.image_weight else (None, None)
    vae = load_vae(parts) if args.image_weight and args.data else None
    module = AlignTraining(reader, args, unet, noise, text_encoder, vae)
    run = TrainingRun(module, batches(args, cache, reader, vae), args)
    for _ in run:
        pass
    if run.accelerator.is_main_process:
        with run.averaged():
            reader.image_tokens.rescale_to(module.row_norm)
            for name in TRAINED:
                save_part(parts, f"aligned/{name}", getattr(reader, name))


def batches(
    args: AlignArguments,
    cache: ConditionCache | ClipConditions,
    reader: StoryReader,
    vae: AutoencoderKL | None,
) -> Prompts | StoryPrompts:
    """Step -> batch: of the dataset whose conditions are cached, or of Maple Lane."""
    prompt = PromptFitter(reader, args.max_length, pictures=args.interleaved)
    tokenizer = CLIPTokenizerFast.from_pretrained(Path(args.parts) / "tokenizer")
    if args.data:
        reading = {"rule": args.rule, "followers": args.followers}
        dataset = StoryDataset(open_reader(args.data), "train", args.length, **reading)
        return StoryPrompts(dataset, cache, args, prompt, tokenizer, vae)
    latents = LatentCache(Path(args.latents)) if args.image_weight else None
    return Prompts(cache, args, prompt, latents, tokenizer if args.target == "text" else None)


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"align_llm: {error}")
