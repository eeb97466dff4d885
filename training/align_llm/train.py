"""Stage 2 (paper §3.3): `python -m training.align_llm --output_dir runs/align [--data DIR]`.

The frozen language model reads the story so far, with pictures and sentences interleaved. Its R image tokens are mapped
to the fused condition of stage 1. The losses are L_gen (Eq. 4), L_align (Eq. 6) and L_img (Eq. 7). The image tokens and
both mappers are trained. The cast prefix is there half of the time, so that the paper's own form stays measurable.
"""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizerFast

from storyboard.errors import StoryError
from storyboard.models.image_tokens import mean_row_norm
from storyboard.models.losses import alignment_loss, diffusion_loss, generation_loss
from storyboard.models.mappers import VisualMapper
from storyboard.models.portrait_canvas import as_read_by, no_canvas, reads_canvas
from storyboard.models.story_reader import StoryReader
from training.align_llm.arguments import AlignArguments
from training.align_llm.cache import ConditionCache, check_conditions
from training.align_llm.clips import ClipConditions, StoryPrompts
from training.align_llm.prompts import AlignBatch, PromptFitter, Prompts, visual_tokens
from training.align_llm.reader import build_reader
from training.align_llm.sharding import shard_language_model
from training.configs.arguments import parsed
from training.configs.parts import freeze, load_config, load_scheduler, load_vae, save_part
from training.data.dataset import StoryDataset, open_reader
from training.examples.encoding import latents_of
from training.examples.latents import LatentCache
from training.loop import Objective, TrainingRun, loop_accelerator

TRAINED = ("image_tokens", "visual_mapper", "condition_mapper")


class AlignTraining(Objective[AlignBatch]):
    """The loss L_align + generation_weight x L_gen + image_weight x L_img.

    The language model and the denoiser are frozen.

    unet, noise: for L_img
    vae: for L_img with batches that carry pixels
    text_encoder: for targets without portraits
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
        if reader.visual_mapper is None or reader.condition_mapper is None:
            raise ValueError("stage 2 trains both mappers, and this reader lacks one")
        self.unet, self.noise = freeze(unet) if unet else None, noise
        self.text_encoder = freeze(text_encoder) if text_encoder else None
        self.vae = freeze(vae) if vae else None
        self.image_tokens, self.visual_mapper = reader.image_tokens, reader.visual_mapper
        self.condition_mapper = reader.condition_mapper
        self.reader, self.args = reader, args
        freeze(reader.language_model)
        # A sharded language model is already on its devices, and DDP must not touch it.
        if not args.shard_language_model:
            self.language_model = reader.language_model
        if args.gradient_checkpointing:
            reader.language_model.gradient_checkpointing_enable({"use_reentrant": False})
        self.row_norm = mean_row_norm(reader.language_model)

    def train(self, mode: bool = True) -> AlignTraining:
        super().train(mode)
        # Checkpointing works only in training mode. That is harmless: `build_reader` has turned all dropout off.
        self.reader.language_model.train(mode and self.args.gradient_checkpointing)
        for part in (self.unet, self.text_encoder, self.vae):
            if part:
                part.eval()
        return self

    def forward(self, batch: AlignBatch) -> dict[str, torch.Tensor]:
        # The authors do so after every step, which is before the next step.
        self.image_tokens.rescale_to(self.row_norm)
        frames, portraits, nothing = visual_tokens(self.visual_mapper, batch)
        prompts = [
            self.reader.embed(parts, f, p)
            for parts, f, p in zip(batch["parts"], frames, portraits, strict=True)
        ]
        read = self.reader.read(prompts, logits=True)
        target, named = self._target(batch), batch["named"]
        squared = self.args.alignment_form == "squared"
        alignment = alignment_loss(read.condition, target, squared)
        names = alignment.new_zeros(())  # there may be no names: PororoSV has no portraits
        if named.any():
            names = alignment_loss(read.condition[named], target[named], squared)
        generation = generation_loss(
            read.logits, read.labels, self.reader.vocabulary, self.args.generation_form
        )
        loss = alignment + self.args.name_weight * names * named.float().mean()
        loss = loss + self.args.generation_weight * generation + nothing
        metrics = {"alignment": alignment, "names": names, "generation": generation}
        if self.unet:
            drawn = batch["drawn"]
            latents = latents_of(drawn, self.vae)
            metrics["image"] = diffusion_loss(
                self.unet,
                self.noise,
                latents,
                read.condition,
                drawn["noise"],
                drawn["timesteps"],
                weights=1 + self.args.figures * drawn["figures"],
                canvas=as_read_by(self.unet, no_canvas(latents)) if reads_canvas(self.unet) else None,
            )
            loss = loss + self.args.image_weight * metrics["image"]
        return {"loss": loss, **metrics}

    def _target(self, batch: AlignBatch) -> torch.Tensor:
        """The target conditions (B, L, D) of the frames: those of the plain captions, with or without portraits."""
        if self.text_encoder is None:
            return batch["targets"].float()
        return self.text_encoder(batch["ids"]).last_hidden_state


def load_denoiser(parts: Path) -> tuple[UNet2DConditionModel, DDPMScheduler]:
    """Returns stage 1's denoiser and its noise schedule, for L_img."""
    noise = load_scheduler(parts).config
    return UNet2DConditionModel.from_pretrained(parts / "char_ldm" / "unet"), DDPMScheduler.from_config(noise)


def check_reads_image_tokens(reader: StoryReader) -> None:
    """StoryError if the condition mapper also reads the story's words.

    The prompts here do not mark which people the words mean.
    """
    if reader.condition_mapper and reader.condition_mapper.config.reads_story:
        raise StoryError(
            "This condition mapper reads the story's words (reads_story), and this command trains on image tokens "
            "alone. Train it with: python -m training.align_llm.condition_mapper, or choose another --config."
        )


def main(argv: list[str] | None = None) -> None:
    args = parsed(AlignArguments, argv)
    torch.manual_seed(args.seed)
    parts = Path(args.parts)
    check_conditions(Path(args.conditions), parts)
    cache: ConditionCache | ClipConditions = (
        ClipConditions(args.conditions) if args.data else ConditionCache(Path(args.conditions))
    )
    queries, output_width = cache.shape
    reader = build_reader(parts, load_config(args.config), cache.width, queries, output_width)
    if args.visual_mapper:
        reader.visual_mapper = VisualMapper.from_pretrained(args.visual_mapper).train()
    if args.continued:
        for name in TRAINED:
            setattr(
                reader, name, type(getattr(reader, name)).from_pretrained(parts / "aligned" / name).train()
            )
    check_reads_image_tokens(reader)
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
    """Returns a function from a step to a batch, for the dataset with cached conditions or for Maple Lane."""
    prompt = PromptFitter(reader, args.max_length, pictures=args.interleaved)
    tokenizer = CLIPTokenizerFast.from_pretrained(Path(args.parts) / "tokenizer")
    if isinstance(cache, ConditionCache):
        latents = LatentCache(Path(args.latents)) if args.image_weight else None
        return Prompts(cache, args, prompt, latents, tokenizer if args.target == "text" else None)
    if not args.data:
        raise ValueError("conditions of clips belong to a dataset, and there is no --data")
    dataset = StoryDataset(
        open_reader(args.data), "train", args.length, rule=args.rule, followers=args.followers
    )
    return StoryPrompts(dataset, cache, args, prompt, tokenizer, vae)
