"""Computes once what stage 2 learns from any dataset: `python -m training.data.conditions --folder DIR --out FOLDER`.

For each clip, the shards hold the fused condition of its caption (Eq. 6) with the canonical portraits, and the vision
tower's features of a few of its pictures. For each portrait, they hold a few views. The files are safetensors shards,
and a finished shard is never written again. `StoryPrompts` makes batches from them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn
from tqdm.auto import tqdm
from transformers import CLIPImageProcessor, CLIPTokenizerFast

from storyboard.errors import StoryError
from storyboard.models.conditioning import CharacterConditioner
from storyboard.text.captions import Mention, find_mentions, mentioned_names
from training.align_llm.arguments import AlignArguments
from training.align_llm.cache import (
    VIEWS,
    claim_conditions,
    load_conditioner,
    load_frame_tower,
    picture_features,
)
from training.align_llm.prompts import AlignBatch, AlignExample, PromptFitter, aligned, first_told
from training.configs.arguments import parsed
from training.data.crops import squared
from training.data.dataset import Followers, StoryDataset, open_reader
from training.data.reader import Reader
from training.data.records import Clip, Story, StoryFrame
from training.examples.captions import token_ids
from training.examples.clips import CaptionFitter, open_portrait, portrait_file, shown_frame
from training.examples.encoding import PictureFitter
from training.examples.shards import write_shard
from training.examples.weather import weather
from training.loop.processes import make_accelerator

SHARD_CLIPS = 128


@dataclass
class ConditionArguments:
    folder: str = field(metadata={"help": "the dataset"})
    dataset: str | None = field(default=None, metadata={"help": "its kind; by default what its files tell"})
    split: Literal["train", "val", "test"] = field(default="train", metadata={"help": "whose stories"})
    length: int = field(default=4, metadata={"help": "frames of a story"})
    followers: Followers = field(
        default="own",
        metadata={"help": "any: stories too that go on in another split, as --followers of stage 2"},
    )
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts and stage 1"})
    out: str = field(default="runs/conditions", metadata={"help": "folder of the shards"})
    draws: int = field(default=2, metadata={"help": "pictures of a clip whose features are kept"})


class ClipConditions:
    """For each clip: the condition (L, D), `named` (L,) bool and features (draws, V).

    For each portrait file: views (VIEWS, V).
    """

    def __init__(self, folder: str | Path):
        files = sorted(Path(folder).glob("shard-*.safetensors"))
        self._shards = [load_file(file) for file in files]
        if not self._shards:
            raise StoryError(f"{folder} has no conditions; run: python -m training.data.conditions")
        self._rows: dict[str, tuple[int, int]] = {}
        for number, file in enumerate(files):
            for row, clip in enumerate(_ids(file)):
                self._rows[clip] = (number, row)
        self.portraits = load_file(Path(folder) / "portraits.safetensors")

    def __contains__(self, clip: str) -> bool:
        return clip in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def shape(self) -> tuple[int, int]:
        """The shape (L, D) of a condition."""
        _, length, width = self._shards[0]["conditions"].shape
        return length, width

    @property
    def width(self) -> int:
        """The width V of a picture's feature."""
        return self._shards[0]["features"].shape[-1]

    def of(self, clip: str, what: str) -> torch.Tensor:
        """Returns one tensor of a clip. `what`: "conditions", "named" or "features"."""
        shard, row = self._rows[clip]
        return self._shards[shard][what][row]


def named_portraits(reader: Reader, clip: Clip, caption: str) -> list[Mention]:
    """Returns the mentions in a caption whose names have a canonical portrait."""
    return [m for m in find_mentions(caption, reader.names_of(clip)) if portrait_file(clip, m.name)]


def cast_of(reader: Reader, frames: tuple[StoryFrame, ...]) -> list[tuple[str, Path]]:
    """Returns the cast prefix of `frames`: the people that the captions name, each with a portrait.

    They come in the dataset's order. Names without a portrait are left out.
    """
    known = reader.names_of(frames[0].clip)
    named = {name for frame in frames for name in mentioned_names(frame.caption, known)}
    files = [(name, portrait_file(frames[0].clip, name)) for name in known if name in named]
    return [(name, file) for name, file in files if file]


