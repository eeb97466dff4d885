"""Computes once what stage 2 learns from Maple Lane: `python -m training.cache_conditions`.

For each frame, the cache keeps the fused condition c_i of its plain caption (Eq. 6) and the vision tower's feature of
its picture. For each portrait, it keeps a few features of the portrait as writers might upload it. The files are
safetensors shards, and a finished shard is never written again. For dataset folders, use `python -m
training.data.conditions`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn
from tqdm.auto import tqdm
from transformers import CLIPImageProcessor, CLIPTextModel, CLIPTokenizerFast, CLIPVisionModel

from storyboard.errors import StoryError
from storyboard.models.conditioning import CharacterConditioner
from storyboard.models.digests import weights_digest
from storyboard.models.fusion import CharacterFuser
from storyboard.text.captions import find_mentions
from training.configs.arguments import parsed
from training.configs.parts import freeze, load_image_encoder
from training.examples.latents import FRAMES
from training.examples.shards import missing_shards, write_shard
from training.examples.weather import weather
from training.loop.processes import make_accelerator
from training.maple_lane import CAST, MapleStory, draw, draw_portrait, sample_story
from training.maple_lane.reading import NAMES

Worn = tuple[str, str]  # the name of a person of the cast, and their outfit
VIEWS = 6  # how many views of each portrait are kept
MADE_BY = "stage-1.sha256"  # a file beside the shards; it holds the hash of the weights that made them


@dataclass
class CacheArguments:
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts and stage 1"})
    out: str = field(default="runs/maple-lane/conditions", metadata={"help": "folder of the shards"})
    stories: int = field(default=8192, metadata={"help": "stories of four frames, in shards of 128"})


def load_conditioner(parts: Path, device: torch.device | str) -> CharacterConditioner:
    """Returns the stage-1 conditioner of a parts folder, frozen."""
    text = CLIPTextModel.from_pretrained(parts / "text_encoder", dtype=torch.float32)
    image = load_image_encoder(parts / "char_ldm" / "image_encoder")
    fuser = CharacterFuser.from_pretrained(parts / "char_ldm" / "fuser")
    tokenizer = CLIPTokenizerFast.from_pretrained(parts / "tokenizer")
    return CharacterConditioner(
        tokenizer, freeze(text).to(device), freeze(image).to(device), freeze(fuser).to(device)
    )


def load_frame_tower(parts: Path, conditioner: CharacterConditioner) -> nn.Module:
    """Returns the vision tower that encodes frames for the visual mapper.

    This is stage 1's vision tower. If a portrait encoder has replaced that tower, it is the tower kept beside the
    encoder.
    """
    folder = parts / "visual_encoder"
    if not folder.exists():
        return conditioner.image_encoder.vision_model
    return freeze(CLIPVisionModel.from_pretrained(folder)).to(conditioner.text_encoder.device)


def claim_conditions(out: Path, conditioner: CharacterConditioner) -> None:
    """Creates the folder `out` and marks it as holding the conditions of this conditioner alone.

    StoryError if the folder holds conditions that another conditioner made. They are stale, but they are not deleted.
    """
    digest = _digest(conditioner)
    out.mkdir(parents=True, exist_ok=True)
    with make_accelerator().main_process_first():
        if _stale(out, digest):
            raise StoryError(f"{out} holds conditions of an earlier stage 1; delete it and run this again.")
        (out / MADE_BY).write_text(digest)


def check_conditions(folder: Path, parts: Path) -> None:
    """StoryError if the conditions in `folder` were made by another stage 1 than the stage 1 in `parts`."""
    if _stale(folder, _digest(load_conditioner(parts, "cpu"))):
        raise StoryError(
            f"{folder} holds conditions of another stage 1 than {parts}; delete it and cache them again, or give the "
            "--parts that they were made with."
        )


def _digest(conditioner: CharacterConditioner) -> str:
    """A hash of all weights that decide a condition or the feature of a picture."""
    return weights_digest(conditioner.text_encoder, conditioner.image_encoder, conditioner.fuser)


def _stale(folder: Path, digest: str) -> bool:
    """Whether other weights made the shards in `folder`.

    Shards without a mark are older than the marks, and so are stale.
    """
    mark = folder / MADE_BY
    return mark.read_text() != digest if mark.exists() else any(folder.glob("shard-*"))


class ConditionCache:
    """Holds conditions (N, 4, L, D), features (N, 4, V), name columns, and portrait features by (name, outfit)."""

    def __init__(self, folder: Path):
        shards = sorted(Path(folder).glob("shard-*.safetensors"))
        if not shards:
            raise FileNotFoundError(f"{folder} has no conditions; run: python -m training.cache_conditions")
        loaded = [load_file(shard) for shard in shards]
        self.conditions = torch.cat([s["conditions"] for s in loaded])
        self.features = torch.cat([s["features"] for s in loaded])
        self.named = torch.cat([s["named"] for s in loaded])  # (N, 4, L) bool: the token carries a portrait
        self.seeds = torch.cat([s["seeds"] for s in loaded]).tolist()
        portraits = load_file(Path(folder) / "portraits.safetensors")
        names = {key: key.split("/") for key in portraits}
        self.portraits = {
            (name, outfit): portraits[key] for key, (name, outfit) in names.items()
        }  # (VIEWS, V)

    def __len__(self) -> int:
        return len(self.seeds)

    @property
    def shape(self) -> tuple[int, int]:
        """The shape (L, D) of a condition."""
        *_, length, width = self.conditions.shape
        return length, width

    @property
    def width(self) -> int:
        """The width V of a picture's feature."""
        return self.features.shape[-1]

    def story(self, index: int) -> MapleStory:
        return sample_story(self.seeds[index], FRAMES, "train")


