"""Trains the transformer of StoryDALL-E: `python -m training.story_dalle transformer --output_dir runs/story-dalle`.

Training starts with random weights and the frozen VQ model of --parts; no checkpoint of DALL-E is read. The transformer
learns the frames that continue a story: their tokens follow the captions, with the story's first frame beside them. As
in DALL-E, an eighth of the loss is for the words of the captions.

Pictures of Maple Lane are drawn again for each step, 80 ms an example, so give --workers. At the end, the command
writes the pipeline folder --out, and `python -m training.evaluate.systems draw story-dalle` draws with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import VQModel
from transformers import CLIPTokenizerFast

from storyboard.errors import StoryError
from training.configs.arguments import parsed
from training.configs.parts import freeze, load_config, save_part
from training.examples.samples import story_sheet
from training.loop import LoopArguments, Objective, TrainingRun
from training.story_dalle.examples import FRAMES, ContinuedBatch, ContinuedFrames, Frames
from training.story_dalle.pipeline import StoryDallePipeline
from training.story_dalle.tokens import check_fits, codes_of, grid
from training.story_dalle.train_vq import PART as VQ
from training.story_dalle.transformer import StoryTransformer

PART = "story_dalle/transformer"


@dataclass
class StoryDalleArguments(LoopArguments):
    """Loop arguments with the defaults of StoryDALL-E."""

    steps: int = 6000
    batch: int = 32
    lr: float = 6e-4
    ema: float = 0.998
    config: str = field(default="maple-lane", metadata={"help": "size: a stem in training/configs or a file"})
    parts: str = field(default="runs/maple-lane/parts", metadata={"help": "folder of base parts"})
    data: str | None = field(
        default=None, metadata={"help": "dataset folder to learn from, instead of Maple Lane as it is drawn"}
    )
    out: str = field(
        default="runs/maple-lane/systems/story-dalle", metadata={"help": "the pipeline folder to write"}
    )
    plain: float = field(
        default=0.5, metadata={"help": "share of stories told with names; the others with pronouns"}
    )
    text_weight: float = field(
        default=0.125, metadata={"help": "weight of the captions' own words in the loss"}
    )
    temperature: float = field(default=1.0, metadata={"help": "of the codes' probabilities, in --out"})
    top_k: int = field(
        default=128, metadata={"help": "each code is one of the k likeliest, in --out; 0: of all"}
    )


class StoryDalleTraining(Objective[ContinuedBatch]):
    """The cross-entropy of the picture's tokens, and of the words of the caption."""

    def __init__(self, transformer: StoryTransformer, vq: VQModel, args: StoryDalleArguments):
        super().__init__()
        self.transformer, self.vq, self.args = transformer, freeze(vq), args

    def train(self, mode: bool = True) -> StoryDalleTraining:
        super().train(mode)
        self.vq.eval()
        return self

    def forward(self, batch: ContinuedBatch) -> dict[str, torch.Tensor]:
        own = [row[-1] for row in batch["rows"]]
        words, mask = batch["words"][own], batch["mask"][own].bool()
        with torch.autocast(words.device.type, enabled=False):
            source, codes = codes_of(self.vq, batch["source"]), codes_of(self.vq, batch["pixels"])
        story = self.transformer.story_embedding(batch["words"], batch["mask"], batch["rows"])
        to_word, to_code = self.transformer(story, words, source, codes)
        picture = F.cross_entropy(to_code.flatten(0, 1).float(), codes.flatten())
        text = F.cross_entropy(to_word[mask].float(), words[mask])
        return {"loss": picture + self.args.text_weight * text, "picture": picture, "text": text}


def load_transformer(
    args: StoryDalleArguments, vq: VQModel, tokenizer: CLIPTokenizerFast
) -> StoryTransformer:
    """Returns a fresh transformer of --config, or with --continued the transformer of the parts.

    StoryError if it does not fit the VQ model, or if --config has no size of a story transformer.
    """
    if args.continued:
        kept = StoryTransformer.from_pretrained(Path(args.parts) / PART)
        check_fits(vq, kept.config.codes, kept.config.places)
        return kept
    size = load_config(args.config).get("story_transformer")
    if size is None:
        raise StoryError(f"--config {args.config} has no size of a story transformer; give one that has.")
    places, length = grid(vq) ** 2, tokenizer.model_max_length
    return StoryTransformer(size, len(tokenizer), vq.config.num_vq_embeddings, length, places, FRAMES)


def build(args: StoryDalleArguments) -> tuple[StoryDallePipeline, StoryDalleTraining]:
    """Returns the pipeline, and the training module over the same modules.

    StoryError if there is no VQ model yet.
    """
    parts = Path(args.parts)
    if not (parts / VQ).is_dir():
        raise StoryError(
            f"{parts} has no VQ model; run: python -m training.story_dalle vq --parts {parts} --output_dir FOLDER"
        )
    vq, tokenizer = (
        VQModel.from_pretrained(parts / VQ),
        CLIPTokenizerFast.from_pretrained(parts / "tokenizer"),
    )
    transformer = load_transformer(args, vq, tokenizer).train()
    if args.gradient_checkpointing:
        transformer.gpt.gradient_checkpointing_enable()
    pipeline = StoryDallePipeline(vq, transformer, tokenizer, args.temperature, args.top_k)
    return pipeline, StoryDalleTraining(transformer, vq, args)


def main(argv: list[str]) -> None:
    args = parsed(StoryDalleArguments, argv)
    torch.manual_seed(args.seed)
    pipeline, module = build(args)
    frames = Frames(args.data, FRAMES, pipeline.side)
    run = TrainingRun(module, ContinuedFrames(frames, pipeline.tokenizer, args.seed, args.plain), args)
    pipeline.to(run.accelerator.device)
    for stats in run:
        if stats.saved and run.accelerator.is_main_process:
            module.eval()
            with run.averaged():
                story_sheet(pipeline, given=1, size=pipeline.side).save(
                    run.folder / f"sample-{stats.step:06d}.png"
                )
            module.train()
    if run.accelerator.is_main_process:
        with run.averaged():
            save_part(Path(args.parts), PART, pipeline.transformer)
            pipeline.save_half(args.out)
