"""A decoder that draws hard edges: `python -m training.pretrain decoder --output_dir runs/decoder`.

The encoder stays as it is, bit for bit, so that every latent there is keeps its meaning. An absolute error alone is
smallest for soft edges, as the decoder is never quite sure where an edge lies; so a discriminator looks on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from transformers import HfArgumentParser

from storyboard.models.autoencoder import SharpAutoencoderKL, sharpened
from storyboard.models.latents import downsampling, posterior_of, reconstruct
from training.loop import LoopArguments, TrainingRun
from training.parts import freeze, save_part
from training.pretrain.autoencoder import Pictures, sample_sheet
from training.pretrain.discriminator import PatchDiscriminator
from training.pretrain.latents import measured_vae

WINDOWS = (4, 8)  # pixels on the side
TONE = 8  # pixels on the side of a patch of one tone
NOISE = 0.35  # of a normalised latent: about what the denoiser is off by


@dataclass
class DecoderArguments(LoopArguments):
    """Loop arguments with this part's defaults."""

    steps: int = 3000
    batch: int = 2
    lr: float = 2e-4
    beta1: float = 0.5  # what each side of the game did ten steps ago is out of date
    ema: float = 0.998
    weight_decay: float = 0.0
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})
    figures: float = field(
        default=2.0, metadata={"help": "extra weight of the pixels of characters and their things"}
    )
    edges: float = field(default=1.0, metadata={"help": "weight of how hard edges are, wherever they lie"})
    adversarial: float = field(
        default=0.5, metadata={"help": "length of the discriminator's pull, against that of the error"}
    )
    alone: int = field(
        default=100, metadata={"help": "steps until the discriminator is heard, and as many until fully so"}
    )


class DecoderTraining(nn.Module):
    """Reconstruction of pictures (B, 3, H, W) in [-1, 1]: L1 and half of L1 on gradients, and a discriminator's doubts.

    What the doubts weigh is set anew for each picture: their gradient at its pixels is `adversarial` times as long as
    the error's. So neither can drown the other, however good the discriminator gets.
    """

    def __init__(self, vae: SharpAutoencoderKL, adversarial: float, edges: float):
        super().__init__()
        self.edges = edges
        self.vae, self.adversarial = vae, adversarial
        self.discriminator = PatchDiscriminator()

    def forward(self, batch: dict) -> dict[str, torch.Tensor]:
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
        seen, mistakes = self._seen(drawn, pixels, off, batch["heard"])
        return {
            "loss": (off + seen).mean() + mistakes,
            "l1": difference.abs().mean(),
            "sharpness": _laplacian(drawn) / _laplacian(pixels),
            "edges": crisp.mean(),
            "mistakes": mistakes,
        }

    def _seen(
        self, drawn: torch.Tensor, pixels: torch.Tensor, off: torch.Tensor, heard: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What each picture is charged (B,) for what the discriminator sees, and what that is charged itself ()."""
        if not heard * self.adversarial:
            # Nobody looks on yet, and looking costs a quarter of a step. All weights take part in every step, though.
            return torch.zeros_like(off), 0 * sum(p.sum() for p in self.discriminator.parameters())
        detail = drawn + tones(pixels) - tones(drawn)
        doubts = self.discriminator.doubts(detail)
        pull = heard * self.adversarial * _lengths(off, drawn) / _lengths(doubts, drawn)
        return pull * doubts, self.discriminator.mistakes(pixels, detail)

    def _deviation(self, pixels: torch.Tensor) -> torch.Tensor:
        return torch.tensor(self.vae.config.latents_std, device=pixels.device).view(1, -1, 1, 1)


def edge_difference(drawn: torch.Tensor, pixels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """(B,): how unlike the edges of (B, 3, H, W) are to the real ones, wherever in a small window they lie.

    A soft edge and a hard one climb equally high, and the sum of squares tells them apart; what rings or is dotted
    climbs more. So a window in which both sums are right has as many edges as the real one, and as hard ones.
    """
    off = 0
    for d in (-1, -2):
        ours, theirs = drawn.diff(dim=d), pixels.diff(dim=d)
        for window in WINDOWS:
            heavy = F.avg_pool2d(weights, window, window // 2, ceil_mode=False)
            for power in (1, 2):
                a, b = (
                    (F.avg_pool2d(x.abs() ** power, window, window // 2) + 1e-4).pow(1 / power)
                    for x in (ours, theirs)
                )
                off = off + ((a - b).abs() * heavy[..., : a.shape[-2], : a.shape[-1]]).mean(dim=(1, 2, 3))
    return off / len(WINDOWS)


def tones(pixels: torch.Tensor) -> torch.Tensor:
    """The broad colours of pixels (B, 3, H, W): what the error alone answers for.

    A discriminator that sees them too finds faults in them first, and pulls whole pictures to other colours.
    """
    small = F.avg_pool2d(pixels, TONE)
    return F.interpolate(small, scale_factor=TONE, mode="bilinear")


def _lengths(losses: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
    """(B,): length of the gradient of each picture's loss at its pixels."""
    (gradient,) = torch.autograd.grad(losses.sum(), drawn, retain_graph=True)
    return gradient.flatten(1).norm(dim=1).clamp(min=1e-12)


def _laplacian(pixels: torch.Tensor) -> torch.Tensor:
    grey = pixels.detach().mean(1)
    middle = grey[:, 1:-1, 1:-1]
    around = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
    return (around - 4 * middle).var()


@dataclass(frozen=True)
class NoisyPictures:
    """`Pictures`, half with exact latents and half with noise of up to NOISE, and how far the adversary is heard."""

    pictures: Pictures
    alone: int

    def __call__(self, step: int, rows: range) -> dict:
        batch = self.pictures(step, rows)
        spreads = [np.random.default_rng((self.pictures.seed, step, row, 1)).uniform(-1, 1) for row in rows]
        strength = NOISE * torch.tensor(spreads, dtype=torch.float32).clamp(min=0)
        batch["noise"] = batch["noise"] * strength.view(-1, 1, 1, 1)
        batch["heard"] = min(1.0, max(0.0, step / self.alone - 1)) if self.alone else 1.0
        return batch


def initial_vae(parts: Path) -> SharpAutoencoderKL:
    """The autoencoder of these parts, with a fresh head if it has none, and all but its decoder frozen.

    StoryError where the statistics of its latents, the unit of the noise, are not measured.
    """
    vae = measured_vae(parts)
    sharp = freeze(vae if isinstance(vae, SharpAutoencoderKL) else sharpened(vae))
    for part in (sharp.decoder, sharp.post_quant_conv):
        if part is not None:
            part.requires_grad_(True)
    return sharp.train()


def main(argv: list[str]) -> None:
    (args,) = HfArgumentParser(DecoderArguments).parse_args_into_dataclasses(argv)
    torch.manual_seed(args.seed)
    vae = initial_vae(Path(args.parts))
    size = vae.config.sample_size
    side = size // downsampling(vae)
    latent = (vae.config.latent_channels, side, side)
    batches = NoisyPictures(Pictures(args.seed, size, 0, args.figures, latent), args.alone)
    run = TrainingRun(DecoderTraining(vae, args.adversarial, args.edges), batches, args)
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            vae.eval()
            with run.averaged():
                sample_sheet(vae, size).save(run.folder / f"sample-{stats.step:06d}.png")
            vae.train()
    if run.accelerator.is_main_process:
        with run.averaged():
            save_part(Path(args.parts), "vae", vae)
