"""What stage 1 learns from: Maple Lane's encoded pictures, or the clips of a dataset folder; and what its sheets show.

Maple Lane's captions and portraits are made from the seed of each picture, so only latents and masks are on disk.
`args` is CharLdmArguments throughout.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from transformers import CLIPImageProcessor

from storyboard.models.conditioning import CharacterConditioner
from storyboard.text.captions import find_mentions
from training.data.dataset import StoryDataset, open_reader
from training.examples.clips import CaptionFitter, ClipExamples
from training.examples.latents import LatentCache
from training.examples.noise import noised_rows
from training.examples.weather import as_uploaded
from training.maple_lane import CAST, draw_portrait, story
from training.maple_lane.reading import NAMES

SHEET = 6  # samples in a row
VIEWS = 64  # of each portrait: made anew for every mention, they took a quarter of a step on a CPU, most of it on a GPU


class CharacterExamples:
    """Step -> captions with their names' spans, one augmented portrait and one mask per mention, and latents."""

    def __init__(self, cache: LatentCache, processor: CLIPImageProcessor, args: Any):
        self.cache, self.processor, self.args = cache, processor, args
        self._portraits = {
            (who.name, outfit): draw_portrait(who.name, outfit, 2 * processor.crop_size["height"])
            for who in CAST
            for outfit in who.outfits
        }
        self._views: dict[tuple[str, str, int], torch.Tensor] = {}

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
        pixels = torch.stack(portraits) if portraits else torch.zeros(0, 3, size, size)
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
        slots = {actor.name: slot for slot, actor in enumerate(frame.scene.actors)}
        masks = self.cache.mask(index)
        return {
            "caption": frame.plain,
            "spans": [(m.start, m.end) for m in mentions],
            "portraits": [self._view(m.name, tale.outfits[m.name], g) for m in mentions],
            "masks": [masks[slots[m.name]] for m in mentions],
            "fused": kind >= self.args.no_condition + self.args.text_only,
            "masked": float(torch.rand((), generator=g)) < self.args.masked,
        }

    def _view(self, name: str, outfit: str, g: torch.Generator) -> torch.Tensor:
        """One of the portrait's views (3, S, S); each is made when it is first drawn, the same in every run."""
        number = int(torch.randint(VIEWS, (), generator=g))
        key = name, outfit, number
        if key not in self._views:
            place = list(self._portraits).index((name, outfit))
            seen = as_uploaded(self._portraits[name, outfit], np.random.default_rng((place, number)))
            self._views[key] = self.processor(seen, return_tensors="pt")["pixel_values"][0]
        return self._views[key]


def clip_examples(
    args: Any,
    vae: AutoencoderKL,
    processor: CLIPImageProcessor,
    conditioner: CharacterConditioner,
) -> tuple[ClipExamples, tuple]:
    """Training examples of --data, and captions, spans and pixels of six of its other clips for sample sheets."""
    reader = open_reader(args.data)
    fit = CaptionFitter(conditioner.tokenizer, conditioner.max_tokens)
    # Of one frame: longer stories go on into clips of other splits.
    train = ClipExamples(StoryDataset(reader, "train", 1), vae, processor, fit, args, args.references)
    shown = StoryDataset(reader, "val" if reader.splits["val"] else "train", 1)
    still = ClipExamples(shown, vae, processor, fit, args, args.references, augment=False)
    return train, still.samples(SHEET)


def maple_lane_examples(args: Any, processor: CLIPImageProcessor) -> tuple[CharacterExamples, tuple]:
    """Training examples of encoded Maple Lane, and the same of six validation frames, nothing dropped or augmented."""
    tales = [story("val", index) for index in range(SHEET)]
    captions = [tale.frames[index % 4].plain for index, tale in enumerate(tales)]
    mentions = [find_mentions(caption, NAMES) for caption in captions]
    size = 2 * processor.crop_size["height"]
    portraits = [
        Image.fromarray(draw_portrait(m.name, tale.outfits[m.name], size))
        for found, tale in zip(mentions, tales, strict=True)
        for m in found
    ]
    pixels = processor(portraits, return_tensors="pt")["pixel_values"]
    spans = [[(m.start, m.end) for m in found] for found in mentions]
    return CharacterExamples(LatentCache(Path(args.latents)), processor, args), (captions, spans, pixels)
