"""The world's own captioner: `python -m training.evaluate.captioner --output_dir runs/maple-lane/captioner-run`.

It is BLIP-2 at a size that fits the pictures: a vision tower, a Q-Former with a few queries, and a language model. All
of it is trained from random weights on real frames of the train split and their plain captions, never on generated
pictures. Pictures are softened a little, as for the classifier. A step of 32 takes about 1.5 seconds on two cores, so
2500 steps take an hour. The folder that it writes holds the weights, and the BLEU-4 and CIDEr of its captions for real
test frames, measured against the frames' own captions.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    OPTConfig,
    PreTrainedTokenizerFast,
)

from storyboard.errors import StoryError
from training.configs.arguments import parsed
from training.configs.parts import train_language_tokenizer
from training.evaluate.captioning import PROMPT, Captioner, captioner_pixels
from training.evaluate.classifier import PICTURE, real_picture, soften
from training.evaluate.text_scores import bleu, cider, words
from training.loop import LoopArguments, Objective, TrainingRun
from training.maple_lane import draw, sample_story, story

CHECKED_STORIES = 6  # stories of the val split that are scored at every checkpoint
PUBLISHED_STORIES = 50  # stories of the test split that are scored at the end
END = "\n"  # the end of a caption, as in BLIP-2 with OPT
WORDS = 600  # size of the vocabulary, bytes included; with it no caption is longer than 26 tokens
LONGEST = 64  # positions that a prompt and its caption may fill after the queries


@dataclass
class CaptionerArguments(LoopArguments):
    """Loop arguments with the captioner's defaults, and the captioner's sizes."""

    steps: int = 2500
    batch: int = 32
    lr: float = 1e-3
    decay: float = 0.5
    ema: float = 0.995
    workers: int = field(default=1, metadata={"help": "processes that draw pictures"})
    out: str = field(
        default="runs/maple-lane/captioner", metadata={"help": "folder of the finished captioner"}
    )
    image_size: int = field(default=128, metadata={"help": "pixels of a picture as it is read"})
    patch: int = field(default=16, metadata={"help": "pixels of what the tower takes for one"})
    width: int = field(default=160, metadata={"help": "of all three parts"})
    tower_layers: int = field(default=5, metadata={"help": "of the vision tower"})
    layers: int = field(default=3, metadata={"help": "of Q-Former and language model"})
    heads: int = field(default=5, metadata={"help": "of all three parts"})
    queries: int = field(default=16, metadata={"help": "vectors the language model reads of a picture"})


def build_tokenizer(stories: int = 1500) -> PreTrainedTokenizerFast:
    """Returns a tokenizer with a vocabulary from the plain captions of the train split."""
    captions = [frame.plain for seed in range(stories) for frame in sample_story(seed, 4, "train").frames]
    return train_language_tokenizer([PROMPT + " " + caption + END for caption in captions], WORDS)


def build_captioner(
    args: CaptionerArguments, tokenizer: PreTrainedTokenizerFast
) -> Blip2ForConditionalGeneration:
    """Returns an untrained captioner. BLIP-2's own initial scale of the tower (1e-10) assumes pretrained weights."""
    model = Blip2ForConditionalGeneration(_config(args, tokenizer))
    # transformers creates these as zeros, to be filled from a checkpoint. Queries that are equal would stay equal.
    for parameter in (model.query_tokens, model.vision_model.embeddings.position_embedding):
        nn.init.normal_(parameter, std=0.02)
    return model


def _config(args: CaptionerArguments, tokenizer: PreTrainedTokenizerFast) -> Blip2Config:
    """The config of BLIP-2's three parts, which all have the same width."""
    shape = {
        "hidden_size": args.width,
        "num_attention_heads": args.heads,
        "intermediate_size": 4 * args.width,
    }
    return Blip2Config(
        vision_config=Blip2VisionConfig(
            **shape,
            num_hidden_layers=args.tower_layers,
            image_size=args.image_size,
            patch_size=args.patch,
            initializer_range=0.02,
        ).to_dict(),
        qformer_config=Blip2QFormerConfig(
            **shape,
            num_hidden_layers=args.layers,
            encoder_hidden_size=args.width,
            cross_attention_frequency=1,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            vocab_size=len(tokenizer),
        ).to_dict(),
        text_config=OPTConfig(
            vocab_size=len(tokenizer),
            hidden_size=args.width,
            word_embed_proj_dim=args.width,
            ffn_dim=4 * args.width,
            num_hidden_layers=args.layers,
            num_attention_heads=args.heads,
            max_position_embeddings=args.queries + LONGEST,
            dropout=0.0,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        ).to_dict(),
        num_query_tokens=args.queries,
    )


