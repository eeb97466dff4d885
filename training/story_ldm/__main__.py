"""Story-LDM, the baseline: `python -m training.story_ldm --output_dir runs/maple-lane/story-ldm`.

Training starts from the plain LDM of --parts, as the paper's baselines start from Stable Diffusion. The UNet is
fine-tuned together with the memory, and the text tower stays frozen. A frame is learned from its sentence and the real
frames before it. A tenth of the examples have neither.

For the same budget as Char-LDM, give the same --steps and --batch. A step of 32 takes about 4 seconds on two cores, so
2500 steps take 3 hours. At the end, the command writes the pipeline folder --out, and `python -m
training.evaluate.systems draw story-ldm` draws with it.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizerFast

from storyboard.errors import StoryError
from storyboard.models.losses import diffusion_loss
from training.configs.arguments import parsed
from training.configs.parts import freeze, load_scheduler, load_vae, save_part
from training.examples.captions import token_ids
from training.examples.encoding import latents_of
from training.examples.latents import measured_vae
from training.examples.samples import story_sheet
from training.examples.stories import ToldArguments, ToldBatch, ToldFrames, earlier_latents_of, told_frames
from training.loop import Objective, TrainingRun
from training.loop.processes import untouched
from training.story_ldm.memory import StoryMemory, gather
from training.story_ldm.pipeline import StoryLdmPipeline

if TYPE_CHECKING:
    from typing_extensions import NotRequired


@dataclass
class StoryLdmArguments(ToldArguments):
    """The arguments of Story-LDM: also the folder for what it has learned."""

    out: str = field(
        default="runs/maple-lane/systems/story-ldm", metadata={"help": "the pipeline folder to write"}
    )


class StoryLdmBatch(ToldBatch):
    """Told frames, and the tokens of their sentences for the text encoder."""

    ids: torch.Tensor  # (B, L)
    earlier_ids: NotRequired[torch.Tensor]  # (N, L), if any row has frames before its own


class StoryLdmTraining(Objective[StoryLdmBatch]):
    """The denoising loss of a frame, with a UNet that reads the frames before it.

    vae: encodes batches that carry pixels.
    """

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
        """Restores the UNet to its state before training, so that others can use it."""
        self._reading.close()

    def train(self, mode: bool = True) -> StoryLdmTraining:
        super().train(mode)
        self.text_encoder.eval()
        if self.vae:
            self.vae.eval()
        return self

    def forward(self, batch: StoryLdmBatch) -> dict[str, torch.Tensor]:
        self.release()
        read = self.text_encoder(batch["ids"])  # (B, L)
        context, nothing = None, torch.zeros(())
        if not any(batch["earlier"]):
            nothing = untouched(self.memory)
        else:
            past = self.text_encoder(batch["earlier_ids"])
            written = self.memory.write(
                self.unet,
                earlier_latents_of(batch, self.vae),
                past.last_hidden_state,
                past.pooler_output,
            )
            context = gather(written, batch["earlier"], read.pooler_output)
        # The reading stays open, because gradient checkpointing runs the UNet again in the backward pass.
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
    """Maps a step to the batch that `frames` gives, with the tokens of its sentences."""

    def __init__(self, frames: ToldFrames, tokenizer: CLIPTokenizerFast):
        self.frames, self.tokenizer = frames, tokenizer

    def __call__(self, step: int, rows: range) -> StoryLdmBatch:
        told = self.frames(step, rows)
        ids = token_ids(self.tokenizer, [captions[-1] for captions in told["captions"]])
        batch: StoryLdmBatch = {**told, "ids": ids}
        past = [caption for captions in told["captions"] for caption in captions[:-1]]
        if past:
            batch["earlier_ids"] = token_ids(self.tokenizer, past)
        return batch


def build(args: StoryLdmArguments) -> tuple[StoryLdmPipeline, StoryLdmTraining]:
    """Returns the pipeline, and the training module over the same modules."""
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
