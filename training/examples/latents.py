"""Encoded pictures of Maple Lane: shards of latents and masks on disk, and the stories they came from.

Captions and scenes are sampled again from a story's seed, which costs nothing. `training.pretrain.latents` writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from safetensors.torch import load_file

from storyboard.errors import StoryError
from storyboard.models.latents import encode_pictures
from training.configs.parts import freeze, load_vae
from training.examples.pixels import pixels_of
from training.maple_lane import MapleStory, draw_with_things, sample_story

FRAMES = 4
MAX_CHARACTERS = 3
MASK_SIZE = 32  # finer than any recorded attention map
CROWD = 2  # examples are picked in proportion to this power of a frame's people: most mistakes are made with three


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


def measured_vae(parts: Path) -> AutoencoderKL:
    """The frozen autoencoder that Maple Lane's latents are of. StoryError where their statistics are not measured."""
    vae = freeze(load_vae(parts))
    if vae.config.latents_mean is None:
        raise StoryError(
            f"{parts / 'vae'} has been trained since its latents were measured; run: python -m training.pretrain "
            f"latents --parts {parts}"
        )
    return vae
