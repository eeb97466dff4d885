"""Trains the picture tokens of StoryDALL-E: `python -m training.story_dalle vq --output_dir runs/vq [--data DIR]`.

The model is a vector-quantised autoencoder of diffusers, trained on pictures alone. The loss is the mean absolute
error, plus the terms that keep the encoder and the codebook together. The perceptual and the adversarial term of VQGAN
are left out. With a random codebook, only a few codes are soon used, so the codebook starts with the encoder's latents
of real pictures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import VQModel
from PIL import Image

from storyboard.errors import StoryError
from storyboard.models.latents import to_picture
from training.configs.arguments import parsed
from training.configs.parts import load_config, save_part
from training.examples.samples import side_by_side
from training.loop import LoopArguments, Objective, TrainingRun
from training.story_dalle.examples import Frames, PictureExamples, PixelBatch
from training.story_dalle.tokens import codes_of, picture_of

PART = "story_dalle/vq"  # subfolder of a parts folder
SEEDING = 16  # pictures that are encoded at a time for the first codebook
SHEET = 6


@dataclass
class VqArguments(LoopArguments):
    """Loop arguments with the defaults of this part."""

    steps: int = 6000
    batch: int = 8
    lr: float = 8e-4
    decay: float = 0.5
    weight_decay: float = 0.0
    config: str = field(default="maple-lane", metadata={"help": "size: a stem in training/configs or a file"})
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})
    data: str | None = field(
        default=None, metadata={"help": "dataset folder to learn from, instead of Maple Lane as it is drawn"}
    )
    codebook: float = field(
        default=1.0, metadata={"help": "weight of what keeps encoder and codebook together"}
    )


class VqTraining(Objective[PixelBatch]):
    """L1 between pictures and their reconstructions, and the loss of the codebook.

    Also reports the share of the codes that a batch uses.
    """

    def __init__(self, vq: VQModel, args: VqArguments):
        super().__init__()
        self.vq, self.args = vq, args

    def forward(self, batch: PixelBatch) -> dict[str, torch.Tensor]:
        pixels = batch["pixels"]
        quantised, commitment, (_, _, codes) = self.vq.quantize(self.vq.encode(pixels).latents)
        made = self.vq.decode(quantised, force_not_quantize=True).sample
        error = F.l1_loss(made.float(), pixels)
        used = torch.tensor(len(codes.unique()) / self.vq.config.num_vq_embeddings, device=pixels.device)
        return {"loss": error + self.args.codebook * commitment.float(), "error": error, "used": used}


@torch.no_grad()
def seed_codebook(vq: VQModel, examples: PictureExamples, seed: int) -> None:
    """Replaces the random numbers of the codebook with latents of pictures."""
    wanted, step = vq.config.num_vq_embeddings, 0
    found: list[torch.Tensor] = []
    while sum(len(one) for one in found) < 2 * wanted:
        rows = range(step * SEEDING, (step + 1) * SEEDING)
        raw = vq.encode(examples(0, rows)["pixels"]).latents
        found.append(raw.permute(0, 2, 3, 1).flatten(0, 2))
        step += 1
    latents = torch.cat(found)
    chosen = torch.randperm(len(latents), generator=torch.Generator().manual_seed(seed))[:wanted]
    vq.quantize.embedding.weight.copy_(latents[chosen])


def build_vq(args: VqArguments) -> VQModel:
    """Returns a fresh VQ model of --config, or with --continued the VQ model of the parts.

    StoryError if the config has no size of a VQ model.
    """
    if args.continued:
        return VQModel.from_pretrained(Path(args.parts) / PART).train()
    size = load_config(args.config).get("vq")
    if size is None:
        raise StoryError(f"--config {args.config} has no size of a VQ model; give one that has.")
    return VQModel(**size).train()


@torch.inference_mode()
def sheet(vq: VQModel, pixels: torch.Tensor) -> Image.Image:
    """Returns the reconstructions of pictures (N, 3, S, S) from their tokens, side by side."""
    made = picture_of(vq, codes_of(vq, pixels.to(vq.device)))
    return side_by_side([to_picture(one[None]) for one in made])


def main(argv: list[str]) -> None:
    args = parsed(VqArguments, argv)
    torch.manual_seed(args.seed)
    vq = build_vq(args)
    examples = PictureExamples(Frames(args.data, 1 if args.data else 4, vq.config.sample_size), args.seed)
    if not args.continued:
        seed_codebook(vq, examples, args.seed)
    run = TrainingRun(VqTraining(vq, args), examples, args)
    shown = examples(0, range(SHEET))["pixels"]
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            with run.averaged():
                sheet(vq, shown).save(run.folder / f"sample-{stats.step:06d}.png")
    if run.accelerator.is_main_process:
        with run.averaged():
            save_part(Path(args.parts), PART, vq)
