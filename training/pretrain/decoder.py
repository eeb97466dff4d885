"""Trains a decoder that draws hard edges: `python -m training.pretrain decoder --output_dir runs/decoder`.

The encoder stays exactly as it is, so that every existing latent keeps its meaning. An absolute error alone is smallest
for soft edges, because the decoder is never quite sure where an edge lies. So a discriminator takes part in the
training.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from storyboard.models.autoencoder import SharpAutoencoderKL, sharpened
from storyboard.models.latents import posterior_of, reconstruct
from training.configs.arguments import parsed
from training.configs.parts import freeze, save_part
from training.examples.latents import measured_vae
from training.loop import LoopArguments, Objective, TrainingRun
from training.loop.processes import untouched
from training.pretrain.autoencoder import PictureBatch, Pictures, latent_shape, train_with_samples
from training.pretrain.discriminator import PatchDiscriminator
from training.pretrain.edges import edge_difference, laplacian_variance, tones

NOISE = 0.35  # in units of a normalised latent: about the error of the denoiser


@dataclass
class DecoderArguments(LoopArguments):
    """Loop arguments with the defaults of this part. It trains on about 5 pictures in 3 seconds on one core."""

    steps: int = 4000
    batch: int = 1
    lr: float = 3e-4
    beta1: float = 0.5  # the gradients of ten steps ago are out of date for both sides of the game
    warmup: int = 30
    ema: float = 0.995
    weight_decay: float = 0.0
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})
    world: Literal["cast", "people", "open", "mixed"] = field(
        default="cast", metadata={"help": "whose pictures"}
    )
    figures: float = field(
        default=2.0, metadata={"help": "extra weight of the pixels of characters and their things"}
    )
    edges: float = field(default=2.0, metadata={"help": "weight of how hard edges are, wherever they lie"})
    adversarial: float = field(
        default=0.05,
        metadata={"help": "weight of what the discriminator doubts"},
    )
    alone: int = field(
        default=500, metadata={"help": "steps until the discriminator is heard, and as many until fully so"}
    )


class DecoderBatch(PictureBatch):
    """Pictures, with the noise for their latents in its final strength."""

    heard: float  # how much the discriminator counts, 0 to 1


class DecoderTraining(Objective[DecoderBatch]):
    """The loss for reconstructing pictures (B, 3, H, W) in [-1, 1]: an error, hard edges, and a discriminator's doubts.

    The reconstruction error is L1 plus half of L1 on gradients. The edges should be as hard as those of the pictures.
    The weight of the doubts is fixed, so that a discriminator that sees nothing does nothing. When the weight was
    scaled to the error's gradient, the discriminator's noise appeared as a grid on every picture.
    """

    def __init__(self, vae: SharpAutoencoderKL, adversarial: float, edges: float):
        super().__init__()
        self.edges = edges
        self.vae, self.adversarial = vae, adversarial
        self.discriminator = PatchDiscriminator()

    def forward(self, batch: DecoderBatch) -> dict[str, torch.Tensor]:
        pixels = batch["pixels"]
        with torch.no_grad():
            posterior = posterior_of(self.vae, pixels)
            raw = posterior.mode() + batch["noise"] * self._deviation(pixels)
        drawn = reconstruct(self.vae, raw.to(memory_format=torch.channels_last))
        difference = drawn - pixels
        weighed = difference * batch["weights"]
        gradient = sum(weighed.diff(dim=d).abs().mean(dim=(1, 2, 3)) for d in (-1, -2))
        crisp = edge_difference(drawn, pixels, batch["weights"])
        off = weighed.abs().mean(dim=(1, 2, 3)) + 0.5 * gradient + self.edges * crisp
        seen, mistakes = self._seen(drawn, pixels, batch["heard"])
        return {
            "loss": (off + seen).mean() + mistakes,
            "l1": difference.abs().mean(),
            "sharpness": laplacian_variance(drawn.detach().mean(1)).mean()
            / laplacian_variance(pixels.mean(1)).mean(),
            "edges": crisp.mean(),
            "mistakes": mistakes,
        }

    def _seen(
        self, drawn: torch.Tensor, pixels: torch.Tensor, heard: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss (B,) of each picture for what the discriminator sees in it, and the discriminator's own loss ()."""
        if not heard * self.adversarial:
            # The discriminator does not count yet, and running it costs a quarter of a step. But all weights must take
            # part in every step.
            return drawn.new_zeros(len(drawn)), untouched(self.discriminator)
        # Broad colours are left to the error alone. They are the easiest thing to criticise, and a discriminator that
        # sees them pulls whole pictures to green.
        detail = drawn + tones(pixels) - tones(drawn)
        doubts = heard * self.adversarial * self.discriminator.doubts(detail)
        return doubts, self.discriminator.mistakes(pixels, detail)

    def _deviation(self, pixels: torch.Tensor) -> torch.Tensor:
        return torch.tensor(self.vae.config.latents_std, device=pixels.device).view(1, -1, 1, 1)


@dataclass(frozen=True)
class NoisyPictures:
    """`Pictures`, half of them with exact latents and half with noise of up to NOISE, and the discriminator's share.

    alone: the number of steps before the discriminator counts at all. After as many steps more, it counts fully.
    """

    pictures: Pictures
    alone: int

    def __call__(self, step: int, rows: range) -> DecoderBatch:
        pictures = self.pictures(step, rows)
        spreads = [np.random.default_rng((self.pictures.seed, step, row, 1)).uniform(-1, 1) for row in rows]
        strength = NOISE * torch.tensor(spreads, dtype=torch.float32).clamp(min=0)
        pictures["noise"] = pictures["noise"] * strength.view(-1, 1, 1, 1)
        return {**pictures, "heard": min(1.0, max(0.0, step / self.alone - 1)) if self.alone else 1.0}


def initial_vae(parts: Path) -> SharpAutoencoderKL:
    """Returns the autoencoder of these parts, frozen except for its decoder. It gets a fresh head if it has no head.

    StoryError if the statistics of its latents have not been measured. They are the unit of the noise.
    """
    vae = measured_vae(parts)
    sharp = freeze(vae if isinstance(vae, SharpAutoencoderKL) else sharpened(vae))
    for part in (sharp.decoder, sharp.post_quant_conv):
        if part is not None:
            part.requires_grad_(True)
    return sharp.train()


def main(argv: list[str]) -> None:
    args = parsed(DecoderArguments, argv)
    torch.manual_seed(args.seed)
    vae = initial_vae(Path(args.parts))
    pictures = Pictures(args.seed, vae.config.sample_size, 0, args.figures, latent_shape(vae), args.world)
    batches = NoisyPictures(pictures, args.alone)
    run = TrainingRun(DecoderTraining(vae, args.adversarial, args.edges), batches, args)
    train_with_samples(run, vae, args.world)
    if run.accelerator.is_main_process:
        with run.averaged():
            save_part(Path(args.parts), "vae", vae)
