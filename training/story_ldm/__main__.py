"""Story-LDM, the baseline: `python -m training.story_ldm --output_dir runs/maple-lane/story-ldm`.

Starts from the plain LDM of --parts, as the paper's baselines start from Stable Diffusion: the UNet is fine-tuned with
the memory beside it, the text tower stays frozen. A frame is learnt under its sentence and the real frames before it;
a tenth of the examples have neither. For the same budget as Char-LDM give the same --steps and --batch. A step of 32
takes about 4 seconds on two cores, 2500 steps 3 hours. At the end the pipeline folder --out is written, which
`python -m training.evaluate.systems draw story-ldm` draws with.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizerFast

from storyboard.errors import StoryError
from storyboard.models.losses import diffusion_loss
from training.configs.arguments import parsed
from training.configs.parts import freeze, load_scheduler, load_vae, save_part
from training.examples.captions import token_ids
from training.examples.encoding import latents_of
from training.examples.latents import measured_vae
from training.examples.samples import story_sheet
from training.examples.stories import ToldFrames, told_frames
from training.loop import LoopArguments, TrainingRun
from training.story_ldm.memory import StoryMemory, gather
from training.story_ldm.pipeline import StoryLdmPipeline


@dataclass
class StoryLdmArguments(LoopArguments):
    """Loop arguments with this system's defaults, which are those of Char-LDM."""

    steps: int = 2500
    batch: int = 32
    lr: float = 2e-4
    ema: float = 0.998
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})
    latents: str = field(default="runs/maple-lane/latents", metadata={"help": "folder of encoded pictures"})
    data: str | None = field(
        default=None, metadata={"help": "dataset folder to learn from, instead of encoded Maple Lane"}
    )
    out: str = field(
        default="runs/maple-lane/systems/story-ldm", metadata={"help": "the pipeline folder to write"}
    )
    no_condition: float = field(
        default=0.1, metadata={"help": "share of examples without caption and memory"}
    )
    plain: float = field(
        default=0.5, metadata={"help": "share of stories told with names; the others with pronouns"}
    )
    figures: float = field(
        default=2.0, metadata={"help": "extra weight of the latents of characters and their things"}
    )
    drawing_steps: int = field(default=15, metadata={"help": "denoising steps of a frame, in --out"})
    guidance: float = field(default=3.0, metadata={"help": "guidance scale of a frame, in --out"})


class StoryLdmTraining(nn.Module):
    """The denoising loss of a frame, its UNet reading the frames before it. vae: encodes batches that carry pixels."""

    def __init__(
        self,
        unet: UNet2DConditionModel,
        memory: StoryMemory,
        text_encoder: CLIPTextModel,
        noise: DDPMScheduler,
        args: StoryLdmArguments,
        vae: AutoencoderKL | None = None,
    ):
        super().__init__()
        self.unet, self.memory, self.text_encoder = unet, memory, freeze(text_encoder)
        self.vae = freeze(vae) if vae else None
        self.noise, self.args = noise, args
        self._reading = ExitStack()

    def release(self) -> None:
        """Give the UNet back as it was: before it is used by others."""
        self._reading.close()

    def train(self, mode: bool = True):
        super().train(mode)
        self.text_encoder.eval()
        if self.vae:
            self.vae.eval()
        return self

    def forward(self, batch: dict) -> dict[str, torch.Tensor]:
        self.release()
        read = self.text_encoder(batch["ids"])  # (B, L)
        context, nothing = None, 0.0
        if not any(
            batch["earlier"]
        ):  # with a gradient: DDP waits for the memory's where a process reads nothing
            nothing = 0 * sum(weight.sum() for weight in self.memory.parameters())
        else:
            past = self.text_encoder(batch["earlier_ids"])
            written = self.memory.write(
                self.unet,
                latents_of(batch, self.vae, "earlier_"),
                past.last_hidden_state,
                past.pooler_output,
            )
            context = gather(written, batch["earlier"], read.pooler_output)
        # Left open, as gradient checkpointing runs the UNet once more while going backward.
        self._reading.enter_context(self.memory.reading(self.unet, context))
        loss = diffusion_loss(
            self.unet,
            self.noise,
            latents_of(batch, self.vae),
            read.last_hidden_state,
            batch["noise"],
            batch["timesteps"],
            weights=1 + self.args.figures * batch["figures"],
        )
        return {"loss": loss + nothing}


class StoryExamples:
    """Step -> what `frames` gives, its sentences as "ids" (B, L), those of earlier frames as "earlier_ids" (N, L)."""

    def __init__(self, frames: ToldFrames, tokenizer: CLIPTokenizerFast):
        self.frames, self.tokenizer = frames, tokenizer

    def __call__(self, step: int, rows: range) -> dict:
        batch = self.frames(step, rows)
        told = batch.pop("captions")
        batch["ids"] = token_ids(self.tokenizer, [captions[-1] for captions in told])
        past = [caption for captions in told for caption in captions[:-1]]
        if past:
            batch["earlier_ids"] = token_ids(self.tokenizer, past)
        return batch


def build(args: StoryLdmArguments) -> tuple[StoryLdmPipeline, StoryLdmTraining]:
    """The pipeline and, over the same modules, what is trained of it."""
    parts = Path(args.parts)
    start = parts / "story_ldm" if args.continued else parts
    unet = UNet2DConditionModel.from_pretrained(start / "unet").train()
    if args.gradient_checkpointing:
        unet.enable_gradient_checkpointing()
    text_encoder = CLIPTextModel.from_pretrained(parts / "text_encoder")
    if args.continued:
        memory = StoryMemory.from_pretrained(start / "memory").train()
    else:
        memory = StoryMemory.for_unet(unet, text_encoder.config.hidden_size)
    scheduler = load_scheduler(parts)
    vae = freeze(load_vae(parts)) if args.data else measured_vae(parts)
    pipeline = StoryLdmPipeline(
        vae=vae,
        unet=unet,
        memory=memory,
        scheduler=scheduler,
        tokenizer=CLIPTokenizerFast.from_pretrained(parts / "tokenizer"),
        text_encoder=text_encoder,
        steps=args.drawing_steps,
        guidance=args.guidance,
    )
    noise = DDPMScheduler.from_config(scheduler.config)
    return pipeline, StoryLdmTraining(unet, memory, text_encoder, noise, args, vae if args.data else None)


def main(argv: list[str] | None = None) -> None:
    args = parsed(StoryLdmArguments, argv)
    torch.manual_seed(args.seed)
    pipeline, module = build(args)
    frames = told_frames(args, pipeline.vae, pipeline.tokenizer, pictures=False)
    examples = StoryExamples(frames, pipeline.tokenizer)
    run = TrainingRun(module, examples, args)
    pipeline.to(run.accelerator.device)
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            module.release()
            with run.averaged():
                pipeline.forget()
                story_sheet(pipeline).save(run.folder / f"sample-{stats.step:06d}.png")
    if run.accelerator.is_main_process:
        with run.averaged():
            save_part(Path(args.parts), "story_ldm/unet", pipeline.unet)
            save_part(Path(args.parts), "story_ldm/memory", pipeline.memory)
            pipeline.save_half(args.out)


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"story_ldm: {error}")
