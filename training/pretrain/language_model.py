"""The language model stage 2 freezes: `python -m training.pretrain language-model --output_dir runs/language-model`.

It learns Maple Lane's stories as interleaved text, with words standing where pictures will be, and then answers
about the frame to be drawn: who, where, doing what, wearing what, who is "she". A model trained only to continue
text has no such skill in its last states, and stage 2 cannot teach it afterwards. fp32, 600 steps in 15 minutes.

`--config maple-lane-llama` trains a Llama of the same size; give it a parts folder of its own, in which everything
else is linked: `python -m training.evaluate.systems link storygpt-v-llama`.
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

PADDED_TO = 32  # tokens a batch's length is a multiple of
STORY_WEIGHT = 0.15  # what happens next is chance; what is asked about it is not


@dataclass
class LanguageModelArguments(LoopArguments):
    """Loop arguments with this part's defaults."""

    steps: int = 1500
    batch: int = 16
    lr: float = 1e-3
    config: str = field(default="maple-lane", metadata={"help": "size: a stem in training/configs or a file"})
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})
    frames: int = field(default=5, metadata={"help": "longest story read"})


class DocumentBatch(TypedDict):
    """B documents, padded right."""

    ids: torch.Tensor  # (B, T)
    weights: torch.Tensor  # (B, T), of each token as a target; 0 on padding


class LanguageModelTraining(Objective[DocumentBatch]):
    """Next-token loss, answers at full weight and the story itself at STORY_WEIGHT."""

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
    """Step -> documents of at most `frames` frames."""

    def __init__(self, seed: int, frames: int, tokenizer: PreTrainedTokenizerFast):
        self.seed, self.frames, self.tokenizer = seed, frames, tokenizer

    def __call__(self, step: int, rows: range) -> DocumentBatch:
        read = [self._row(np.random.default_rng((self.seed, step, row))) for row in rows]
        # Of few lengths: of hundreds, glibc's heap grew to 10 GB and a step took three times as long.
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
