"""Encoded pictures of Maple Lane, once for all denoiser training: `python -m training.pretrain latents`.

Shards hold latents (fp16, normalised) and character masks; captions and scenes are sampled again from the story's
seed, which costs nothing. A finished shard is never written again, so the command is resumable and can be extended;
several processes (`torchrun --nproc_per_node 2 -m training.pretrain latents`) share the shards out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file
from tqdm.auto import tqdm
from transformers import HfArgumentParser

from storyboard.durable import part_of, settle
from storyboard.errors import StoryError
from storyboard.models.latents import encode_pictures
from training.maple_lane import MapleStory, draw_with_things, sample_story
from training.parts import freeze, load_vae, save_part
from training.pretrain.autoencoder import pixels_of
from training.processes import make_accelerator

SHARD_STORIES = 128
FRAMES = 4
MAX_CHARACTERS = 3
MASK_SIZE = 32  # finer than any recorded attention map
CROWD = 2  # examples are picked in proportion to this power of a frame's people: most mistakes are made with three


@dataclass
class LatentArguments:
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})
    out: str = field(default="runs/maple-lane/latents", metadata={"help": "folder of the shards"})
    # 2,048 were learned by heart: the denoising loss was 0.387 on their pictures and 0.439 on others.
    stories: int = field(
        default=8192, metadata={"help": "stories of four frames to encode, in shards of 128"}
    )


class FramePicker:
    """Picks frames of these stories, in proportion to their people to the power of CROWD."""

    def __init__(self, seeds: Sequence[int]):
        frames = [frame for seed in seeds for frame in sample_story(seed, FRAMES, "train").frames]
        self._ends = np.cumsum([len(frame.scene.actors) ** CROWD for frame in frames])

    def __call__(self, share: float) -> int:
        """The frame, counted over all stories, at this share (0 to 1, without 1) of all weights."""
        return int(np.searchsorted(self._ends, share * self._ends[-1], side="right"))


class LatentCache:
    """What has been encoded: latents (N, C, h, w), masks (N, 3 + 1, 32, 32) and the frame each came from."""

    def __init__(self, folder: Path):
        shards = sorted(Path(folder).glob("shard-*.safetensors"))
        if not shards:
            raise FileNotFoundError(f"{folder} has no latents; run: python -m training.pretrain latents")
        loaded = [load_file(shard) for shard in shards]
        self.latents = torch.cat([s["latents"] for s in loaded])
        self.masks = torch.cat([s["masks"] for s in loaded])
        if self.masks.shape[1] != MAX_CHARACTERS + 1:
            raise StoryError(f"{folder} holds no masks of things; delete it and encode the pictures again.")
        self.seeds = torch.cat([s["seeds"] for s in loaded]).tolist()
        self._stories: dict[int, MapleStory] = {}

    @cached_property
    def pick(self) -> FramePicker:
        """Of these frames; made when it is first asked for, as L_img takes the frames that stage 2 has picked."""
        return FramePicker(self.seeds)

    def __len__(self) -> int:
        return len(self.latents)

    def story(self, index: int) -> tuple[MapleStory, int]:
        """The story of latent `index` and which of its frames it is."""
        seed = self.seeds[index // FRAMES]
        if seed not in self._stories:
            self._stories[seed] = sample_story(seed, FRAMES, "train")
        return self._stories[seed], index % FRAMES

    def mask(self, index: int) -> torch.Tensor:
        """(3, 32, 32) in 0..1, the scene's actors in order, zeros where there are fewer."""
        return self.masks[index, :MAX_CHARACTERS].float() / 255

    def foreground(self, index: int) -> torch.Tensor:
        """(32, 32) in 0..1: characters and what they hold, lean on or lie under."""
        return self.masks[index].float().sum(0).clamp(max=255) / 255