def fused_targets(
    conditioner: CharacterConditioner, story: MapleStory, portraits: Mapping[Worn, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the condition c_i of every frame (P, L, D), and which tokens carry a portrait (P, L)."""
    captions = [frame.plain for frame in story.frames]
    mentions = [find_mentions(caption, NAMES) for caption in captions]
    empty = torch.zeros(0, next(iter(portraits.values())).shape[-1])
    features = [
        torch.stack([portraits[m.name, story.outfits[m.name]] for m in found]) if found else empty
        for found in mentions
    ]
    spans = [[(m.start, m.end) for m in found] for found in mentions]
    condition = conditioner(captions, spans, features)
    named = torch.zeros(condition.fused.shape[:2], dtype=torch.bool)
    for row, columns in enumerate(condition.columns):
        named[row, [c for c in columns if c is not None]] = True
    return condition.fused, named


def picture_features(
    tower: nn.Module, processor: CLIPImageProcessor, pictures: Sequence[Image.Image]
) -> torch.Tensor:
    """Returns the features (N, V) that the visual mapper reads: the pooled state of a tower from `load_frame_tower`."""
    pixels = processor(list(pictures), return_tensors="pt")["pixel_values"].to(
        next(tower.parameters()).device
    )
    return tower(pixel_values=pixels).pooler_output


def portrait_views(
    conditioner: CharacterConditioner, tower: nn.Module, processor: CLIPImageProcessor
) -> tuple[dict[Worn, torch.Tensor], dict[Worn, torch.Tensor]]:
    """Returns two mappings from (name, outfit) to features.

    The first holds the projected feature (V,) of the canonical portrait. The second holds the pooled states (VIEWS, V)
    of views of the portrait.
    """
    canonical: dict[Worn, torch.Tensor] = {}
    views: dict[Worn, torch.Tensor] = {}
    for who in CAST:
        for outfit in who.outfits:
            drawn = draw_portrait(who.name, outfit, 2 * processor.crop_size["height"])
            rng = np.random.default_rng(len(views))
            seen = [Image.fromarray(drawn), *(weather(drawn, rng) for _ in range(VIEWS - 1))]
            pixels = processor(seen[:1], return_tensors="pt")["pixel_values"].to(
                conditioner.image_encoder.device
            )
            canonical[who.name, outfit] = conditioner.encode_portraits(pixels)[0]
            views[who.name, outfit] = picture_features(tower, processor, seen).cpu()
    return canonical, views


@torch.inference_mode()
def main(argv: list[str] | None = None) -> None:
    args = parsed(CacheArguments, argv)
    parts, out = Path(args.parts), Path(args.out)
    shards = missing_shards(out, args.stories)
    conditioner = load_conditioner(parts, make_accelerator().device)
    claim_conditions(out, conditioner)
    processor = CLIPImageProcessor.from_pretrained(parts / "image_processor")
    tower = load_frame_tower(parts, conditioner)
    canonical, views = portrait_views(conditioner, tower, processor)
    if make_accelerator().is_main_process:
        write_shard(
            out / "portraits.safetensors", {"/".join(key): v.contiguous() for key, v in views.items()}
        )
    for shard, seeds in tqdm(shards, desc="conditions"):
        rows = [_story_row(conditioner, tower, processor, canonical, seed) for seed in seeds]
        part = {
            "conditions": torch.stack([r[0] for r in rows]).half(),
            "named": torch.stack([r[1] for r in rows]),
            "features": torch.stack([r[2] for r in rows]),
            "seeds": torch.tensor(list(seeds)),
        }
        write_shard(shard, part)


def _story_row(
    conditioner: CharacterConditioner,
    tower: nn.Module,
    processor: CLIPImageProcessor,
    canonical: Mapping[Worn, torch.Tensor],
    seed: int,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Returns the conditions (4, L, D), the named tokens (4, L) and the features (4, V) of one story."""
    story = sample_story(seed, FRAMES, "train")
    fused, named = fused_targets(conditioner, story, canonical)
    rng = np.random.default_rng(seed)
    pictures = [weather(draw(f.scene, 2 * processor.crop_size["height"]), rng) for f in story.frames]
    return fused.cpu(), named, picture_features(tower, processor, pictures).cpu()
