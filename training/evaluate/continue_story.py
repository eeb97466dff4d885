"""A story continues by itself: `python -m training.evaluate.continue_story --pipeline P --dataset D --out FOLDER`.

This is the demo of the authors. A story of the dataset is drawn. Then the language model tells the next frame from the
last sentences, that frame is drawn from the last frames, and so on. The language model is frozen in both stages, so it
tells only what it knew before, and a small model tells little. The app does not do this.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from storyboard.errors import StoryError
from storyboard.pipeline import StoryPipeline
from storyboard.renderer import ContextFrame, FrameRequest, finished
from training.configs.arguments import parsed
from training.data import Story, StoryDataset, open_reader
from training.evaluate.draw_stories import DrawArguments, cast_of_story, draw_story, picture_file, way_of
from training.evaluate.drawing import frame_seed
from training.evaluate.told_stories import write_told

READ = 4  # frames whose sentences and pictures are read for the next frame
LONGEST = 40  # most tokens of a sentence
TRIES = 5
ASKED = " Describe the next frame of the story in one sentence. Caption:"


@dataclass
class ContinueArguments:
    pipeline: str = field(metadata={"help": "folder of the pipeline"})
    dataset: str = field(metadata={"help": "folder of the dataset"})
    out: str = field(metadata={"help": "folder of the pictures, OUT/STORY"})
    story: int = field(default=0, metadata={"help": "which test story, from 0"})
    frames: int = field(default=10, metadata={"help": "frames in all, the dataset's four among them"})

    def __post_init__(self) -> None:
        if self.frames <= READ:
            raise StoryError(f"--frames {self.frames}: a dataset's story has {READ} already; give more.")


def sentence_in(text: str) -> str:
    """Returns the first sentence of a language model's text, without a label before it. "" if there is none."""
    first, stop, _ = text.replace("\n", " ").partition(".")
    return (first.rpartition(":")[2].strip() + stop).strip() if first.rpartition(":")[2].strip() else ""


@torch.inference_mode()
def next_sentence(model: Any, tokenizer: Any, captions: Sequence[str], seed: int) -> str:
    """Returns the language model's sentence for the next frame. StoryError if several tries give no sentence."""
    told = " ".join(f"Caption: {caption}" for caption in captions[-READ:]) + ASKED
    words = tokenizer(told, add_special_tokens=False)["input_ids"]
    ids = torch.tensor([[tokenizer.bos_token_id, *words]], device=model.device)
    for attempt in range(TRIES):
        with torch.random.fork_rng():
            torch.manual_seed(seed + attempt)
            made = model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=LONGEST,
                do_sample=True,
                top_p=0.9,
                pad_token_id=tokenizer.pad_token_id or tokenizer.eos_token_id,
            )
        sentence = sentence_in(tokenizer.decode(made[0, ids.shape[1] :], skip_special_tokens=True))
        if sentence:
            return sentence
    raise StoryError(f'The language model tells nothing after "{captions[-1][:60]}"; give another --story.')


def go_on(pipeline: StoryPipeline, story: Story, folder: Path, frames: int) -> list[str]:
    """Draws a story and its continuation, up to `frames` frames. Returns all its sentences.

    StoryError if the pipeline has no language model.
    """
    if pipeline.language_model is None:
        raise StoryError(
            "This pipeline has no language model, so nobody tells what comes next; give one of stage 2."
        )
    args = DrawArguments(pipeline="", dataset="", out=str(folder))
    draw_story(pipeline, story, folder, args, way_of(args, StoryPipeline))
    files = [picture_file(folder, story, number) for number in range(len(story.frames))]
    captions, cast = list(story.referential), cast_of_story(story)
    while len(captions) < frames:
        number = len(captions)
        seed = frame_seed(story.id, number)
        caption = next_sentence(pipeline.language_model, pipeline.language_tokenizer, captions, seed)
        history = []
        for said, file in zip(captions[-READ:], files[-READ:], strict=True):
            with Image.open(file) as picture:
                history.append(ContextFrame(said, picture.convert("RGB")))
        request = FrameRequest(caption, cast, tuple(history), seed, conditioning="llm", refers=True)
        drawn = finished(pipeline, request)
        files.append(folder / story.id / f"more-{number}.png")
        drawn.picture.save(files[-1])
        captions.append(caption)
    write_told(folder, story.id, zip(captions, files, strict=True), cast)
    return captions


def main(argv: list[str] | None = None) -> None:
    args = parsed(ContinueArguments, argv)
    dataset = StoryDataset(open_reader(args.dataset), "test", READ)
    if not 0 <= args.story < len(dataset):
        raise StoryError(f"--story {args.story}: {args.dataset} has {len(dataset)} test stories, from 0.")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    pipeline = StoryPipeline.from_pretrained(args.pipeline, reader="needed").to(device)
    print("\n".join(go_on(pipeline, dataset.story(args.story), Path(args.out), args.frames)))


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(str(error))
