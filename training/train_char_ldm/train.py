"""Stage 1, Char-LDM (paper §3.2): `python -m training.train_char_ldm --output_dir runs/char-ldm [--data DIR]`.

The denoiser learns to read captions whose name tokens carry a portrait's features (Eq. 1). L_reg (Eq. 2-3) draws each
name's cross-attention to its character's mask. The text tower is frozen. The UNet, the fuser and the last layers of the
vision tower are trained. It learns from Maple Lane's encoded pictures, about 13 a second on two cores, or from a
dataset folder.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from PIL import Image
from transformers import CLIPImageProcessor

from storyboard.models.attention import default_layers, record_cross_attention, regularization_loss
from storyboard.models.conditioning import CharacterConditioner
from storyboard.models.digests import weights_digest
from storyboard.models.losses import colour_emphasis, diffusion_loss
from storyboard.models.portrait_canvas import encode_patch, patch_pixels, reads_canvas
from storyboard.people import Look
from training.configs.arguments import parsed
from training.configs.parts import Scheduler, freeze, load_scheduler, load_vae, save_part
from training.examples.encoding import latents_of
from training.examples.latents import colours_of, measured_vae
from training.examples.pixels import pixels_of
from training.examples.portrait_features import PortraitFeatures
from training.examples.samples import paint
from training.loop import Objective, TrainingRun
from training.maple_lane import draw_portrait
from training.train_char_ldm.arguments import CharLdmArguments
from training.train_char_ldm.batch import CharacterBatch, Samples
from training.train_char_ldm.maple_lane import clip_examples, maple_lane_examples
from training.train_char_ldm.start import (
    ending_in_noise,
    last_layers,
    load_conditioner,
    load_unet,
)


class CharLdmTraining(Objective[CharacterBatch]):
    """L_LDM + reg_weight x L_reg under the fused condition.

    vae: encodes batches that have pixels.
    colours: the map of `diffusion_loss` with which the error of colours counts more; None for an even error.
    """

    def __init__(
        self,
        conditioner: CharacterConditioner,
        unet: UNet2DConditionModel,
        noise: DDPMScheduler,
        args: CharLdmArguments,
        vae: AutoencoderKL | None = None,
        colours: torch.Tensor | None = None,
    ):
        super().__init__()
        self.colours = colours
        self.vae = freeze(vae) if vae else None
        self.text_encoder, self.image_encoder = conditioner.text_encoder, conditioner.image_encoder
        self.fuser, self.unet = conditioner.fuser, unet
        self.conditioner, self.noise, self.args = conditioner, noise, args
        freeze(self.text_encoder)
        freeze(self.image_encoder)
        for layer in last_layers(self.image_encoder, args.vision_layers):
            layer.requires_grad_(True)
        self.fuser.requires_grad_(args.fuser)
        if args.gradient_checkpointing:
            checkpoint_unrecorded(unet)

    def train(self, mode: bool = True) -> CharLdmTraining:
        super().train(mode)
        self.text_encoder.eval()
        self.image_encoder.eval()  # its last layers are trained, but without dropout
        if self.vae:
            self.vae.eval()
        return self

    def forward(self, batch: CharacterBatch) -> dict[str, torch.Tensor]:
        # (N, V), one per mention
        features = batch["features"] if "features" in batch else self.features(batch["portraits"])
        found = self.conditioner(batch["captions"], batch["spans"], features.split(batch["counts"]))
        condition = torch.where(batch["fused"][:, None, None], found.fused, found.text)
        masks = batch["masks"]  # (B, K, 32, 32)
        columns = padded(found.columns, masks.shape[1])
        weights = torch.where(
            batch["masked"][:, None, None, None], batch["figures"], 1 + self.args.figures * batch["figures"]
        )
        with record_cross_attention(self.unet, columns) as record:
            denoising = diffusion_loss(
                self.unet,
                self.noise,
                latents_of(batch, self.vae),
                condition,
                batch["noise"],
                batch["timesteps"],
                weights=weights,
                canvas=batch.get("canvas"),
                colours=self.colours,
            )
        loss = denoising + self._unused(found.text, features)
        valid = torch.tensor([[c is not None for c in row] for row in columns], device=masks.device)
        regularization = regularization_loss(record.maps, masks, valid)
        loss = loss + self.args.reg_weight * regularization
        return {"loss": loss, "denoising": denoising, "regularization": regularization}

    def features(self, pixels: torch.Tensor) -> torch.Tensor:
        """Returns the projected features (N, V) of portraits (N, 3, S, S).

        N may be 0, which vision towers cannot read.
        """
        some = pixels if len(pixels) else pixels.new_zeros(1, *pixels.shape[1:])
        return self.conditioner.encode_portraits(some)[: len(pixels)]

    def _unused(self, text: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """Returns 0, computed with the fuser and the vision tower, which learn nothing from it.

        A batch may have no people, so that its loss uses neither. DistributedDataParallel (DDP) waits for the gradient
        of every weight that it trains, so without this it would wait forever.
        """
        return 0 * (self.fuser(text[:0, 0], features[:0].to(text)).sum() + features[:0].sum())


def portrait_features(
    conditioner: CharacterConditioner, processor: CLIPImageProcessor, args: CharLdmArguments
) -> PortraitFeatures | None:
    """Returns what an untrained vision tower sees in portraits; None if its last layers are trained.

    A copy on the CPU computes it, because examples may be prepared in processes that have no GPU.
    """
    if last_layers(conditioner.image_encoder, args.vision_layers):
        return None
    tower = freeze(deepcopy(conditioner.image_encoder))
    return PortraitFeatures(lambda pixels: tower(pixel_values=pixels).image_embeds, processor)


def portrait_patches(vae: AutoencoderKL) -> PortraitFeatures:
    """Returns what of portraits is put on a canvas (`encode_patch`). Views are those that stand so far aside."""

    def drawn(name: str, wears: str | Look, view: int) -> torch.Tensor:
        return patch_pixels(pixels_of(draw_portrait(name, wears, vae.config.sample_size)), aside=view)

    return PortraitFeatures(lambda pixels: encode_patch(vae, pixels[0]).half()[None], drawn)


def padded(columns: list[list[int | None]], most: int) -> list[list[int | None]]:
    """Returns the columns of each caption, filled up with None to `most`."""
    return [row + [None] * (most - len(row)) for row in columns]


def checkpoint_unrecorded(unet: UNet2DConditionModel) -> None:
    """Turns on gradient checkpointing for the blocks whose attention L_reg does not read.

    In SD 1.5 these are the finest and largest. Recording keeps maps besides a block's output, so a recomputed block
    would not match what was saved of it.
    """
    unet.enable_gradient_checkpointing()
    recorded = {name.split(".attentions.")[0] for name in default_layers(unet)}
    for name, module in unet.named_modules():
        if hasattr(module, "gradient_checkpointing") and name.split(".attentions.")[0] in recorded:
            module.gradient_checkpointing = False


def painter(
    module: CharLdmTraining, vae: AutoencoderKL, scheduler: Scheduler, samples: Samples
) -> Callable[[], Image.Image]:
    """Returns a function that draws the sheet of `samples`."""

    @torch.inference_mode()
    def sheet() -> Image.Image:
        features = module.features(samples.pixels).split([len(found) for found in samples.spans])
        fused = module.conditioner(samples.captions, samples.spans, features).fused
        null = module.conditioner.encode_text([""])
        return paint(module.unet, vae, scheduler, fused, null, samples.canvas)

    return sheet


def main(argv: list[str] | None = None) -> None:
    args = parsed(CharLdmArguments, argv)
    torch.manual_seed(args.seed)
    parts = Path(args.parts)
    vae = freeze(load_vae(parts)) if args.data else measured_vae(parts)
    unet = load_unet(args, vae.config.latent_channels).train()
    scheduler = load_scheduler(parts)
    if args.zero_terminal_snr:
        scheduler = ending_in_noise(scheduler)
    processor = CLIPImageProcessor.from_pretrained(parts / "image_processor")
    conditioner = load_conditioner(args)
    noise = DDPMScheduler.from_config(scheduler.config)
    colours = None
    if args.colour_weight > 1:
        colours = colour_emphasis(torch.tensor(colours_of(vae)), args.colour_weight)
    features = patches = None
    examples: Callable[[int, range], CharacterBatch]
    if args.data:
        examples, samples = clip_examples(args.data, args, vae, processor, conditioner)
    else:
        features = portrait_features(conditioner, processor, args)
        if reads_canvas(unet):
            patches = portrait_patches(vae)
        examples, samples = maple_lane_examples(args, processor, conditioner, features, patches)
    module = CharLdmTraining(conditioner, unet, noise, args, vae if args.data else None, colours)
    run = TrainingRun(module, examples, args)
    if run.accelerator.device.type == "cpu":
        # There, plain products have a faster backward pass than the fused kernel.
        unet.set_attn_processor(AttnProcessor())
    vae.to(run.accelerator.device)
    sheet = painter(module, vae, scheduler, samples)
    kept: list[tuple[PortraitFeatures, Path, str]] = []  # with the file, and the digest of what has seen them
    if features:
        kept.append(
            (features, run.folder / "portraits.safetensors", weights_digest(conditioner.image_encoder))
        )
    if patches:
        kept.append((patches, run.folder / "patches.safetensors", weights_digest(vae.encoder)))
    for seen, file, tower in kept:
        seen.load(file, tower)
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            for seen, file, tower in kept:
                seen.save(file, tower)
            with run.averaged():
                sheet().save(run.folder / f"sample-{stats.step:06d}.png")
    if run.accelerator.is_main_process:
        with run.averaged():
            save_char_ldm(parts, unet, conditioner)
            if args.zero_terminal_snr:
                save_part(parts, "scheduler", scheduler)


def save_char_ldm(parts: Path, unet: UNet2DConditionModel, conditioner: CharacterConditioner) -> None:
    """Writes what stage 1 trains into a parts folder."""
    save_part(parts, "char_ldm/unet", unet)
    save_part(parts, "char_ldm/fuser", conditioner.fuser)
    save_part(parts, "char_ldm/image_encoder", conditioner.image_encoder)
