"""How well attention finds characters: `python -m training.evaluate.attention_overlap --pipeline DIR --json FILE`.

Real test frames are noised and denoised for one step with their fused plain caption. The cross-attention of every
name's token (A_k of Eq. 2-3, averaged over the layers that L_reg steers) is compared with the exact mask of its
character. This gives Figure 4 as numbers: run it for a Char-LDM that was trained with L_reg, and for another trained
without it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DDPMScheduler

from storyboard.errors import StoryError
from storyboard.models.attention import mean_maps, record_cross_attention
from storyboard.models.portrait_canvas import as_read_by, canvas_of, encode_patch, patch_pixels, reads_canvas
from storyboard.models.stage import spots_of
from storyboard.pipeline import StoryPipeline
from storyboard.text.captions import find_mentions
from training.configs.arguments import parsed
from training.evaluate.metrics import Ratio, bootstrap
from training.examples.latents import MASK_SIZE, encode_story
from training.examples.pixels import pixels_of
from training.maple_lane import MapleStory, draw_portrait, story
from training.maple_lane.reading import NAMES

TIMESTEPS = (200, 400, 600, 800)  # out of 1000


@dataclass
class OverlapArguments:
    json: str = field(metadata={"help": "file of the scores"})
    pipeline: str = field(default="assets/maple-lane", metadata={"help": "folder of the pipeline"})
    stories: int = field(default=25, metadata={"help": "test stories of four frames"})


def area_matched_iou(attention: torch.Tensor, mask: torch.Tensor) -> float:
    """Returns the IoU of a mask (h, w) in 0..1 and the highest pixels of `attention` (h, w), as many as the mask has.

    Equal areas make it independent of the map's scale. A map without information scores about a / (2 - a) for a mask
    that covers the share a.
    """
    wanted = mask.flatten() > 0.5
    count = int(wanted.sum())
    if count == 0:
        return 0.0
    highest = torch.zeros_like(wanted)
    highest[attention.flatten().topk(count).indices] = True
    return float((highest & wanted).sum() / (highest | wanted).sum())


def mass_inside(attention: torch.Tensor, mask: torch.Tensor) -> float:
    """Returns the share of the attention (h, w) that falls on the mask (h, w)."""
    return float((attention * mask).sum() / attention.sum().clamp(min=1e-12))


def beside(pipeline: StoryPipeline, latents: torch.Tensor, portraits: dict[str, np.ndarray]) -> torch.Tensor:
    """Returns latents (B, C, h, w) with the canvas of these portraits as more channels, if the denoiser reads one."""
    if not reads_canvas(pipeline.unet):
        return latents
    shown = [pixels_of(portrait) for portrait in portraits.values()]
    patches = [lambda aside, one=one: encode_patch(pipeline.vae, patch_pixels(one, aside)) for one in shown]
    channels, height, width = latents.shape[1:]
    canvas = as_read_by(
        pipeline.unet, canvas_of(patches, spots_of(len(shown)), (channels, height, width))[None]
    )
    return torch.cat([latents, canvas.expand(len(latents), -1, -1, -1)], dim=1)


@torch.inference_mode()
def overlaps(pipeline: StoryPipeline, tale: MapleStory, seed: int) -> Iterator[tuple[float, float]]:
    """Yields (IoU, share of mass inside) for every named character of every frame, over TIMESTEPS."""
    latents, masks = encode_story(pipeline.vae, tale)  # (P, C, h, w), (P, 3, 32, 32) uint8
    noise_of = DDPMScheduler.from_config(pipeline.scheduler.config)
    for number, frame in enumerate(tale.frames):
        mentions = find_mentions(frame.plain, NAMES)
        portraits = [
            draw_portrait(m.name, tale.outfits[m.name], pipeline.vae.config.sample_size) for m in mentions
        ]
        if not portraits:
            continue
        pixels = pipeline.image_processor(portraits, return_tensors="pt")["pixel_values"]
        features = pipeline.conditioner.encode_portraits(pixels)
        found = pipeline.conditioner([frame.plain], [[(m.start, m.end) for m in mentions]], [features])
        count = len(TIMESTEPS)
        steps = torch.tensor(TIMESTEPS)
        clean = latents[number].expand(count, -1, -1, -1)
        generator = torch.Generator().manual_seed(seed * 1000 + number)
        noise = torch.randn(clean.shape, generator=generator)
        with record_cross_attention(pipeline.unet, found.columns * count) as record:
            noisy = noise_of.add_noise(clean, noise, steps)
            shown = dict(zip((m.name for m in mentions), portraits, strict=True))
            pipeline.unet(beside(pipeline, noisy, shown), steps, found.fused.expand(count, -1, -1))
        maps = mean_maps(record.maps, (MASK_SIZE, MASK_SIZE))  # (steps, K, 32, 32)
        slots = {actor.name: slot for slot, actor in enumerate(frame.scene.actors)}
        for slot, mention in enumerate(mentions):
            mask = masks[number, slots[mention.name]].float() / 255
            for row in range(count):
                yield area_matched_iou(maps[row, slot], mask), mass_inside(maps[row, slot], mask)


def measure(pipeline: StoryPipeline, stories: int) -> dict:
    """Returns the scores over the first test stories, with 95 % intervals over stories."""
    scores, groups = [], []
    for index in range(stories):
        found = list(overlaps(pipeline, story("test", index), index))
        scores += found
        groups += [index] * len(found)
    columns = np.array(scores).T
    report: dict[str, Any] = {"timesteps": TIMESTEPS, "test stories": stories, "maps": len(scores)}
    for name, values in zip(("mean IoU", "mass inside"), columns, strict=True):
        interval = bootstrap(Ratio(values, np.ones(len(values))), np.array(groups))  # in per cent
        report[name] = {
            "value": float(values.mean()),
            "low": interval.low and interval.low / 100,
            "high": interval.high and interval.high / 100,
        }
    return report


def main(argv: list[str] | None = None) -> None:
    args = parsed(OverlapArguments, argv)
    report = measure(StoryPipeline.from_pretrained(args.pipeline, reader="needed"), args.stories)
    for name in ("mean IoU", "mass inside"):
        one = report[name]
        print(f"{name} {one['value']:.3f}  [{one['low']:.3f}, {one['high']:.3f}]")
    Path(args.json).write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"attention_overlap: {error}")
