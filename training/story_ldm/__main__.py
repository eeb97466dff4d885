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
from diffusers import DDPMScheduler, DPMSolverMultistepScheduler, UNet2DConditionModel
from PIL import Image
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizerFast, HfArgumentParser

from storyboard.errors import StoryError
from storyboard.models.losses import diffusion_loss
from storyboard.renderer import ContextFrame, FrameRequest
from training.configs.parts import freeze, save_part
from training.examples.captions import token_ids
from training.examples.latents import LatentCache, measured_vae
from training.examples.noise import noised_rows
from training.loop import LoopArguments, TrainingRun
from training.maple_lane import story
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
    """The denoising loss of a frame, its UNet reading the frames before it."""

    def __init__(
        self,
        unet: UNet2DConditionModel,
        memory: StoryMemory,
        text_encoder: CLIPTextModel,
        noise: DDPMScheduler,
        args: StoryLdmArguments,
    ):
        super().__init__()
        self.unet, self.memory, self.text_encoder = unet, memory, freeze(text_encoder)
        self.noise, self.args = noise, args
        self._reading = ExitStack()

    def release(self) -> None:
        """Give the UNet back as it was: before it is used by others."""
        self._reading.close()

    def train(self, mode: bool = True):
        super().train(mode)
        self.text_encoder.eval()
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
                self.unet, batch["earlier_latents"], past.last_hidden_state, past.pooler_output
            )
            context = gather(written, batch["earlier"], read.pooler_output)
        # Left open, as gradient checkpointing runs the UNet once more while going backward.
        self._reading.enter_context(self.memory.reading(self.unet, context))
        loss = diffusion_loss(
            self.unet,
            self.noise,
            batch["latents"],
            read.last_hidden_state,
            batch["noise"],
            batch["timesteps"],
            weights=1 + self.args.figures * batch["figures"],
        )
        return {"loss": loss + nothing}


class StoryExamples:
    """Step -> frames as `noised_rows` gives them, and the frames of their stories that come before.

    earlier: per row its places in earlier_ids (N, L) and earlier_latents (N, C, h, w), oldest first.
    """

    def __init__(self, cache: LatentCache, tokenizer: CLIPTokenizerFast, args: StoryLdmArguments):
        self.cache, self.tokenizer, self.args = cache, tokenizer, args

    def __call__(self, step: int, rows: range) -> dict:
        picks, batch = noised_rows(self.cache, self.args, step, rows)
        captions, earlier, past, indices = [], [], [], []
        for source, index in picks:
            *before, caption = self._captions(source, index)
            captions.append(caption)
            earlier.append(list(range(len(past), len(past) + len(before))))
            past += before
            indices += range(index - len(before), index)
        batch["ids"], batch["earlier"] = token_ids(self.tokenizer, captions), earlier
        if past:
            batch["earlier_ids"] = token_ids(self.tokenizer, past)
            batch["earlier_latents"] = self.cache.latents[indices].float()
        return batch

    def _captions(self, source: torch.Generator, index: int) -> list[str]:
        """The sentences of a story up to and with this frame's; one empty sentence where all is dropped."""
        dropped, plain = torch.rand(2, generator=source).tolist()
        if dropped < self.args.no_condition:
            return [""]
        tale, number = self.cache.story(index)  # its latents stand together, in order
        frames = tale.frames[: number + 1]
        return [frame.plain if plain < self.args.plain else frame.referential for frame in frames]


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
    scheduler = DPMSolverMultistepScheduler.from_pretrained(parts / "scheduler")
    pipeline = StoryLdmPipeline(
        vae=measured_vae(parts),
        unet=unet,
        memory=memory,
        scheduler=scheduler,
        tokenizer=CLIPTokenizerFast.from_pretrained(parts / "tokenizer"),
        text_encoder=text_encoder,
        steps=args.drawing_steps,
        guidance=args.guidance,
    )
    noise = DDPMScheduler.from_config(scheduler.config)
    return pipeline, StoryLdmTraining(unet, memory, text_encoder, noise, args)


def sample_sheet(pipeline: StoryLdmPipeline) -> Image.Image:
    """One story with pronouns, side by side, each frame drawn from those before it."""
    pipeline.forget()
    history: tuple[ContextFrame, ...] = ()
    for number, frame in enumerate(story("val", 0).frames):
        *_, drawn = pipeline.render(FrameRequest(frame.referential, (), history, seed=number))
        history += (ContextFrame(frame.referential, drawn.picture),)
    width, height = history[0].picture.size
    sheet = Image.new("RGB", (width * len(history), height))
    for number, frame in enumerate(history):
        sheet.paste(frame.picture, (number * width, 0))
    return sheet


def main(argv: list[str] | None = None) -> None:
    (args,) = HfArgumentParser(StoryLdmArguments).parse_args_into_dataclasses(argv)
    torch.manual_seed(args.seed)
    pipeline, module = build(args)
    examples = StoryExamples(LatentCache(Path(args.latents)), pipeline.tokenizer, args)
    run = TrainingRun(module, examples, args)
    pipeline.to(run.accelerator.device)
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            module.release()
            with run.averaged():
                sample_sheet(pipeline).save(run.folder / f"sample-{stats.step:06d}.png")
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
