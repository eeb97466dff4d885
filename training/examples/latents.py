"""Encoded pictures of Maple Lane: shards of latents and masks on disk, and the stories from which they were made.

Captions and scenes are sampled again from a story's kind and seed. `training.pretrain.latents` writes the shards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from safetensors.torch import load_file

from storyboard.errors import StoryError
from storyboard.models.latents import encode_pictures
from storyboard.models.preview import fit_colours
from training.configs.parts import freeze, load_vae
from training.examples.pixels import pixels_of
from training.maple_lane import KINDS, MapleStory, draw, draw_layers, story

FRAMES = 4
MAX_CHARACTERS = 3
MASK_SIZE = 32  # finer than any recorded attention map
# Frames are picked in proportion to this power of their number of people, because most mistakes are made with three.
CROWD = 2
# Frames in which people do different things are picked so much more often, because who does what is learned last.
DIFFERENT = 1.5
# The weight of a frame without people, as much as of a frame with two: such pictures must be learned too.
NOBODY = 4.0


def frame_weight(people: int, deeds: int) -> float:
    """Returns how often a frame with so many people and different deeds is picked, relative to one with one person."""
    if not people:
        return NOBODY
    return people**CROWD * (DIFFERENT if deeds > 1 else 1.0)


def crowds_of(tale: MapleStory) -> list[tuple[int, int]]:
    """Returns the numbers of people and of different deeds in each frame of a story."""
    actions = ([actor.action for actor in frame.scene.actors] for frame in tale.frames)
    return [(len(doing), len(set(doing))) for doing in actions]


class FramePicker:
    """Picks frames in proportion to their `frame_weight`.

    crowds: the numbers of people and of different deeds in each frame.
    """

    def __init__(self, crowds: Iterable[Sequence[int]]):
        self._ends = np.cumsum([frame_weight(*crowd) for crowd in crowds])

    def __call__(self, share: float) -> int:
        """Returns the index of the frame at this share (0 up to but excluding 1) of the sum of all weights."""
        return int(np.searchsorted(self._ends, share * self._ends[-1], side="right"))


class LatentCache:
    """The encoded pictures: latents (N, C, h, w), masks (N, 3 + 1, 32, 32), and the frame from which each was made.

    kinds, seeds: those of each story; a story has four frames. Shards from before kinds existed are stories of the
    cast.
    """

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
        kinds = torch.cat([s.get("kinds", torch.zeros_like(s["seeds"])).long() for s in loaded]).tolist()
        self.kinds = [tuple(KINDS)[kind] for kind in kinds]
        self._stories: dict[int, MapleStory] = {}
        written = [s["crowds"].tolist() if "crowds" in s else [None] * len(s["seeds"]) for s in loaded]
        self._crowds = list(chain(*written))

    @cached_property
    def pick(self) -> FramePicker:
        """The picker of these frames.

        It is made on first use, because L_img takes the frames that stage 2 has picked, and needs none.
        """
        told = (crowds or crowds_of(self._story(number)) for number, crowds in enumerate(self._crowds))
        return FramePicker(chain(*told))

    def __len__(self) -> int:
        return len(self.latents)

    def story(self, index: int) -> tuple[MapleStory, int]:
        """Returns the story of latent `index`, and the index of its frame in the story."""
        return self._story(index // FRAMES), index % FRAMES

    def _story(self, number: int) -> MapleStory:
        if number not in self._stories:
            self._stories[number] = KINDS[self.kinds[number]](self.seeds[number], FRAMES, "train")
        return self._stories[number]

    def mask(self, index: int) -> torch.Tensor:
        """Returns masks (3, 32, 32) in 0..1 of the scene's actors, in order. Missing actors have zeros."""
        return self.masks[index, :MAX_CHARACTERS].float() / 255

    def foreground(self, index: int) -> torch.Tensor:
        """Returns a mask (32, 32) in 0..1 of characters and the things that they hold, lean on or lie under."""
        return self.masks[index].float().sum(0).clamp(max=255) / 255


def encode_story(vae: AutoencoderKL, tale: MapleStory) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns latents (4, C, h, w) and masks (4, 3 + 1, 32, 32) uint8 of a story of four frames.

    There is a mask for each of the scene's actors, in order, and a last one for all things that are held, leaned on or
    beside people.
    """
    pixels: list[torch.Tensor] = []
    masks = torch.zeros(FRAMES, MAX_CHARACTERS + 1, MASK_SIZE, MASK_SIZE, dtype=torch.uint8)
    for row, frame in enumerate(tale.frames):
        layers = draw_layers(frame.scene, vae.config.sample_size)
        pixels.append(pixels_of(layers.picture))
        things = np.logical_or.reduce([layers.held, *layers.things])
        people = (layers.people[actor.name] for actor in frame.scene.actors)
        shown = dict(enumerate(people)) | {MAX_CHARACTERS: things}
        for slot, pixel_mask in shown.items():
            mask = torch.from_numpy(pixel_mask.astype(np.float32))[None, None]
            masks[row, slot] = F.interpolate(mask, MASK_SIZE, mode="area")[0, 0].mul(255).round().byte()
    return encode_pictures(vae, torch.stack(pixels).to(vae.device)).cpu(), masks


@torch.inference_mode()
def colours_of(vae: AutoencoderKL, pictures: int = 24) -> list[list[float]]:
    """Returns the linear map (C + 1, 3) from latents to colours, found on first frames of validation stories."""
    scenes = [story("val", number).frames[0].scene for number in range(pictures)]
    pixels = torch.stack([pixels_of(draw(scene, vae.config.sample_size)) for scene in scenes])
    return fit_colours(encode_pictures(vae, pixels.to(vae.device)), pixels)


def measured_vae(parts: Path) -> AutoencoderKL:
    """Returns the frozen autoencoder that made Maple Lane's latents.

    StoryError if their statistics have not been measured.
    """
    vae = freeze(load_vae(parts))
    if vae.config.latents_mean is None:
        raise StoryError(
            f"{parts / 'vae'} has been trained since its latents were measured; run: python -m training.pretrain "
            f"latents --parts {parts}"
        )
    return vae