@dataclass(frozen=True)
class ClipPrompt(AlignExample):
    """A prompt of a dataset's story. frame: the frame to draw."""

    frame: StoryFrame


class StoryPrompts:
    """Maps a step to a batch: prompts for random frames of stories, features of the pictures before them, and targets.

    With a `vae`, a batch also holds the pixels that L_img needs. With `target="text"`, it also holds the ids of the
    plain captions. `tokenizer` is the text encoder's, and captions are cut to the length that the text encoder reads.
    """

    def __init__(
        self,
        dataset: StoryDataset,
        cache: ClipConditions,
        args: AlignArguments,
        prompt: PromptFitter,
        tokenizer: CLIPTokenizerFast,
        vae: AutoencoderKL | None = None,
    ):
        lacking = [clip for clip in dataset.clips if clip not in cache]
        if lacking:
            raise StoryError(f"The cached conditions lack {lacking[0]} and {len(lacking) - 1} more clips.")
        if not len(dataset):
            raise StoryError(f"{dataset.reader.folder} has no {dataset.split} story of that length.")
        self.dataset, self.cache, self.args, self.prompt = dataset, cache, args, prompt
        self.pictures, self.tokenizer = PictureFitter(vae) if vae else None, tokenizer
        self.fit = CaptionFitter(tokenizer, cache.shape[0])

    def __len__(self) -> int:
        return len(self.dataset)

    def __call__(self, step: int, rows: range) -> AlignBatch:
        examples = [self._example(np.random.default_rng((self.args.seed, step, row))) for row in rows]
        batch = aligned(examples, self.cache.width)
        if self.pictures:
            pixels, people = zip(*(shown_frame(self.pictures, e.frame) for e in examples), strict=True)
            batch["drawn"] = self.pictures.noised(pixels, people, self.args, step, rows)
        if self.args.target == "text":
            batch["ids"] = token_ids(self.tokenizer, [e.caption for e in examples])
        return batch

    def _example(self, rng: np.random.Generator) -> ClipPrompt:
        story = self.dataset.story(int(rng.integers(len(self.dataset))), draw=int(rng.integers(2**31)))
        number = int(rng.integers(len(story.frames)))
        first = first_told(number, self.args.window_share, rng)
        frames, pictures = story.frames[first : number + 1], self.args.interleaved
        told = _told(story, number, self.args.plain_share, rng)[first:]
        captions = [self.fit(one, frame.clip.id) for one, frame in zip(told, frames, strict=True)]
        cast: list[tuple[str, Path]] = []
        if pictures and (first or rng.random() < self.args.cast_share):
            cast = cast_of(self.dataset.reader, story.frames[: number + 1])
        shown = [_any(self.cache.portraits[file.name], rng) for _, file in cast]
        seen = [_any(self.cache.of(frame.clip.id, "features"), rng) for frame in frames[:-1]]
        last = frames[-1].clip.id
        return ClipPrompt(
            self.prompt(captions, [name for name, _ in cast]),
            self._stacked(seen if pictures else []),
            self._stacked(shown),
            self.cache.of(last, "conditions"),
            self.cache.of(last, "named"),
            frames[-1].caption,
            frames[-1],
        )

    def _stacked(self, features: list[torch.Tensor]) -> torch.Tensor:
        return torch.stack(features) if features else torch.zeros(0, self.cache.width)


def _told(story: Story, number: int, share: float, rng: np.random.Generator) -> list[str]:
    """The captions of a story up to frame `number`.

    Each is plain with the probability `share`; the others use pronouns.
    """
    pairs = zip(story.captions[: number + 1], story.referential, strict=False)
    return [plain if rng.random() < share else short for plain, short in pairs]