def encode_story(vae: AutoencoderKL, tale: MapleStory) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents (4, C, h, w) and masks (4, 3 + 1, 32, 32) uint8 of a story of four frames: characters, then things."""
    pixels, masks = [], torch.zeros(FRAMES, MAX_CHARACTERS + 1, MASK_SIZE, MASK_SIZE, dtype=torch.uint8)
    for row, frame in enumerate(tale.frames):
        picture, visible, things = draw_with_things(frame.scene, vae.config.sample_size)
        pixels.append(pixels_of(picture))
        shown = dict(enumerate(visible[actor.name] for actor in frame.scene.actors)) | {
            MAX_CHARACTERS: things
        }
        for slot, pixel_mask in shown.items():
            mask = torch.from_numpy(pixel_mask.astype(np.float32))[None, None]
            masks[row, slot] = F.interpolate(mask, MASK_SIZE, mode="area")[0, 0].mul(255).round().byte()
    return encode_pictures(vae, torch.stack(pixels).to(vae.device)).cpu(), masks


def measure_statistics(vae: AutoencoderKL, stories: int = 48) -> None:
    """Put the per-channel mean and standard deviation of raw latents into the autoencoder's config."""
    vae.register_to_config(latents_mean=None, latents_std=None, scaling_factor=1.0)
    raw = torch.cat(
        [encode_story(vae, sample_story(-1 - seed, FRAMES, "train"))[0] for seed in range(stories)]
    ).float()
    mean, std = raw.mean(dim=(0, 2, 3)), raw.std(dim=(0, 2, 3))
    vae.register_to_config(latents_mean=mean.tolist(), latents_std=std.tolist())


def measured_vae(parts: Path) -> AutoencoderKL:
    """The frozen autoencoder that Maple Lane's latents are of. StoryError where their statistics are not measured."""
    vae = freeze(load_vae(parts))
    if vae.config.latents_mean is None:
        raise StoryError(
            f"{parts / 'vae'} has been trained since its latents were measured; run: python -m training.pretrain "
            f"latents --parts {parts}"
        )
    return vae


def write_shard(
    shard: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str] | None = None
) -> None:
    """Write a file of tensors, under its name only once it is whole."""
    part = part_of(shard)
    save_file(tensors, part, metadata)
    settle(part, shard)


def load_measured(parts: Path, out: Path) -> AutoencoderKL:
    """The frozen autoencoder, its latents' statistics measured if it has been trained since."""
    accelerator = make_accelerator()
    with accelerator.main_process_first():
        vae = freeze(load_vae(parts)).to(accelerator.device)
        if vae.config.latents_mean is None:
            if any(out.glob("shard-*.safetensors")):
                raise StoryError(
                    f"{out} holds latents of an earlier autoencoder; delete them and run this again."
                )
            measure_statistics(vae)
            save_part(parts, "vae", vae)
    return vae


def missing_shards(folder: Path, stories: int) -> list[tuple[Path, int]]:
    """This process's share of the shards that are not written yet, each with the number of its first story.

    StoryError where `stories` do not fill whole shards.
    """
    if stories < 1 or stories % SHARD_STORIES:
        full = stories // SHARD_STORIES * SHARD_STORIES
        raise StoryError(
            f"--stories {stories}: a shard holds {SHARD_STORIES}; choose {full + SHARD_STORIES}"
            + (f" or {full}." if full > 0 else ".")
        )
    accelerator = make_accelerator()
    numbers = range(accelerator.process_index, stories // SHARD_STORIES, accelerator.num_processes)
    shards = [(folder / f"shard-{number:05d}.safetensors", number * SHARD_STORIES) for number in numbers]
    return [(shard, first) for shard, first in shards if not shard.exists()]


def main(argv: list[str]) -> None:
    (args,) = HfArgumentParser(LatentArguments).parse_args_into_dataclasses(argv)
    parts, out = Path(args.parts), Path(args.out)
    shards = missing_shards(out, args.stories)
    out.mkdir(parents=True, exist_ok=True)
    with torch.inference_mode():
        vae = load_measured(parts, out)
        for shard, first in tqdm(shards, desc="latents"):
            seeds = list(range(first, first + SHARD_STORIES))
            encoded = [encode_story(vae, sample_story(seed, FRAMES, "train")) for seed in seeds]
            part = {
                "latents": torch.cat([e[0] for e in encoded]).half().contiguous(),
                "masks": torch.cat([e[1] for e in encoded]),
                "seeds": torch.tensor(seeds),
            }
            write_shard(shard, part)
