"""Encodes pictures of Maple Lane once for all denoiser training: `python -m training.pretrain latents`.

Shards hold latents (fp16, normalised) and character masks. Captions and scenes are not stored: they are sampled again
from the story's kind and seed. `--world mixed` encodes stories of the cast, stories of new people, and open stories.

A finished shard is never written again, so the command can resume and can be extended. Several processes share the
shards: `torchrun --nproc_per_node 2 -m training.pretrain latents`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch
from diffusers import AutoencoderKL
from tqdm.auto import tqdm

from storyboard.errors import StoryError
from training.configs.arguments import parsed
from training.configs.parts import freeze, load_vae, save_part
from training.examples.latents import FRAMES, crowds_of, encode_story
from training.examples.shards import missing_shards, write_shard
from training.loop.processes import make_accelerator
from training.maple_lane import KINDS, kind_of


@dataclass
class LatentArguments:
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})
    out: str = field(default="runs/maple-lane/latents", metadata={"help": "folder of the shards"})
    # With 2,048 stories the model learned them by heart: its denoising loss was 0.387 on them and 0.439 on others.
    stories: int = field(
        default=8192, metadata={"help": "stories of four frames to encode, in shards of 128"}
    )
    world: Literal["cast", "people", "open", "scenery", "mixed"] = field(
        default="cast", metadata={"help": "whose stories; shards that are there keep theirs"}
    )


def measure_statistics(vae: AutoencoderKL, world: str, stories: int = 48) -> None:
    """Writes the mean and the standard deviation of a world's raw latents, per channel, to the autoencoder's config."""
    vae.register_to_config(latents_mean=None, latents_std=None, scaling_factor=1.0)
    seeds = range(-1, -1 - stories, -1)
    tales = (KINDS[kind_of(world, seed)](seed, FRAMES, "train") for seed in seeds)
    raw = torch.cat([encode_story(vae, tale)[0] for tale in tales]).float()
    mean, std = raw.mean(dim=(0, 2, 3)), raw.std(dim=(0, 2, 3))
    vae.register_to_config(latents_mean=mean.tolist(), latents_std=std.tolist())


def load_measured(parts: Path, out: Path, world: str) -> AutoencoderKL:
    """Returns the frozen autoencoder, with the statistics of its latents.

    If it has been trained since the statistics were measured, they are measured again on stories of `world`. StoryError
    if `out` holds latents of an earlier autoencoder.
    """
    accelerator = make_accelerator()
    with accelerator.main_process_first():
        vae = freeze(load_vae(parts)).to(accelerator.device)
        if vae.config.latents_mean is None:
            if any(out.glob("shard-*.safetensors")):
                raise StoryError(
                    f"{out} holds latents of an earlier autoencoder; delete them and run this again."
                )
            measure_statistics(vae, world)
            save_part(parts, "vae", vae)
    return vae


def main(argv: list[str]) -> None:
    args = parsed(LatentArguments, argv)
    parts, out = Path(args.parts), Path(args.out)
    shards = missing_shards(out, args.stories)
    out.mkdir(parents=True, exist_ok=True)
    with torch.inference_mode():
        vae = load_measured(parts, out, args.world)
        for shard, seeds in tqdm(shards, desc="latents"):
            kinds = [kind_of(args.world, seed) for seed in seeds]
            tales = [KINDS[kind](seed, FRAMES, "train") for kind, seed in zip(kinds, seeds, strict=True)]
            encoded = [encode_story(vae, tale) for tale in tales]
            part = {
                "latents": torch.cat([e[0] for e in encoded]).half().contiguous(),
                "masks": torch.cat([e[1] for e in encoded]),
                "seeds": torch.tensor(list(seeds)),
                "kinds": torch.tensor([tuple(KINDS).index(kind) for kind in kinds], dtype=torch.uint8),
                "crowds": torch.tensor([crowds_of(tale) for tale in tales], dtype=torch.uint8),
            }
            write_shard(shard, part)
