"""The two vocabularies, learned from Maple Lane's texts: `python -m training.pretrain tokenizers`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from training.configs.arguments import parsed
from training.configs.parts import load_config, save_part, train_clip_tokenizer, train_language_tokenizer
from training.maple_lane import CAST, describe, describe_portrait, sample_story
from training.maple_lane.reading import document


@dataclass
class TokenizerArguments:
    config: str = field(default="maple-lane", metadata={"help": "size: a stem in training/configs or a file"})
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})
    stories: int = field(default=4000, metadata={"help": "stories to learn from"})


def main(argv: list[str]) -> None:
    args = parsed(TokenizerArguments, argv)
    config, parts = load_config(args.config), Path(args.parts)
    stories = [sample_story(seed, 4, "train") for seed in range(args.stories)]
    frames = [frame for story in stories for frame in story.frames]
    captions = [text for f in frames for text in (f.plain, f.referential, describe(f.scene))]
    captions += [describe_portrait(who.name, outfit) for who in CAST for outfit in who.outfits]
    length = config["clip"]["text_config"]["max_position_embeddings"]
    save_part(parts, "tokenizer", train_clip_tokenizer(captions, config["vocabulary"]["clip"], length))
    documents = ["".join(document(story, np.random.default_rng(i))) for i, story in enumerate(stories)]
    save_part(
        parts,
        "language_tokenizer",
        train_language_tokenizer(documents, config["vocabulary"]["language_model"]),
    )
