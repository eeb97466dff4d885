"""The autoencoder of the latent space: `python -m training.pretrain autoencoder --run runs/autoencoder`.

Trained on crops of freshly drawn pictures (a convolutional network learns the same from a crop at a quarter of the
cost) and, every fourth step, on whole ones, so that its group normalisation sees both. fp32: with bf16 autocast and
torch.compile it did not learn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from diffusers.image_processor import VaeImageProcessor
from PIL import Image
from torch import nn
from transformers import HfArgumentParser

from storyboard.models.latents import posterior_of, reconstruct
from training.loop import LoopArguments, TrainingRun
from training.maple_lane import draw, sample_story
from training.parts import build_vae, load_config, save_part

WHOLE_EVERY = 4  # every fourth step sees whole pictures, a quarter as many


@dataclass
class AutoencoderArguments(LoopArguments):
    """Loop arguments with this part's defaults: about 11 crops a second on two cores."""

    steps: int = 9000
    batch: int = 8
    lr: float = 1.5e-3
    decay: float = 0.4
    weight_decay: float = 0.0
    config: str = field(default="maple-lane", metadata={"help": "size: a stem in training/configs or a file"})
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})
    kl: float = field(default=1e-4, metadata={"help": "weight of the mean KL term"})
    kl_after: int = field(
        default=600, metadata={"help": "posterior mean instead of a sample before this step"}
    )


class AutoencoderTraining(nn.Module):
    """Reconstruction of pictures (B, 3, H, W) in [-1, 1]: L1 + MSE + half of L1 on gradients, and a small KL."""

    def __init__(self, vae: AutoencoderKL, kl: float):
        super().__init__()
        self.vae, self.kl = vae, kl

    def forward(self, batch: dict) -> dict[str, torch.Tensor]:
        pixels = batch["pixels"]
        posterior = posterior_of(self.vae, pixels)
        latents = posterior.sample() if batch["sample"] else posterior.mode()
        difference = reconstruct(self.vae, latents) - pixels
        l1 = difference.abs().mean()
        gradient = sum(difference.diff(dim=d).abs().mean() for d in (-1, -2))
        kl = posterior.kl().mean() / latents[0].numel()
        loss = l1 + difference.square().mean() + 0.5 * gradient
        return {"loss": loss + self.kl * kl, "l1": l1, "kl": kl}


@dataclass(frozen=True)
class Crops:
    """Step -> pictures of fresh stories; two crops of each, as drawing costs as much as a tenth of the step."""

    seed: int
    size: int
    kl_after: int

    def __call__(self, step: int, rows: range) -> dict:
        whole = step % WHOLE_EVERY == WHOLE_EVERY - 1
        if whole:
            rows = rows[: max(1, len(rows) // 4)]
        pictures = [self._row(step, row, self.size if whole else self.size // 2, whole) for row in rows]
        return {"pixels": torch.stack(pictures), "sample": step >= self.kl_after}

    def _row(self, step: int, row: int, size: int, whole: bool) -> torch.Tensor:
        pixels = self._picture(step, row if whole else row // 2)
        rng = np.random.default_rng((self.seed, step, row, 1))
        top, left = (int(rng.integers(self.size - size + 1)) for _ in range(2))
        pixels = pixels[:, top : top + size, left : left + size]
        return pixels.flip(-1) if rng.random() < 0.5 else pixels

    @lru_cache(maxsize=2)  # noqa: B019 - lives as long as the run
    def _picture(self, step: int, number: int) -> torch.Tensor:
        rng = np.random.default_rng((self.seed, step, number))
        story = sample_story(int(rng.integers(2**31)), frames=2, split="train")
        return pixels_of(draw(story.frames[rng.integers(2)].scene, self.size))


def pixels_of(picture: np.ndarray) -> torch.Tensor:
    """uint8 (H, W, 3) -> float (3, H, W) in [-1, 1]."""
    return torch.from_numpy(picture).permute(2, 0, 1).float() / 127.5 - 1


@torch.no_grad()
def sample_sheet(vae: AutoencoderKL, size: int) -> Image.Image:
    """Four pictures over their reconstructions."""
    scenes = [sample_story(seed, 2, "val").frames[1].scene for seed in range(4)]
    pixels = torch.stack([pixels_of(draw(scene, size)) for scene in scenes]).to(vae.device)
    decoded = reconstruct(vae, posterior_of(vae, pixels).mode())
    rows = [
        np.concatenate([np.asarray(p) for p in VaeImageProcessor().postprocess(x)], axis=1)
        for x in (pixels, decoded)
    ]
    return Image.fromarray(np.concatenate(rows))


def main(argv: list[str]) -> None:
    (args,) = HfArgumentParser(AutoencoderArguments).parse_args_into_dataclasses(argv)
    torch.manual_seed(args.seed)
    vae = build_vae(load_config(args.config))
    size = vae.config.sample_size
    run = TrainingRun(AutoencoderTraining(vae, args.kl), Crops(args.seed, size, args.kl_after), args)
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            vae.eval()
            sample_sheet(vae, size).save(run.folder / f"sample-{stats.step:06d}.png")
            vae.train()
    if run.accelerator.is_main_process:
        save_part(Path(args.parts), "vae", vae)
