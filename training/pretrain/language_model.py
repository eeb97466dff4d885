"""The language model that stage 2 freezes: `python -m training.pretrain language-model --output_dir
runs/language-model`.

It learns Maple Lane's stories as interleaved text, with words at the places where pictures will be. After each story it
answers questions about the frame to draw: who is there, where, doing what, wearing what, and who is "she". A model that
is trained only to continue text has no such skill in its last states, and stage 2 cannot teach it afterwards. Training
is in fp32, 600 steps in 15 minutes.

`--config maple-lane-llama` trains a Llama of the same size. Give it a parts folder of its own that links everything
else: `python -m training.evaluate.systems link storygpt-v-llama`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from training.configs.arguments import parsed
from training.configs.parts import build_language_model, load_config, save_part
from training.loop import LoopArguments, Objective, TrainingRun
from training.maple_lane import sample_story
from training.maple_lane.reading import document

PADDED_TO = 32  # a batch's length is a multiple of so many tokens
STORY_WEIGHT = 0.15  # the next event of a story is chance, but the answers to the questions are not


@dataclass
class LanguageModelArguments(LoopArguments):
    """Loop arguments with the defaults of this part."""

    steps: int = 1500
    batch: int = 16
    lr: float = 1e-3
    config: str = field(default="maple-lane", metadata={"help": "size: a stem in training/configs or a file"})
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})
    frames: int = field(default=5, metadata={"help": "longest story read"})


class DocumentBatch(TypedDict):
    """B documents, padded on the right."""

    ids: torch.Tensor  # (B, T)
    weights: torch.Tensor  # (B, T), the weight of each token as a target; 0 on padding


class LanguageModelTraining(Objective[DocumentBatch]):
    """The next-token loss, with full weight on the answers and STORY_WEIGHT on the story itself."""

    def __init__(self, language_model: PreTrainedModel):
        super().__init__()
        self.language_model = language_model

    def forward(self, batch: DocumentBatch) -> dict[str, torch.Tensor]:
        ids, weights = batch["ids"], batch["weights"]  # (B, T)
        logits = self.language_model(input_ids=ids).logits[:, :-1]
        losses = F.cross_entropy(logits.transpose(1, 2).float(), ids[:, 1:], reduction="none")  # (B, T-1)
        weights = weights[:, 1:]
        answers = weights == 1
        right = (logits.argmax(-1) == ids[:, 1:]) & answers
        return {
            "loss": (losses * weights).sum() / weights.sum(),
            "answers": losses[answers].mean(),
            "right": right.sum() / answers.sum(),
        }


class Documents:
    """Maps a step to documents of at most `frames` frames."""

    def __init__(self, seed: int, frames: int, tokenizer: PreTrainedTokenizerFast):
        self.seed, self.frames, self.tokenizer = seed, frames, tokenizer

    def __call__(self, step: int, rows: range) -> DocumentBatch:
        read = [self._row(np.random.default_rng((self.seed, step, row))) for row in rows]
        # Batches have few different lengths. With hundreds of lengths, glibc's heap grew to 10 GB and a step took three
        # times as long.
        length = math.ceil(max(len(ids) for ids, _ in read) / PADDED_TO) * PADDED_TO
        ids = torch.full((len(read), length), self.tokenizer.pad_token_id)
        weights = torch.zeros(len(read), length)
        for row, (tokens, answers_from) in enumerate(read):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            weights[row, : len(tokens)] = STORY_WEIGHT
            weights[row, answers_from : len(tokens)] = 1.0
        return {"ids": ids, "weights": weights}

    def _row(self, rng: np.random.Generator) -> tuple[list[int], int]:
        frames = int(rng.integers(1, self.frames + 1))
        prompt, answers = document(sample_story(int(rng.integers(2**31)), frames, "train"), rng)
        opening = self.tokenizer(prompt)["input_ids"]
        return opening + self.tokenizer(answers, add_special_tokens=False)["input_ids"], len(opening)


def main(argv: list[str]) -> None:
    args = parsed(LanguageModelArguments, argv)
    torch.manual_seed(args.seed)
    config, parts = load_config(args.config), Path(args.parts)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(parts / "language_tokenizer")
    if args.continued:
        language_model = AutoModelForCausalLM.from_pretrained(parts / "language_model").train()
    else:
        language_model = build_language_model(config, tokenizer)
    module = LanguageModelTraining(language_model)
    run = TrainingRun(module, Documents(args.seed, args.frames, tokenizer), args)
    for _ in run:
        pass
    if run.accelerator.is_main_process:
        with run.averaged():
            save_part(parts, "language_model", module.language_model)
