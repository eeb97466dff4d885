"""Trains a fuser that keeps what portraits show: `python -m training.pretrain fuser --output_dir runs/anybody/fuser`.

Stage 1 teaches the fuser (Eq. 1) only what helps its denoiser at that moment. While the denoiser draws everybody alike,
the fuser loses what distinguishes strangers, and then no denoiser can learn to draw it. So here a linear head has to
find a stranger's portrait, as the autoencoder encodes it, in the fused vector. The head is thrown away after training.
The vectors of the cast stay where they are, so that a denoiser that can draw the cast still can. Uses no frames and no
denoiser.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from tqdm.auto import tqdm
from transformers import CLIPImageProcessor

from storyboard.models.conditioning import CharacterConditioner
from storyboard.models.fusion import CharacterFuser
from storyboard.models.latents import posterior_of
from storyboard.people import Look, draw_person, sample_look
from training.configs.arguments import parsed
from training.configs.parts import load_vae, save_part
from training.loop import LoopArguments, Objective, TrainingRun
from training.maple_lane import CAST, draw_portrait, sample_open_story
from training.train_char_ldm.arguments import CharLdmArguments
from training.train_char_ldm.maple_lane import canonical_of
from training.train_char_ldm.start import load_conditioner

PORTRAIT = 256  # side of a portrait in pixels
AT_ONCE = 32  # portraits that are encoded at once
TELLINGS = 400  # captions; portraits are put on their words
HELD_OUT = 0.1  # share of the strangers that are held out for the printed figure
NEAR = 1.0  # the weight of the cast's vectors, where the portraits of strangers have the weight 1


@dataclass
class FuserArguments(LoopArguments):
    """Loop arguments with the defaults of this part.

    A run takes five minutes of one core. Four of them go into drawing and encoding portraits.
    """

    steps: int = 2400
    batch: int = 256
    lr: float = 1e-3
    warmup: int = 200
    decay: float = 0.9
    parts: str = field(default="runs/anybody/parts", metadata={"help": "folder of parts with a first stage"})
    strangers: int = field(default=5200, metadata={"help": "portraits of anybody that are drawn"})


class FuserBatch(TypedDict):
    """B strangers and as many people of the cast, each with the text state of some word."""

    words: torch.Tensor  # (B, D)
    features: torch.Tensor  # (B, V)
    latents: torch.Tensor  # (B, L), the latents of whole portraits
    cast_words: torch.Tensor  # (B, D)
    cast_features: torch.Tensor  # (B, V)


class FuserTraining(Objective[FuserBatch]):
    """The loss for what the head cannot read of a portrait, and for how far the cast's vectors have moved."""

    def __init__(self, fuser: CharacterFuser, latents: torch.Tensor):
        """latents: (N, L), the latents of strangers' portraits. Their mean and variance are used."""
        super().__init__()
        self.fuser, self.before = fuser.train(), deepcopy(fuser).eval().requires_grad_(False)
        self.head = nn.Linear(fuser.config.text_width, latents.shape[1])
        nn.init.zeros_(self.head.weight)
        with torch.no_grad():
            self.head.bias.copy_(latents.mean(0))
        self.variance = float((latents - latents.mean(0)).square().mean())

    def forward(self, batch: FuserBatch) -> dict[str, torch.Tensor]:
        read = self.head(self.fuser(batch["words"], batch["features"]))
        lost = (read - batch["latents"]).square().mean() / self.variance
        cast = batch["cast_words"], batch["cast_features"]
        moved = (self.fuser(*cast) - self.before(*cast)).square().mean()
        return {"loss": lost + NEAR * moved, "lost": lost, "moved": moved}


@dataclass(frozen=True)
class Seen:
    """Portraits as the vision tower sees them (N, V), and as the autoencoder encodes them (N, L)."""

    features: torch.Tensor
    latents: torch.Tensor

    def split(self, at: int) -> tuple[Seen, Seen]:
        """Returns the first `at` portraits, and the other portraits."""
        features, latents = self.features, self.latents
        return Seen(features[:at], latents[:at]), Seen(features[at:], latents[at:])


class FuserExamples:
    """Maps a step to random strangers and random people of the cast, each with a random word."""

    def __init__(self, seed: int, words: torch.Tensor, strangers: Seen, cast: Seen):
        self.seed, self.words, self.strangers, self.cast = seed, words, strangers, cast

    def __call__(self, step: int, rows: range) -> FuserBatch:
        rng = np.random.default_rng((self.seed, step, rows.start))

        def some(there: int) -> torch.Tensor:
            return torch.from_numpy(rng.integers(there, size=len(rows)))

        strangers, cast = some(len(self.strangers.features)), some(len(self.cast.features))
        return {
            "words": self.words[some(len(self.words))],
            "features": self.strangers.features[strangers],
            "latents": self.strangers.latents[strangers],
            "cast_words": self.words[some(len(self.words))],
            "cast_features": self.cast.features[cast],
        }


