"""AR-LDM, a system compared with ours: `python -m training.ar_ldm --output_dir runs/maple-lane/ar-ldm [--data DIR]`.

Training starts from the plain LDM of --parts, as for Story-LDM. The UNet and the history encoder are trained, and the
text tower of the current caption stays frozen. A frame is learned from its sentence and the real frames before it. A
tenth of the examples have neither.

At full size, the history encoder begins as BLIP (--blip). Maple Lane's small history encoder has the same classes and
begins with random weights. Earlier frames of Maple Lane are drawn again for each step, 40 ms each, so give --workers.
At the end, the command writes the pipeline folder --out, and `python -m training.evaluate.systems draw ar-ldm` draws
with it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from transformers import AutoTokenizer, CLIPTextModel, CLIPTokenizerFast, PreTrainedTokenizerBase

from storyboard.errors import StoryError
from storyboard.models.losses import diffusion_loss
from training.ar_ldm.history import HistoryEncoder, Words
from training.ar_ldm.pipeline import ArLdmPipeline
from training.configs.arguments import parsed
from training.configs.parts import freeze, load_config, load_scheduler, load_vae, save_part
from training.examples.captions import token_ids
from training.examples.encoding import latents_of
from training.examples.latents import measured_vae
from training.examples.samples import story_sheet
from training.examples.stories import ToldArguments, ToldBatch, ToldFrames, told_frames
from training.loop import Objective, TrainingRun
from training.loop.processes import untouched

PARTS = ("unet", "history_encoder", "history_tokenizer")  # AR-LDM's own parts of a parts folder, in ar_ldm/


@dataclass
class ArLdmArguments(ToldArguments):
    """The arguments of AR-LDM: those of its history encoder, and the folder for what it has learned."""

    config: str = field(default="maple-lane", metadata={"help": "size: a stem in training/configs or a file"})
    blip: str | None = field(
        default=None,
        metadata={
            "help": "BLIP for image-text retrieval to begin with, a folder or Hub id; by default from nothing, of "
            "--config's size"
        },
    )
    history: int = field(default=4, metadata={"help": "earlier frames that are read at most"})
    out: str = field(
        default="runs/maple-lane/systems/ar-ldm", metadata={"help": "the pipeline folder to write"}
    )

    def __post_init__(self) -> None:
        if self.history < 1:
            raise StoryError(f"--history {self.history}: at least one earlier frame is read.")


class ArLdmBatch(ToldBatch):
    """Told frames, and the tokens of their sentences for both text encoders."""

    ids: torch.Tensor  # (B, L)
    words: Words  # the tokens of the N earlier frames' captions


class ArLdmTraining(Objective[ArLdmBatch]):
    """The denoising loss of a frame, given its caption and its history. vae: encodes batches that carry pixels."""

    def __init__(
        self,
        unet: UNet2DConditionModel,
        history_encoder: HistoryEncoder,
        text_encoder: CLIPTextModel,
        noise: DDPMScheduler,
        args: ArLdmArguments,
        vae: AutoencoderKL | None = None,
    ):
        super().__init__()
        self.unet, self.history_encoder, self.text_encoder = unet, history_encoder, freeze(text_encoder)
        self.vae = freeze(vae) if vae else None
        self.noise, self.args = noise, args

    def train(self, mode: bool = True) -> ArLdmTraining:
        super().train(mode)
        self.text_encoder.eval()
        if self.vae:
            self.vae.eval()
        return self

    def forward(self, batch: ArLdmBatch) -> dict[str, torch.Tensor]:
        current = self.text_encoder(batch["ids"]).last_hidden_state  # (B, L, D)
        words, nothing = batch["words"], torch.zeros(())
        if len(words["input_ids"]):
            told = self.history_encoder.encode(words, batch["earlier_pixels"])
        else:
            told = current.new_zeros(0, 1, current.shape[-1])
            nothing = untouched(self.history_encoder)
        condition = self.history_encoder(current, told, words["attention_mask"], batch["earlier"])
        loss = diffusion_loss(
            partial(self.unet, encoder_attention_mask=condition.mask),
            self.noise,
            latents_of(batch, self.vae),
            condition.states,
            batch["noise"],
            batch["timesteps"],
            weights=1 + self.args.figures * batch["figures"],
        )
        return {"loss": loss + nothing}


class HistoryExamples:
    """Maps a step to the batch that `frames` gives, with the tokens of its sentences."""

    def __init__(
        self,
        frames: ToldFrames,
        tokenizer: CLIPTokenizerFast,
        encoder: HistoryEncoder,
        history_tokenizer: PreTrainedTokenizerBase,
    ):
        self.frames, self.tokenizer = frames, tokenizer
        self.tokens = partial(encoder.tokens, history_tokenizer)

    def __call__(self, step: int, rows: range) -> ArLdmBatch:
        told = self.frames(step, rows)
        past = [caption for captions in told["captions"] for caption in captions[:-1]]
        return {
            **told,
            "ids": token_ids(self.tokenizer, [captions[-1] for captions in told["captions"]]),
            "words": self.tokens(past),
        }


def load_history(
    args: ArLdmArguments, tokenizer: CLIPTokenizerFast
) -> tuple[HistoryEncoder, PreTrainedTokenizerBase]:
    """Returns the history encoder that a run begins with, and its tokenizer.

    tokenizer: the text tower's, which the small history encoder shares. StoryError if --config has no size of a history
    encoder and --blip is not given, or if BLIP cannot be loaded.
    """
    kept = Path(args.parts) / "ar_ldm"
    if args.continued:
        encoder = HistoryEncoder.from_pretrained(kept / "history_encoder")
        return encoder, AutoTokenizer.from_pretrained(kept / "history_tokenizer")
    if args.blip:
        return HistoryEncoder.from_blip(args.blip, args.history), AutoTokenizer.from_pretrained(args.blip)
    size = load_config(args.config).get("history_encoder")
    if size is None:
        raise StoryError(f"--config {args.config} has no size of a history encoder; give --blip.")
    ids = {
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.bos_token_id,
        "sep_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    return HistoryEncoder(size["vision"], size["text"] | ids, args.history), tokenizer


def build(args: ArLdmArguments) -> tuple[ArLdmPipeline, ArLdmTraining]:
    """Returns the pipeline, and the training module over the same modules.

    StoryError if the history encoder's states do not have the width that the denoiser reads.
    """
    parts = Path(args.parts)
    unet = UNet2DConditionModel.from_pretrained(
        (parts / "ar_ldm" if args.continued else parts) / "unet"
    ).train()
    if args.gradient_checkpointing:
        unet.enable_gradient_checkpointing()
    text_encoder = CLIPTextModel.from_pretrained(parts / "text_encoder")
    tokenizer = CLIPTokenizerFast.from_pretrained(parts / "tokenizer")
    history_encoder, history_tokenizer = load_history(args, tokenizer)
    if history_encoder.width != unet.config.cross_attention_dim:
        raise StoryError(
            f"The history encoder's states are {history_encoder.width} wide and the denoiser of {parts} reads "
            f"{unet.config.cross_attention_dim}; give a --blip or --config that fits it."
        )
    scheduler = load_scheduler(parts)
    vae = freeze(load_vae(parts)) if args.data else measured_vae(parts)
    pipeline = ArLdmPipeline(
        vae=vae,
        unet=unet,
        history_encoder=history_encoder.train(),
        history_tokenizer=history_tokenizer,
        scheduler=scheduler,
        tokenizer=tokenizer,
        text_encoder=text_encoder,
        steps=args.drawing_steps,
        guidance=args.guidance,
    )
    noise = DDPMScheduler.from_config(scheduler.config)
    return pipeline, ArLdmTraining(
        unet, history_encoder, text_encoder, noise, args, vae if args.data else None
    )


def main(argv: list[str] | None = None) -> None:
    args = parsed(ArLdmArguments, argv)
    torch.manual_seed(args.seed)
    pipeline, module = build(args)
    frames = told_frames(args, pipeline.vae, pipeline.tokenizer, pictures=True)
    examples = HistoryExamples(
        frames, pipeline.tokenizer, pipeline.history_encoder, pipeline.history_tokenizer
    )
    run = TrainingRun(module, examples, args)
    pipeline.to(run.accelerator.device)
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            with run.averaged():
                pipeline.forget()
                story_sheet(pipeline).save(run.folder / f"sample-{stats.step:06d}.png")
    if run.accelerator.is_main_process:
        with run.averaged():
            for name in PARTS:
                save_part(Path(args.parts), f"ar_ldm/{name}", getattr(pipeline, name))
            pipeline.save_half(args.out)


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"ar_ldm: {error}")
