"""The autoencoder of the latent space: `python -m training.pretrain autoencoder --output_dir runs/autoencoder`.

It is trained on freshly drawn pictures, in fp32: with bf16 autocast and torch.compile it did not learn. Training can go
on from an autoencoder with more latent channels and on a larger world. The head for detail (`pretrain decoder`) is not
trained here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypedDict

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from diffusers.image_processor import VaeImageProcessor
from PIL import Image
from torch import nn

from storyboard.errors import StoryError
from storyboard.models.autoencoder import PictureHead
from storyboard.models.latents import downsampling, posterior_of, reconstruct
from training.configs.arguments import parsed
from training.configs.parts import build_vae, freeze, load_config, load_vae, save_part
from training.examples.pixels import pixels_of
from training.loop import LoopArguments, Objective, TrainingRun, row_generator
from training.maple_lane import KINDS, draw, draw_layers, kind_of, sample_story

# A posterior as wide as the prior would drown the signal of the untrained encoder.
NARROW = -5.0


@dataclass
class AutoencoderArguments(LoopArguments):
    """Loop arguments with the defaults of this part. It trains on about 5 pictures a second on one core."""

    steps: int = 6000
    batch: int = 4
    lr: float = 8e-4
    decay: float = 0.5
    weight_decay: float = 0.0
    config: str = field(default="maple-lane", metadata={"help": "size: a stem in training/configs or a file"})
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})
    kl: float = field(default=1e-3, metadata={"help": "weight of the mean KL term"})
    figures: float = field(
        default=2.0, metadata={"help": "extra weight of the pixels of characters and their things"}
    )
    decoder_only: bool = field(
        default=False, metadata={"help": "keep the encoder, so that latents stay valid"}
    )
    anchored: int = field(
        default=500, metadata={"help": "steps over which the pull to principal components fades"}
    )
    world: Literal["cast", "people", "open", "mixed"] = field(
        default="cast", metadata={"help": "whose stories the pictures are of"}
    )
    latent_channels: int = field(
        default=0,
        metadata={"help": "with --continued: so many in all, the further ones fresh; 0: as there are"},
    )


class PictureBatch(TypedDict):
    """B pictures as they are drawn, with a weight for each pixel."""

    pixels: torch.Tensor  # (B, 3, S, S) in -1..1
    weights: torch.Tensor  # (B, 1, S, S): how much the error of a pixel counts
    noise: torch.Tensor  # (B, C, h, w), noise for the latents
    anchor: float  # how strongly the latents are pulled to principal components


class AutoencoderTraining(Objective[PictureBatch]):
    """The loss for reconstructing pictures (B, 3, H, W) in [-1, 1]: L1 + MSE + half of L1 on gradients, and a small KL.

    A character's pixel counts more than a pixel of the scenery: faces are small, and readers look at faces. At first
    the latents are also pulled to the principal components of their patch. Without this pull, the network settles on
    brightness alone (L1 0.28, the best that one component can do) and finds colours only after a long time.
    """

    components: torch.Tensor  # (C, 3 * patch * patch), unit variance
    mean: torch.Tensor  # (3 * patch * patch,)

    def __init__(self, vae: AutoencoderKL, kl: float, components: torch.Tensor, mean: torch.Tensor):
        super().__init__()
        self.vae, self.kl = vae, kl
        self.register_buffer("components", components)
        self.register_buffer("mean", mean)

    def forward(self, batch: PictureBatch) -> dict[str, torch.Tensor]:
        pixels = batch["pixels"]
        posterior = posterior_of(self.vae, pixels)
        raw = posterior.mean + posterior.std * batch["noise"]  # (B, C, h, w)
        difference = reconstruct(self.vae, raw) - pixels
        l1 = difference.abs().mean()
        difference = difference * batch["weights"]
        gradient = sum(difference.diff(dim=d).abs().mean() for d in (-1, -2))
        kl = posterior.kl().mean() / posterior.mean[0].numel()
        anchor = (posterior.mean - self._principal(pixels)).square().mean()
        off = difference.abs().mean() + difference.square().mean() + 0.5 * gradient
        loss = off + self.kl * kl + batch["anchor"] * anchor
        return {"loss": loss, "l1": l1, "kl": kl, "anchor": anchor}

    def _principal(self, pixels: torch.Tensor) -> torch.Tensor:
        patches = F.pixel_unshuffle(pixels, downsampling(self.vae)) - self.mean[None, :, None, None]
        return torch.einsum("bphw,cp->bchw", patches, self.components)


def principal_components(vae: AutoencoderKL, pictures: int = 96) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the whitened principal components (C, P) of picture patches, and the mean patch (P,)."""
    side, size = downsampling(vae), vae.config.sample_size
    scenes = [sample_story(seed, 1, "train").frames[0].scene for seed in range(pictures)]
    pixels = torch.stack([pixels_of(draw(scene, size)) for scene in scenes])
    patches = F.pixel_unshuffle(pixels, side).permute(0, 2, 3, 1).flatten(0, 2)  # (N, P)
    mean = patches.mean(0)
    _, spread, directions = torch.linalg.svd(patches - mean, full_matrices=False)
    scale = spread[: vae.config.latent_channels] / math.sqrt(len(patches))
    return directions[: vae.config.latent_channels] / scale[:, None].clamp(min=1e-6), mean