@torch.inference_mode()
def words_of(conditioner: CharacterConditioner, count: int) -> torch.Tensor:
    """Returns the text states (N, D) of the words that carry portraits in `count` canonical captions."""
    found = []
    for number in range(count):
        (frame,) = sample_open_story(number, 1, "train").frames
        caption, mentions = canonical_of(frame.scene, conditioner.called, deeds=True)
        states = conditioner.encode_text([caption])[0]
        (columns,) = conditioner.columns([caption], [[(one.start, one.end) for one in mentions]])
        found += [states[column] for column in columns if column is not None]
    return torch.stack(found)


@torch.inference_mode()
def seen(
    portraits: list[np.ndarray],
    conditioner: CharacterConditioner,
    vae: AutoencoderKL,
    processor: CLIPImageProcessor,
) -> Seen:
    """Returns what the tower and the autoencoder make of portraits (S, S, 3)."""
    pictures = [Image.fromarray(one) for one in portraits]
    features = conditioner.encode_portraits(processor(pictures, return_tensors="pt")["pixel_values"])
    pixels = torch.from_numpy(np.stack(portraits)).permute(0, 3, 1, 2).float() / 127.5 - 1
    return Seen(features, posterior_of(vae, pixels).mean.flatten(1))


def drawn(strangers: int) -> Iterator[np.ndarray]:
    """Yields portraits of the cast in every outfit, then of `strangers` people of the train split."""
    for who in CAST:
        for outfit in who.outfits:
            yield draw_portrait(who.name, outfit, PORTRAIT)
    for number in range(strangers):
        yield draw_person(_train_look(number), PORTRAIT)


def _train_look(number: int) -> Look:
    return sample_look(1_000_000 + number, "train")


def portraits_seen(args: FuserArguments, conditioner: CharacterConditioner) -> Seen:
    """Returns the cast and the strangers as the vision tower and the autoencoder see them.

    This takes minutes, so the result is kept in the run's folder.
    """
    file = Path(args.output_dir) / "seen.safetensors"
    if not file.exists():
        vae = load_vae(Path(args.parts)).eval()
        processor = CLIPImageProcessor.from_pretrained(Path(args.parts) / "image_processor")
        people, parts = list(drawn(args.strangers)), []
        for start in tqdm(range(0, len(people), AT_ONCE), desc="portraits", mininterval=5):
            parts.append(seen(people[start : start + AT_ONCE], conditioner, vae, processor))
        whole = {name: torch.cat([getattr(one, name) for one in parts]) for name in ("features", "latents")}
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file(whole, file)
    return Seen(**load_file(file))


@torch.inference_mode()
def kept(module: FuserTraining, words: torch.Tensor, strangers: Seen) -> float:
    """Returns the share of the variance of strangers' portraits that the head reads from their fused vectors."""
    some = words[torch.arange(len(strangers.features)) % len(words)]
    read = module.head(module.fuser(some, strangers.features))
    around = (strangers.latents - strangers.latents.mean(0)).square().sum()
    return float(1 - (read - strangers.latents).square().sum() / around)


def main(argv: list[str]) -> None:
    args = parsed(FuserArguments, argv)
    torch.manual_seed(args.seed)
    conditioner = load_conditioner(CharLdmArguments(parts=args.parts, output_dir="", continued=True))
    conditioner.text_encoder.eval()
    conditioner.image_encoder.eval()
    people = portraits_seen(args, conditioner)
    cast, strangers = people.split(sum(len(who.outfits) for who in CAST))
    learned, others = strangers.split(round((1 - HELD_OUT) * len(strangers.features)))
    words = words_of(conditioner, TELLINGS)
    module = FuserTraining(conditioner.fuser, learned.latents)
    run = TrainingRun(module, FuserExamples(args.seed, words, learned, cast), args)
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            print(f"step {stats.step}: {kept(module, words, others):.1%} of strangers' portraits", flush=True)
    if run.accelerator.is_main_process:
        print(f"{kept(module, words, others):.1%} of the portraits of people not met are in their vectors")
        save_part(Path(args.parts), "char_ldm/fuser", conditioner.fuser)
