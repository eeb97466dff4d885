"""The arguments of stage 2: its data, one switch for each row of the paper's Table 4, and training the mapper alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from storyboard.errors import StoryError
from training.data.dataset import Followers
from training.data.references import Rule
from training.loop import LoopArguments
from training.maple_lane.reading import CAST_SHARE

PLAIN_SHARE = 0.15


@dataclass
class AlignArguments(LoopArguments):
    """Loop arguments with the defaults of this stage, and the rows of the paper's Table 4 as switches."""

    steps: int = 2000
    batch: int = 24
    lr: float = 1e-3
    ema: float = 0.998
    config: str = field(default="maple-lane", metadata={"help": "size: a stem in training/configs or a file"})
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts and stage 1"})
    conditions: str = field(
        default="runs/maple-lane/conditions", metadata={"help": "folder of cached conditions"}
    )
    visual_mapper: str | None = field(
        default=None, metadata={"help": "folder of a visual mapper to start from; by default a fresh one"}
    )
    data: str | None = field(
        default=None, metadata={"help": "dataset folder whose --conditions are cached, instead of Maple Lane"}
    )
    length: int = field(default=4, metadata={"help": "with --data, frames of a story"})
    followers: Followers = field(
        default="own",
        metadata={
            "help": "with --data; any: learn, as released, from stories too that go on into val and test clips"
        },
    )
    rule: Rule = field(
        default="evaluation",
        metadata={"help": "with --data, for pronouns; training: He for everybody, as released"},
    )
    cast_share: float = field(
        default=CAST_SHARE, metadata={"help": "share of prompts that open with portraits; released: 0"}
    )
    plain_share: float = field(
        default=PLAIN_SHARE, metadata={"help": "share of captions with names among those with pronouns"}
    )
    window_share: float = field(
        default=0.0,
        metadata={"help": "share of prompts that begin inside a story, as its window does once it is long"},
    )
    max_length: int = field(
        default=0,
        metadata={
            "help": "positions of a prompt, longer ones lose their oldest frames; 0: all there are, released: 160"
        },
    )
    shard_language_model: bool = field(
        default=False,
        metadata={"help": "spread it over the processes, for GPUs on which it does not fit (FSDP2)"},
    )
    interleaved: bool = field(
        default=True, metadata={"help": "read pictures too; false: the rows Caption- of Table 4"}
    )
    target: Literal["fused", "text"] = field(
        default="fused",
        metadata={"help": "what L_align aims at; text: the rows of Table 4 without fused embeddings"},
    )
    alignment_form: Literal["squared", "norm"] = field(
        default="squared", metadata={"help": "Eq. 6, or the mean length of a token's error as released"}
    )
    generation_weight: float = field(default=0.1, metadata={"help": "weight of L_gen"})
    generation_form: Literal["paper", "code"] = field(
        default="paper",
        metadata={"help": "L_gen over all R image tokens, or over the words and the first one"},
    )
    image_weight: float = field(
        default=0.0, metadata={"help": "weight of L_img; 0: the row w/o L_img of Table 4"}
    )
    latents: str = field(default="runs/maple-lane/latents", metadata={"help": "encoded pictures, for L_img"})
    figures: float = field(default=2.0, metadata={"help": "the same in L_img as in stage 1; released: 0"})
    name_weight: float = field(
        default=2.0, metadata={"help": "extra weight of L_align on tokens that carry portraits; released: 0"}
    )

    def __post_init__(self) -> None:
        for name in ("cast_share", "plain_share", "window_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise StoryError(f"--{name} {getattr(self, name)}: a share is from 0 to 1.")


@dataclass
class MapperArguments(LoopArguments):
    """Loop arguments with the defaults for training the condition mapper alone."""

    steps: int = 12000
    batch: int = 32
    lr: float = 1e-3
    ema: float = 0.998
    decay: float = 0.5
    config: str = field(
        default="maple-lane-smollm2", metadata={"help": "a stem in training/configs or a file"}
    )
    parts: str = field(default="runs/smollm2/parts", metadata={"help": "folder of base parts and stage 1"})
    states: str = field(default="runs/smollm2/states", metadata={"help": "folder of cached states"})
    val_states: str = field(default="runs/smollm2/states-val", metadata={"help": "the same of the val split"})
    name_weight: float = field(default=2.0, metadata={"help": "extra weight of L_align on names"})
    word_weight: float = field(default=3.0, metadata={"help": "the same on words, not on padding"})
    pointer_weight: float = field(default=0.1, metadata={"help": "weight of whom each token points at"})
    said_weight: float = field(default=0.1, metadata={"help": "weight of the words read off a condition"})