def _any(views: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    return views[int(rng.integers(len(views)))]


class ConditionWriter:
    """Encodes clips and portraits with the parts of stage 1.

    tower: the vision tower for frames, from `load_frame_tower`.
    """

    def __init__(
        self,
        conditioner: CharacterConditioner,
        tower: nn.Module,
        processor: CLIPImageProcessor,
        dataset: StoryDataset,
    ):
        self.conditioner, self.tower, self.processor = conditioner, tower, processor
        self.dataset = dataset
        self.fit = CaptionFitter(conditioner.tokenizer, conditioner.max_tokens)
        self.side = processor.crop_size["height"]
        self._projected: dict[Path | None, torch.Tensor] = {}

    def clip(self, clip_id: str, draws: int) -> dict[str, torch.Tensor]:
        """Returns the row of a shard for one clip."""
        frames = [self.dataset.frame(clip_id, draw) for draw in range(draws)]
        clip, caption = frames[0].clip, self.fit(frames[0].caption, clip_id)
        mentions = named_portraits(self.dataset.reader, clip, caption)
        features = [self._feature(clip, mention.name) for mention in mentions]
        stacked = torch.stack(features) if features else torch.zeros(0, 0)
        made = self.conditioner([caption], [[(m.start, m.end) for m in mentions]], [stacked])
        named = torch.zeros(made.fused.shape[1], dtype=torch.bool)
        named[[column for column in made.columns[0] if column is not None]] = True
        pictures = picture_features(self.tower, self.processor, [frame.picture() for frame in frames])
        return {"conditions": made.fused[0].half().cpu(), "named": named, "features": pictures.cpu()}

    def all_views(self) -> dict[str, torch.Tensor]:
        """Returns the views of every portrait of the dataset's clips, by portrait file."""
        found: dict[str, torch.Tensor] = {}
        for clip in map(self.dataset.reader.clip, self.dataset.clips):
            for name, file in clip.portraits:
                if file.name not in found:
                    found[file.name] = self.views(clip, name)
        return found

    def views(self, clip: Clip, name: str) -> torch.Tensor:
        """Returns the features (VIEWS, V) of views of a portrait.

        The first view is the portrait as it is. The others show it as writers might upload it.
        """
        portrait = squared(open_portrait(clip, name), 2 * self.side)
        rng = np.random.default_rng(len(name))
        seen = [portrait, *(weather(np.array(portrait), rng) for _ in range(VIEWS - 1))]
        return picture_features(self.tower, self.processor, seen).cpu().contiguous()

    def _feature(self, clip: Clip, name: str) -> torch.Tensor:
        """The portrait's projected feature (V,), which stage 1 puts on the name."""
        file = portrait_file(clip, name)
        if file not in self._projected:
            picture: Image.Image = squared(open_portrait(clip, name), self.side)
            pixels = self.processor([picture], return_tensors="pt")["pixel_values"]
            self._projected[file] = self.conditioner.encode_portraits(pixels)[0]
        return self._projected[file]


@torch.inference_mode()
def main(argv: list[str] | None = None) -> None:
    args = parsed(ConditionArguments, argv)
    parts, out = Path(args.parts), Path(args.out)
    reader = open_reader(args.folder, args.dataset)
    dataset = StoryDataset(reader, args.split, args.length, followers=args.followers)
    processor = CLIPImageProcessor.from_pretrained(parts / "image_processor")
    conditioner = load_conditioner(parts, make_accelerator().device)
    claim_conditions(out, conditioner)
    tower, accelerator = load_frame_tower(parts, conditioner), make_accelerator()
    writer = ConditionWriter(conditioner, tower, processor, dataset)
    if accelerator.is_main_process:
        write_shard(out / "portraits.safetensors", writer.all_views())
    clips = dataset.clips
    starts = range(0, len(clips), SHARD_CLIPS)[accelerator.process_index :: accelerator.num_processes]
    for start in tqdm(starts, desc="conditions"):
        shard = out / f"shard-{start // SHARD_CLIPS:05d}.safetensors"
        some = clips[start : start + SHARD_CLIPS]
        if shard.exists() and _ids(shard) == some:
            continue
        rows = [writer.clip(clip, args.draws) for clip in some]
        tensors = {key: torch.stack([row[key] for row in rows]) for key in rows[0]}
        write_shard(shard, tensors, {"clips": json.dumps(some)})


def _ids(shard: Path) -> list[str]:
    with safe_open(shard, "pt") as file:
        return json.loads((file.metadata() or {}).get("clips", "[]"))
