"""`python -m training.evaluate.draw_stories --pipeline FOLDER --dataset DIR --out FOLDER`: a split's stories, drawn.

Pictures go where the authors' evaluation looks for them, OUT/{story}/{clip}.png; one that is there is not drawn again.
Beside them stands what the story tells (`told_stories.py`).
`accelerate launch -m training.evaluate.draw_stories ...` shares the stories over processes. Knows no scores.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal

from accelerate import Accelerator, InitProcessGroupKwargs
from PIL import Image
from tqdm.auto import tqdm
from transformers import HfArgumentParser

from storyboard.disk.durable import part_of, settle, write_whole
from storyboard.errors import StoryError
from storyboard.pipeline import StoryPipeline
from storyboard.renderer import CastMember, ContextFrame, FrameRequest, Renderer
from training.data import Story, StoryDataset, open_reader
from training.data.references import FLINTSTONES_SHE, PORORO_SHE, mark_names
from training.evaluate.drawing import frame_seed, weights_hash
from training.evaluate.told_stories import write_told
from training.loop.processes import make_accelerator
from training.maple_lane import CAST

SETTING = "setting.json"
PRONOUNS = {who.name.lower(): who.pronoun for who in CAST} | {
    name.lower(): "she" for name in (*FLINTSTONES_SHE, *PORORO_SHE)
}


@dataclass
class DrawArguments:
    pipeline: str = field(metadata={"help": "folder of the pipeline"})
    dataset: str = field(metadata={"help": "folder of the dataset"})
    out: str = field(metadata={"help": "folder of the pictures"})
    split: Literal["train", "val", "test"] = field(default="test", metadata={"help": "whose stories"})
    frames: int = field(default=4, metadata={"help": "frames a story"})
    captions: Literal["plain", "referential"] = field(
        default="referential",
        metadata={"help": "with names, drawn one by one; or with pronouns, drawn as a story"},
    )
    marked: Literal["all", "released"] = field(
        default="all",
        metadata={
            "help": "whose portraits a story opens with: of all it names, or of names between spaces, as released"
        },
    )
    stories: int | None = field(default=None, metadata={"help": "how many, from the first; all by default"})
    steps: int | None = field(
        default=None, metadata={"help": "denoising steps; the pipeline's own by default"}
    )
    guidance: float | None = field(default=None, metadata={"help": "the pipeline's own by default"})


def picture_file(folder: Path, story: Story, number: int) -> Path:
    return folder / story.id / f"{story.frames[number].clip.id}.png"


def draw_story(renderer: Renderer, story: Story, folder: Path, args: DrawArguments) -> int:
    """Draw what is missing of a story, each frame from those before it; how many pictures were.

    The first is drawn from the story's opening and remembered with its caption, as the authors have it.
    """
    drawn, history, plain = 0, [], args.captions == "plain"
    cast = _cast(story)
    opening = _marked(cast, story.opening) if args.marked == "released" and not plain else cast
    captions = story.captions if plain else story.referential
    read = captions if plain else (story.opening, *captions[1:])
    files = [picture_file(folder, story, number) for number in range(len(captions))]
    write_told(folder, story.id, zip(read, files, strict=True), cast)
    for number, caption in enumerate(captions):
        path = files[number]
        if not path.exists():
            # Nothing is before the first frame: what it is drawn from is the pipeline's own choice.
            conditioning = "char-ldm" if plain else "llm" if number else None
            request = FrameRequest(
                caption=read[number],
                cast=cast if number else opening,
                history=() if plain else tuple(history),
                seed=frame_seed(story.id, number),
                steps=args.steps,
                guidance=args.guidance,
                conditioning=conditioning,
                refers=False if plain else story.extended[number].refers,
            )
            *_, rendered = renderer.render(request)
            part = part_of(path)
            rendered.picture.convert("RGB").save(part, format="PNG")
            settle(part, path)
            drawn += 1
        with Image.open(path) as picture:
            history.append(ContextFrame(caption, picture.convert("RGB")))
    return drawn


def _cast(story: Story) -> tuple[CastMember, ...]:
    """Who has a portrait in any frame's clip."""
    portraits = dict(pair for frame in story.frames for pair in frame.clip.portraits)
    return tuple(
        CastMember(name, PRONOUNS.get(name.lower(), "he"), (), _portrait(file))
        for name, file in portraits.items()
    )


def _marked(cast: Sequence[CastMember], opening: str) -> tuple[CastMember, ...]:
    """On whom of a cast the authors' loop puts a portrait: it overlooks "Fred," and names of two words."""
    marked = {mention.name for mention in mark_names(opening, [member.name.lower() for member in cast])}
    return tuple(member for member in cast if member.name.lower() in marked)


@lru_cache(maxsize=128)
def _portrait(file: Path) -> Image.Image:
    try:
        with Image.open(file) as picture:
            return picture.convert("RGB")
    except OSError as error:
        raise StoryError(f"The portrait {file} cannot be read: {error}.") from error


def check_setting(folder: Path, setting: dict) -> None:
    """Remember how a folder's pictures are made; StoryError where it holds pictures made in another way."""
    file = folder / SETTING
    if file.is_file():
        kept = json.loads(file.read_text("utf-8"))
        odd = [key for key in setting if kept.get(key) != setting[key]]
        if odd:
            raise StoryError(
                f"{folder} holds pictures with another {odd[0]} ({kept.get(odd[0])!r}, not {setting[odd[0]]!r}); give "
                "another --out, or remove it."
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(file, json.dumps(setting, indent=1).encode())


def share(dataset: StoryDataset, count: int | None, accelerator: Accelerator) -> Iterator[Story]:
    """This process's stories."""
    last = len(dataset) if count is None else min(count, len(dataset))
    mine: Iterable[int] = range(accelerator.process_index, last, accelerator.num_processes)
    bar = tqdm(mine, desc="stories", mininterval=5, disable=not accelerator.is_main_process)
    return (dataset.story(index) for index in bar)


def main(argv: list[str] | None = None) -> None:
    (args,) = HfArgumentParser(DrawArguments).parse_args_into_dataclasses(argv)
    accelerator = make_accelerator(kwargs_handlers=[InitProcessGroupKwargs(timeout=timedelta(days=2))])
    folder = Path(args.out)
    dataset = StoryDataset(open_reader(args.dataset), args.split, args.frames)
    setting = asdict(args) | {"pipeline": weights_hash(args.pipeline)}
    for own in ("out", "dataset", "stories"):
        del setting[own]
    if accelerator.is_main_process:
        check_setting(folder, setting)
    accelerator.wait_for_everyone()
    pipeline = StoryPipeline.from_pretrained(args.pipeline, reader="needed").to(accelerator.device)
    drawn = sum(
        draw_story(pipeline, story, folder, args) for story in share(dataset, args.stories, accelerator)
    )
    print(f"process {accelerator.process_index}: {drawn} pictures")
    accelerator.wait_for_everyone()
    accelerator.end_training()


if __name__ == "__main__":
    try:
        main()
    except (StoryError, FileNotFoundError) as error:
        sys.exit(str(error))
