"""Stage 1, Char-LDM (paper §3.2): `python -m training.train_char_ldm --output_dir runs/char-ldm`.

The denoiser learns to read captions whose name tokens carry a portrait's features (Eq. 1), with each name's
cross-attention drawn to its character's mask (L_reg, Eq. 2-3). The text tower is frozen; the UNet, the fuser and the
last layers of the vision tower are trained. About 13 latents a second on two cores.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DDPMScheduler, DPMSolverMultistepScheduler, UNet2DConditionModel
from PIL import Image
from torch import nn
from transformers import (
    CLIPImageProcessor,
    CLIPTextModel,
    CLIPTokenizerFast,
    CLIPVisionModelWithProjection,
    HfArgumentParser,
)

from storyboard.captions import find_mentions
from storyboard.models.attention import record_cross_attention, regularization_loss
from storyboard.models.conditioning import CharacterConditioner
from storyboard.models.fusion import CharacterFuser
from storyboard.models.losses import diffusion_loss
from training.loop import LoopArguments, TrainingRun
from training.maple_lane import CAST, StoryFrame, draw_portrait, story
from training.maple_lane.reading import NAMES
from training.parts import freeze, save_part
from training.pretrain.clip import weather
from training.pretrain.latents import LatentCache
from training.pretrain.ldm import noised_rows, paint


@dataclass
class CharLdmArguments(LoopArguments):
    """Loop arguments with this stage's defaults, and the rows of the paper's Table 3 as switches."""

    steps: int = 2500
    batch: int = 32
    lr: float = 2e-4
    ema: float = 0.998
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})
    latents: str = field(default="runs/maple-lane/latents", metadata={"help": "folder of encoded pictures"})
    no_condition: float = field(
        default=0.1, metadata={"help": "share of examples without caption and portraits"}
    )
    text_only: float = field(default=0.1, metadata={"help": "share of examples without portraits"})
    reg_weight: float = field(
        default=1e-3, metadata={"help": "weight of L_reg; 0: the row w/o L_reg of Table 3"}
    )
    vision_layers: int = field(
        default=2, metadata={"help": "trained last vision layers; 0: the row freeze vis"}
    )
    min_snr: float = field(default=5.0, metadata={"help": "min-SNR weighting"})
    figures: float = field(default=2.0, metadata={"help": "extra weight of the latents of characters"})
    masked: float = field(
        default=0.0,
        metadata={"help": "share of examples whose error counts on characters only; released: 0.3"},
    )


class CharLdmTraining(nn.Module):
    """L_LDM + reg_weight x L_reg under the fused condition."""

    def __init__(
        self, conditioner: CharacterConditioner, unet: UNet2DConditionModel, noise: DDPMScheduler, args
    ):
        super().__init__()
        self.text_encoder, self.image_encoder = conditioner.text_encoder, conditioner.image_encoder
        self.fuser, self.unet = conditioner.fuser, unet
        self.conditioner, self.noise, self.args = conditioner, noise, args
        freeze(self.text_encoder)
        freeze(self.image_encoder)
        layers = self.image_encoder.vision_model.encoder.layers
        for layer in layers[len(layers) - args.vision_layers :]:
            layer.requires_grad_(True)

    def train(self, mode: bool = True):
        super().train(mode)
        self.text_encoder.eval()
        self.image_encoder.eval()  # its last layers learn, but without dropout
        return self

    def forward(self, batch: dict) -> dict[str, torch.Tensor]:
        features = self.conditioner.encode_portraits(batch["portraits"])  # (N, V), one per mention
        found = self.conditioner(batch["captions"], batch["spans"], features.split(batch["counts"]))
        condition = torch.where(batch["fused"][:, None, None], found.fused, found.text)
        masks = batch["masks"]  # (B, K, 32, 32)
        columns = [row + [None] * (masks.shape[1] - len(row)) for row in found.columns]
        weights = torch.where(
            batch["masked"][:, None, None, None], batch["figures"], 1 + self.args.figures * batch["figures"]
        )
        with record_cross_attention(self.unet, columns) as record:
            denoising = diffusion_loss(
                self.unet,
                self.noise,
                batch["latents"],
                condition,
                batch["noise"],
                batch["timesteps"],
                min_snr_gamma=self.args.min_snr,
                weights=weights,
            )
        valid = torch.tensor([[c is not None for c in row] for row in columns], device=masks.device)
        regularization = regularization_loss(record.maps, masks, valid)
        loss = denoising + self.args.reg_weight * regularization
        return {"loss": loss, "denoising": denoising, "regularization": regularization}


class CharacterExamples:
    """Step -> captions with their names' spans, one augmented portrait and one mask per mention, and latents."""

    def __init__(self, cache: LatentCache, processor: CLIPImageProcessor, args: CharLdmArguments):
        self.cache, self.processor, self.args = cache, processor, args
        self._portraits = {
            (who.name, outfit): draw_portrait(who.name, outfit, 2 * processor.crop_size["height"])
            for who in CAST
            for outfit in who.outfits
        }

    def __call__(self, step: int, rows: range) -> dict:
        picks, batch = noised_rows(self.cache, self.args, step, rows)
        examples = [self._example(g, index) for g, index in picks]
        portraits = [portrait for e in examples for portrait in e["portraits"]]
        most = max(1, *(len(e["masks"]) for e in examples))
        masks = torch.zeros(len(examples), most, *self.cache.masks.shape[-2:])
        for row, example in enumerate(examples):
            for slot, mask in enumerate(example["masks"]):
                masks[row, slot] = mask
        size = self.processor.crop_size["height"]
        pixels = (
            self.processor(portraits, return_tensors="pt")["pixel_values"]
            if portraits
            else torch.zeros(0, 3, size, size)
        )
        return {
            **batch,
            "captions": [e["caption"] for e in examples],
            "spans": [e["spans"] for e in examples],
            "counts": [len(e["spans"]) for e in examples],
            "portraits": pixels,
            "masks": masks,
            "fused": torch.tensor([e["fused"] for e in examples]),
            "masked": torch.tensor([e["masked"] for e in examples]),
        }

    def _example(self, g: torch.Generator, index: int) -> dict:
        kind = float(torch.rand((), generator=g))
        if kind < self.args.no_condition:
            return {"caption": "", "spans": [], "portraits": [], "masks": [], "fused": False, "masked": False}
        tale, number = self.cache.story(index)
        frame = tale.frames[number]
        mentions = find_mentions(frame.plain, NAMES)
        rng = np.random.default_rng(int(torch.randint(2**31, (), generator=g)))
        slots = {actor.name: slot for slot, actor in enumerate(frame.scene.actors)}
        masks = self.cache.mask(index)
        return {
            "caption": frame.plain,
            "spans": [(m.start, m.end) for m in mentions],
            "portraits": [self._portrait(m.name, tale.outfits[m.name], rng) for m in mentions],
            "masks": [masks[slots[m.name]] for m in mentions],
            "fused": kind >= self.args.no_condition + self.args.text_only,
            "masked": float(torch.rand((), generator=g)) < self.args.masked,
        }

    def _portrait(self, name: str, outfit: str, rng: np.random.Generator) -> Image.Image:
        """The canonical portrait as a writer might upload it: soft, tinted, shifted, mirrored."""
        picture = weather(self._portraits[name, outfit], rng)
        side, room = picture.width, picture.width // 8
        left, top = (int(rng.integers(room + 1)) for _ in range(2))
        picture = (
            picture.crop((left, top, left + side - room, top + side - room))
            if rng.random() < 0.5
            else picture
        )
        return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.3 else picture


