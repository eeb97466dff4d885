"""The plain latent diffusion model that all systems start from: `python -m training.pretrain ldm --output_dir
runs/ldm`.

It plays the role of Stable Diffusion: it knows words, including words for clothes, but no portraits. A tenth of the
examples have no caption. Of the others, half have dense descriptions and half have plain captions. The text tower
trains with it, because the contrastive step is too short to finish such a small tower. From stage 1 on the text tower
is frozen. Training runs at about 15 latents a second on two cores.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizerFast

from storyboard.models.losses import diffusion_loss
from training.configs.arguments import parsed
from training.configs.parts import build_scheduler, build_unet, load_config, save_part
from training.examples.captions import fits, token_ids
from training.examples.latents import LatentCache, measured_vae
from training.examples.noise import NoisedFrames, noised_rows
from training.examples.samples import paint
from training.loop import LoopArguments, Objective, TrainingRun
from training.maple_lane import describe_within, story


@dataclass
class LdmArguments(LoopArguments):
    """Loop arguments with the defaults of this part."""

    steps: int = 3000
    batch: int = 32
    lr: float = 6e-4
    ema: float = 0.998
    config: str = field(default="maple-lane", metadata={"help": "size: a stem in training/configs or a file"})
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})
    latents: str = field(default="runs/maple-lane/latents", metadata={"help": "folder of encoded pictures"})
    no_text: float = field(default=0.1, metadata={"help": "share of examples without a caption"})
    dense: float = field(default=0.5, metadata={"help": "share of captions that are dense descriptions"})
    figures: float = field(
        default=2.0, metadata={"help": "extra weight of the latents of characters and their things"}
    )


class LdmBatch(NoisedFrames):
    """Latents with their noise and captions."""

    ids: torch.Tensor  # (B, L)


class LdmTraining(Objective[LdmBatch]):
    """The denoising loss, with plain text states as the condition."""

    def __init__(
        self,
        unet: UNet2DConditionModel,
        text_encoder: CLIPTextModel,
        noise: DDPMScheduler,
        args: LdmArguments,
    ):
        super().__init__()
        self.unet, self.text_encoder, self.noise, self.args = unet, text_encoder, noise, args

    def forward(self, batch: LdmBatch) -> dict[str, torch.Tensor]:
        condition = self.text_encoder(batch["ids"]).last_hidden_state  # (B, L, D)
        loss = diffusion_loss(
            self.unet,
            self.noise,
            batch["latents"],
            condition,
            batch["noise"],
            batch["timesteps"],
            weights=1 + self.args.figures * batch["figures"],
        )
        return {"loss": loss}


class CaptionedLatents:
    """Maps a step to latents of the cache, with noise and captions."""

    def __init__(self, cache: LatentCache, tokenizer: CLIPTokenizerFast, args: LdmArguments):
        self.cache, self.tokenizer, self.args = cache, tokenizer, args
        self.fits = fits(tokenizer)

    def __call__(self, step: int, rows: range) -> LdmBatch:
        picks, frames = noised_rows(self.cache, self.args, step, rows)
        captions = [self._caption(g, index) for g, index in picks]
        return {**frames, "ids": token_ids(self.tokenizer, captions)}

    def _caption(self, g: torch.Generator, index: int) -> str:
        dropped, dense = torch.rand(2, generator=g).tolist()
        if dropped < self.args.no_text:
            return ""
        story, number = self.cache.story(index)
        frame = story.frames[number]
        return describe_within(frame.scene, self.fits) if dense < self.args.dense else frame.plain


def main(argv: list[str]) -> None:
    args = parsed(LdmArguments, argv)
    torch.manual_seed(args.seed)
    config, parts = load_config(args.config), Path(args.parts)
    vae = measured_vae(parts)
    tokenizer = CLIPTokenizerFast.from_pretrained(parts / "tokenizer")
    text_encoder = CLIPTextModel.from_pretrained(parts / "text_encoder").train()
    unet = (
        UNet2DConditionModel.from_pretrained(parts / "unet").train() if args.continued else build_unet(config)
    )
    scheduler = build_scheduler(config)
    module = LdmTraining(unet, text_encoder, DDPMScheduler.from_config(scheduler.config), args)
    run = TrainingRun(module, CaptionedLatents(LatentCache(Path(args.latents)), tokenizer, args), args)
    vae.to(run.accelerator.device)
    captions = [story("val", i).frames[i % 4].plain for i in range(6)]
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            with run.averaged(), torch.inference_mode():
                ids = token_ids(tokenizer, [*captions, ""]).to(unet.device)
                states = text_encoder(ids).last_hidden_state
                paint(unet, vae, scheduler, states[:-1], states[-1:]).save(
                    run.folder / f"sample-{stats.step:06d}.png"
                )
    if run.accelerator.is_main_process:
        with run.averaged():
            save_part(parts, "unet", unet)
            save_part(parts, "text_encoder", text_encoder)
        save_part(parts, "scheduler", scheduler)