class CaptionedBatch(TypedDict):
    """B real frames, and the prompt followed by their captions."""

    pixels: torch.Tensor  # (B, 3, S, S)
    ids: torch.Tensor  # (B, T)
    labels: torch.Tensor  # (B, T): the captions' tokens, -100 elsewhere


class CaptionerTraining(Objective[CaptionedBatch]):
    """The next-token loss of the caption, which follows the queries of the picture and the prompt."""

    def __init__(self, model: Blip2ForConditionalGeneration):
        super().__init__()
        # Only the parts that captions need. BLIP-2 has other parts for retrieval.
        self.vision_model, self.qformer = model.vision_model, model.qformer
        self.query_tokens = model.query_tokens
        self.language_projection, self.language_model = model.language_projection, model.language_model

    def forward(self, batch: CaptionedBatch) -> dict[str, torch.Tensor]:
        seen = self.vision_model(batch["pixels"]).last_hidden_state
        queries = self.query_tokens.expand(len(seen), -1, -1)
        asked = self.qformer(query_embeds=queries, encoder_hidden_states=seen).last_hidden_state
        said = self.language_projection(asked)
        ids, labels = batch["ids"], batch["labels"]  # (B, T)
        embedded = torch.cat([said, self.language_model.get_input_embeddings()(ids)], dim=1)
        logits = self.language_model(inputs_embeds=embedded).logits[:, said.shape[1] - 1 : -1]
        loss = F.cross_entropy(logits.transpose(1, 2).float(), labels)
        kept = labels >= 0
        right = ((logits.argmax(-1) == labels) & kept).sum() / kept.sum()
        return {"loss": loss, "right": right}


class CaptionedFrames:
    """Maps a step to softened real frames and their captions."""

    def __init__(self, seed: int, size: int, tokenizer: PreTrainedTokenizerFast):
        self.seed, self.size, self.tokenizer = seed, size, tokenizer
        self.prompt = tokenizer(PROMPT)["input_ids"]

    def __call__(self, step: int, rows: range) -> CaptionedBatch:
        pixels, texts = [], []
        for row in rows:
            rng = np.random.default_rng((self.seed, step, row))
            frames = sample_story(int(rng.integers(2**31)), frames=4, split="train").frames
            frame = frames[rng.integers(len(frames))]
            pixels.append(captioner_pixels(soften(draw(frame.scene, PICTURE), rng), self.size))
            ids = self.tokenizer(f" {frame.plain}{END}", add_special_tokens=False)["input_ids"]
            texts.append(ids[: LONGEST - len(self.prompt)])
        length = len(self.prompt) + max(len(text) for text in texts)
        ids = torch.full((len(texts), length), self.tokenizer.pad_token_id)
        labels = torch.full((len(texts), length), -100)
        for row, text in enumerate(texts):
            end = len(self.prompt) + len(text)
            ids[row, :end] = torch.tensor([*self.prompt, *text])
            labels[row, len(self.prompt) : end] = torch.tensor(text)
        return {"pixels": torch.stack(pixels), "ids": ids, "labels": labels}


def score_on_real(captioner: Captioner, split: str, stories: int) -> dict[str, float]:
    """Returns BLEU-4 and CIDEr of the first caption of each real frame, against the world's own captions."""
    frames = [frame for index in range(stories) for frame in story(split, index).frames]
    made = captioner.captions([real_picture(frame.scene) for frame in frames])
    hypotheses = [words(captions[0]) for captions in made]
    references = [[words(frame.plain)] for frame in frames]
    return {"BLEU4": bleu(hypotheses, references)[-1], "CIDEr": cider(hypotheses, references)}


def main(argv: list[str] | None = None) -> None:
    args = parsed(CaptionerArguments, argv)
    torch.manual_seed(args.seed)
    tokenizer = build_tokenizer()
    model = build_captioner(args, tokenizer)
    frames = CaptionedFrames(args.seed, args.image_size, tokenizer)
    run = TrainingRun(CaptionerTraining(model), frames, args)
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            with run.averaged():
                checked = score_on_real(Captioner(model, tokenizer), "val", CHECKED_STORIES)
            model.requires_grad_(True).train()
            print(f"step {stats.step}, real val frames: {checked}", flush=True)
    if run.accelerator.is_main_process:
        out = Path(args.out)
        with run.averaged():
            model.save_pretrained(out, safe_serialization=True)
            tokenizer.save_pretrained(out)
            published = score_on_real(Captioner(model, tokenizer), "test", PUBLISHED_STORIES)
        report = {"steps": run.step, "test stories": PUBLISHED_STORIES, "scores": published}
        (out / "scores.json").write_text(json.dumps(report, indent=2) + "\n")
        print(f"real test frames: {published}\nwritten to {out}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"captioner: {error}")