def validation_examples(frames: list[StoryFrame], outfits: list[dict[str, str]], size: int) -> tuple:
    """Captions, spans and portraits of whole frames, nothing dropped or augmented."""
    captions = [f.plain for f in frames]
    mentions = [find_mentions(c, NAMES) for c in captions]
    spans = [[(m.start, m.end) for m in found] for found in mentions]
    portraits = [
        Image.fromarray(draw_portrait(m.name, wears[m.name], size))
        for found, wears in zip(mentions, outfits, strict=True)
        for m in found
    ]
    return captions, spans, portraits


def main(argv: list[str] | None = None) -> None:
    (args,) = HfArgumentParser(CharLdmArguments).parse_args_into_dataclasses(argv)
    torch.manual_seed(args.seed)
    parts = Path(args.parts)
    vae = freeze(AutoencoderKL.from_pretrained(parts / "vae"))
    start = parts / "char_ldm" if args.continued else parts
    unet = UNet2DConditionModel.from_pretrained(start / "unet").train()
    if args.gradient_checkpointing:
        unet.enable_gradient_checkpointing()
    scheduler = DPMSolverMultistepScheduler.from_pretrained(parts / "scheduler")
    processor = CLIPImageProcessor.from_pretrained(parts / "image_processor")
    text_encoder = CLIPTextModel.from_pretrained(parts / "text_encoder")
    image_encoder = CLIPVisionModelWithProjection.from_pretrained(start / "image_encoder")
    if args.continued:
        fuser = CharacterFuser.from_pretrained(start / "fuser").train()
    else:
        fuser = CharacterFuser(text_encoder.config.hidden_size, image_encoder.config.projection_dim)
    conditioner = CharacterConditioner(
        CLIPTokenizerFast.from_pretrained(parts / "tokenizer"), text_encoder, image_encoder, fuser
    )
    module = CharLdmTraining(conditioner, unet, DDPMScheduler.from_config(scheduler.config), args)
    run = TrainingRun(module, CharacterExamples(LatentCache(Path(args.latents)), processor, args), args)
    vae.to(run.accelerator.device)
    tales = [story("val", i) for i in range(6)]
    captions, spans, portraits = validation_examples(
        [tale.frames[i % 4] for i, tale in enumerate(tales)],
        [tale.outfits for tale in tales],
        2 * processor.crop_size["height"],
    )
    pixels = processor(portraits, return_tensors="pt")["pixel_values"]
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            with run.averaged(), torch.inference_mode():
                features = conditioner.encode_portraits(pixels).split([len(s) for s in spans])
                fused = conditioner(captions, spans, features).fused
                sheet = paint(unet, vae, scheduler, fused, conditioner.encode_text([""]))
            sheet.save(run.folder / f"sample-{stats.step:06d}.png")
    if run.accelerator.is_main_process:
        with run.averaged():
            for name, part in (("unet", unet), ("fuser", fuser), ("image_encoder", image_encoder)):
                save_part(parts, f"char_ldm/{name}", part)


if __name__ == "__main__":
    main()
