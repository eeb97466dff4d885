"""Pictures instead of words: `python -m training.pretrain visual-mapper --output_dir runs/visual-mapper`.

The frozen language model learned its reading comprehension with words at the places of pictures. Here the visual mapper
learns to replace those words: from its visual tokens, the language model must answer the same questions. Stage 2 starts
from this mapper. From a fresh mapper, L_align needs very long to learn who wears what, because only a few of its
numbers depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pad_sequence

from storyboard.models.losses import IGNORED
from storyboard.models.mappers import VisualMapper
from storyboard.models.story_reader import StoryReader
from training.align_llm.cache import ConditionCache, check_conditions
from training.align_llm.prompts import PromptBatch, PromptExample, prompts_of, visual_tokens
from training.align_llm.reader import build_reader
from training.configs.arguments import parsed
from training.configs.parts import freeze, load_config, save_part
from training.examples.latents import FRAMES
from training.loop import LoopArguments, Objective, TrainingRun
from training.maple_lane.reading import lesson


@dataclass
class VisualMapperArguments(LoopArguments):
    """Loop arguments with the defaults of this part."""

    steps: int = 600
    batch: int = 24
    lr: float = 3e-3
    warmup: int = 30
    weight_decay: float = 0.0
    config: str = field(default="maple-lane", metadata={"help": "size: a stem in training/configs or a file"})
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts and stage 1"})
    conditions: str = field(
        default="runs/maple-lane/conditions", metadata={"help": "folder of cached picture features"}
    )


class VisualMapperTraining(Objective[PromptBatch]):
    """The next-token loss of the answers. Its gradient goes through the frozen language model to the mapper."""

    def __init__(self, reader: StoryReader):
        super().__init__()
        if reader.visual_mapper is None:
            raise ValueError("this reader has no visual mapper to train")
        self.reader, self.visual_mapper = reader, reader.visual_mapper
        self.language_model = freeze(reader.language_model)

    def train(self, mode: bool = True) -> VisualMapperTraining:
        super().train(mode)
        self.language_model.eval()
        return self

    def forward(self, batch: PromptBatch) -> dict[str, torch.Tensor]:
        frames, portraits, nothing = visual_tokens(self.visual_mapper, batch)
        embeddings, labels = [], []
        for parts, f, p in zip(batch["parts"], frames, portraits, strict=True):
            tokens = self.reader.tokenize(parts)
            prompt = self.reader.embed_tokens(tokens, f, p)
            embeddings.append(prompt.embeddings)
            labels.append(
                answers_only(prompt.labels, self.reader.length(tokens[-1:]))
            )  # the answers are the last part
        hidden = self.reader.forward(pad_sequence(embeddings, batch_first=True))[:, :-1]
        wanted = pad_sequence(labels, batch_first=True, padding_value=IGNORED)[:, 1:]
        answers = wanted != IGNORED
        logits = self.language_model.get_output_embeddings()(hidden[answers]).float()
        right = logits.argmax(-1) == wanted[answers]
        return {"loss": F.cross_entropy(logits, wanted[answers]) + nothing, "right": right.float().mean()}


def answers_only(labels: torch.Tensor, answers: int) -> torch.Tensor:
    """Returns labels (T,) of which only the last `answers` count."""
    places = torch.arange(len(labels), device=labels.device)
    return labels.masked_fill(places < len(labels) - answers, IGNORED)


class Lessons:
    """Maps a step to prompts whose last part is the answers, and the features of the prompts' pictures."""

    def __init__(self, cache: ConditionCache, seed: int):
        self.cache, self.seed = cache, seed

    def __call__(self, step: int, rows: range) -> PromptBatch:
        examples = [self._example(np.random.default_rng((self.seed, step, row))) for row in rows]
        return prompts_of(examples, self.cache.width)

    def _example(self, rng: np.random.Generator) -> PromptExample:
        index, number = int(rng.integers(len(self.cache))), int(rng.integers(FRAMES))
        story = self.cache.story(index)
        read = lesson(replace(story, frames=story.frames[: number + 1]), rng, blind_share=0.0)
        views = [self.cache.portraits[name, story.outfits[name]] for name in read.cast]
        shown = [view[rng.integers(len(view))] for view in views]
        return PromptExample(
            [*read.parts, read.answers],
            self.cache.features[index, :number],
            torch.stack(shown) if shown else torch.zeros(0, self.cache.width),
        )


def main(argv: list[str]) -> None:
    args = parsed(VisualMapperArguments, argv)
    torch.manual_seed(args.seed)
    parts, conditions = Path(args.parts), Path(args.conditions)
    check_conditions(conditions, parts)
    cache = ConditionCache(conditions)
    queries, output_width = cache.shape
    reader = build_reader(parts, load_config(args.config), cache.width, queries, output_width)
    if args.continued:
        reader.visual_mapper = VisualMapper.from_pretrained(parts / "visual_mapper").train()
    module = VisualMapperTraining(reader)
    run = TrainingRun(module, Lessons(cache, args.seed), args)
    for _ in run:
        pass
    if run.accelerator.is_main_process:
        with run.averaged():
            save_part(parts, "visual_mapper", module.visual_mapper)