@dataclass(frozen=True)
class Pictures:
    """Maps a step to freshly drawn pictures of `size` pixels. Half of the pictures are mirrored.

    latent: (C, h, w), the shape of a picture's noise. The pictures are whole: on crops, the group normalisation sees
    other statistics, and the error is a third higher.
    """

    seed: int
    size: int
    anchored: int
    figures: float
    latent: tuple[int, int, int]
    world: str = "cast"

    def __call__(self, step: int, rows: range) -> PictureBatch:
        pictures = [self._picture(np.random.default_rng((self.seed, step, row))) for row in rows]
        pixels, weights = (torch.stack(tensors) for tensors in zip(*pictures, strict=True))
        noise = torch.stack(
            [torch.randn(self.latent, generator=row_generator(self.seed, step, row)) for row in rows]
        )
        anchor = max(0.0, 1 - step / self.anchored) if self.anchored else 0.0
        return {"pixels": pixels, "weights": weights, "noise": noise, "anchor": anchor}

    def _picture(self, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        seed = int(rng.integers(2**31))
        story = KINDS[kind_of(self.world, seed)](seed, 2, "train")
        layers = draw_layers(story.frames[rng.integers(2)].scene, self.size)
        figures = torch.from_numpy(np.any([*layers.people.values(), layers.held, *layers.things], axis=0))[
            None
        ]
        pixels, weights = pixels_of(layers.picture), 1 + self.figures * figures
        return (pixels.flip(-1), weights.flip(-1)) if rng.random() < 0.5 else (pixels, weights)


def initial_vae(args: AutoencoderArguments) -> AutoencoderKL:
    """Returns a fresh autoencoder, or with --continued the autoencoder in --parts.

    With --continued, latents are no longer pulled to principal components.
    """
    if args.continued:
        args.anchored = 0
        vae = with_channels(load_vae(Path(args.parts)), args.latent_channels).train()
    else:
        vae = build_vae(load_config(args.config))
        nn.init.constant_(vae.quant_conv.bias[vae.config.latent_channels :], NARROW)
    if args.decoder_only:
        freeze(vae.encoder)
        freeze(vae.quant_conv)
    return vae


@torch.no_grad()
def with_channels(vae: AutoencoderKL, channels: int) -> AutoencoderKL:
    """Returns `vae` with this number of latent channels. 0 returns it as it is.

    Its channels keep their places and their meaning, and it draws as before until it is trained. StoryError if it has
    more channels than that.
    """
    has = vae.config.latent_channels
    if channels in (0, has):
        return vae
    if channels < has:
        raise StoryError(f"--latent_channels {channels}: the autoencoder has {has} already; give more, or 0.")
    wider = type(vae).from_config(
        {**vae.config, "latent_channels": channels, "latents_mean": None, "latents_std": None}
    )
    weights, places = wider.state_dict(), torch.arange(has)
    means_and_variances = torch.cat([places, channels + places])
    weights |= {name: w for name, w in vae.state_dict().items() if w.shape == weights[name].shape}
    for layer, rows, columns in (
        ("encoder.conv_out", means_and_variances, None),
        ("quant_conv", means_and_variances, means_and_variances),
        ("post_quant_conv", places, places),
        ("decoder.conv_in", None, places),
    ):
        _grow(weights, vae.state_dict(), layer, rows, columns)
    weights["quant_conv.bias"][channels + has :] = NARROW
    wider.load_state_dict(weights)
    return wider


def _grow(
    weights: dict[str, torch.Tensor],
    known: dict[str, torch.Tensor],
    layer: str,
    rows: torch.Tensor | None,
    columns: torch.Tensor | None,
) -> None:
    """Copies a layer's known weights to these rows and columns (None: all) of a larger layer.

    Known outputs take nothing from new inputs. If a layer maps latents to latents, the new latents pass through.
    """
    weight, old = weights[f"{layer}.weight"], known[f"{layer}.weight"]
    if rows is None:
        # At full random size, the new inputs would be noise at first. A hundredth of that size trains as well.
        weight *= 0.01
        weight[:, columns] = old
        return
    if columns is None:
        weight[rows] = old
    else:
        weight.zero_()
        weight[range(len(weight)), range(len(weight))] = 1.0
        weight[rows] = 0.0
        weight[rows[:, None], columns] = old
        weights[f"{layer}.bias"].zero_()
    weights[f"{layer}.bias"][rows] = known[f"{layer}.bias"]


def take_head(vae: AutoencoderKL) -> PictureHead | None:
    """Removes the head for detail from a sharp autoencoder, because the head's work is two thirds of a step.

    Returns the head; None if there is no head.
    """
    head = vae.decoder.conv_out
    if not isinstance(head, PictureHead):
        return None
    vae.decoder.conv_out = head.base
    return head


@torch.no_grad()
def sample_sheet(vae: AutoencoderKL, size: int, world: str = "cast") -> Image.Image:
    """Returns a sheet of four pictures, with their reconstructions below them."""
    scenes = [KINDS[kind_of(world, seed)](seed, 2, "val").frames[1].scene for seed in range(4)]
    pixels = torch.stack([pixels_of(draw(scene, size)) for scene in scenes]).to(vae.device)
    decoded = reconstruct(vae, posterior_of(vae, pixels).mode())
    rows = [
        np.concatenate([np.asarray(p) for p in VaeImageProcessor().postprocess(x)], axis=1)
        for x in (pixels, decoded)
    ]
    return Image.fromarray(np.concatenate(rows))


def latent_shape(vae: AutoencoderKL) -> tuple[int, int, int]:
    """Returns the shape (C, h, w) of a picture's latents."""
    side = vae.config.sample_size // downsampling(vae)
    return vae.config.latent_channels, side, side


def train_with_samples(run: TrainingRun, vae: AutoencoderKL, world: str) -> None:
    """Trains to the end of the run. Each checkpoint gets a sheet of samples beside it."""
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            vae.eval()
            with run.averaged():
                sheet = sample_sheet(vae, vae.config.sample_size, world)
            sheet.save(run.folder / f"sample-{stats.step:06d}.png")
            vae.train()


def main(argv: list[str]) -> None:
    args = parsed(AutoencoderArguments, argv)
    torch.manual_seed(args.seed)
    vae = initial_vae(args)
    head = take_head(vae)
    size = vae.config.sample_size
    module = AutoencoderTraining(vae, args.kl, *principal_components(vae))
    run = TrainingRun(
        module, Pictures(args.seed, size, args.anchored, args.figures, latent_shape(vae), args.world), args
    )
    train_with_samples(run, vae, args.world)
    if run.accelerator.is_main_process:
        if not args.decoder_only:
            vae.register_to_config(latents_mean=None, latents_std=None)  # `latents` measures them again
        with run.averaged():
            if head is not None:
                vae.decoder.conv_out = head
            save_part(Path(args.parts), "vae", vae)
