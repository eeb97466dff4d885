"""`python -m training.evaluate.draw_stories --pipeline FOLDER --dataset DIR --out FOLDER`: draws the stories of a
split.

Pictures go where the authors' evaluation expects them, OUT/{story}/{clip}.png. A picture that is already there is not
drawn again. The story's captions are stored beside its pictures (`told_stories.py`). `accelerate launch -m
training.evaluate.draw_stories ...` shares the stories over processes. Contains no scores.
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

from storyboard.disk.durable import part_of, settle, write_whole
from storyboard.errors import StoryError
from storyboard.renderer import CastMember, Conditioning, ContextFrame, FrameRequest, Renderer, finished
from training.configs.arguments import parsed
from training.data import Story, StoryDataset, open_reader
from training.data.references import FLINTSTONES_SHE, PORORO_SHE, mark_names
from training.evaluate.drawing import frame_seed, weights_hash
from training.evaluate.renderers import load_renderer, renderer_class
from training.evaluate.told_stories import write_told
from training.examples.baseline import BaselinePipeline
from training.loop.processes import make_accelerator
from training.maple_lane import CAST

SETTING = "setting.json"
GIVEN = "given"  # key in this file: how many opening frames of a story are given and not drawn, if any
PRONOUNS = {who.name.lower(): who.pronoun for who in CAST} | {
    name.lower(): "she" for name in (*FLINTSTONES_SHE, *PORORO_SHE)
}


@dataclass
class DrawArguments:
    pipeline: str = field(metadata={"help": "folder of the pipeline"})
    dataset: str = field(metadata={"help": "folder of the dataset"})
    out: str = field(metadata={"help": "folder of the pictures"})
    split: Literal["train", "val", "test"] = field(default="test", metadata={"help": "whose stories"})
    frames: int = field(default=4, metadata={"help": "frames a story that are drawn"})
    captions: Literal["plain", "referential"] = field(
        default="referential",
        metadata={"help": "with names, or with pronouns"},
    )
    marked: Literal["all", "released"] = field(
        default="all",
        metadata={
            "help": "whose portraits a story opens with: of all it names, or of names between spaces, as released"
        },
    )
    conditioning: Literal["char-ldm", "llm", "text"] | None = field(
        default=None,
        metadata={
            "help": "what a StoryGPT-V pipeline draws from; by default char-ldm for names and llm for pronouns. text: "
            "the words alone, an LDM. The other systems draw as they were trained"
        },
    )
    stories: int | None = field(default=None, metadata={"help": "how many, from the first; all by default"})
    steps: int | None = field(
        default=None, metadata={"help": "denoising steps; the pipeline's own by default"}
    )
    guidance: float | None = field(default=None, metadata={"help": "the pipeline's own by default"})


def picture_file(folder: Path, story: Story, number: int) -> Path:
    return folder / story.id / f"{story.frames[number].clip.id}.png"


@dataclass(frozen=True)
class Way:
    """How a system draws a story.

    conditioning: what its frames are drawn from; None: the system's own choice
    reads: whether the system gets the frames before
    portraits: whether it gets the cast
    given: the number of opening frames that are given and not drawn
    """

    conditioning: Conditioning | None
    reads: bool
    portraits: bool = True
    given: int = 0


def way_of(args: DrawArguments, built: type) -> Way:
    """Returns how a pipeline of this class draws.

    StoryError if --conditioning is given for a pipeline that has a conditioning of its own.
    """
    if issubclass(built, BaselinePipeline):
        if args.conditioning:
            raise StoryError(
                f"--conditioning {args.conditioning} is for a StoryGPT-V pipeline, and {args.pipeline} is a "
                f"{built.__name__}, which draws as it was trained; leave it out."
            )
        return Way(None, reads=True, portraits=False, given=built.GIVEN)
    conditioning = args.conditioning or ("char-ldm" if args.captions == "plain" else "llm")
    return Way(conditioning, reads=conditioning == "llm", portraits=conditioning != "text")


def draw_story(renderer: Renderer, story: Story, folder: Path, args: DrawArguments, way: Way) -> int:
    """Draws the missing pictures of a story, each frame from the frames before it. Returns the number of new pictures.

    As in the authors' code, the first frame is drawn from the story's opening, and it is remembered with its caption.
    """
    plain, people = args.captions == "plain", cast_of_story(story)
    captions = story.captions if plain else story.referential
    read = captions if plain or way.given else (story.opening, *captions[1:])
    files = [picture_file(folder, story, number) for number in range(len(captions))]
    write_told(folder, story.id, zip(read[way.given :], files[way.given :], strict=True), people)
    first, cast = _shown(people, story, args, way)
    drawn, history = (
        0,
        [
            ContextFrame(caption, frame.picture())
            for caption, frame in zip(captions[: way.given], story.frames, strict=False)
        ],
    )
    for number in range(way.given, len(captions)):
        path = files[number]
        if not path.exists():
            request = FrameRequest(
                caption=read[number],
                cast=cast if number else first,
                history=tuple(history) if way.reads else (),
                seed=frame_seed(story.id, number),
                steps=args.steps,
                guidance=args.guidance,
                # The first frame has no history. The pipeline itself chooses what it is drawn from.
                conditioning=way.conditioning if number or not way.reads else None,
                refers=False if plain else story.extended[number].refers,
            )
            part = part_of(path)
            finished(renderer, request).picture.convert("RGB").save(part, format="PNG")
            settle(part, path)
            drawn += 1
        with Image.open(path) as picture:
            history.append(ContextFrame(captions[number], picture.convert("RGB")))
    return drawn


def _shown(
    people: tuple[CastMember, ...], story: Story, args: DrawArguments, way: Way
) -> tuple[tuple[CastMember, ...], tuple[CastMember, ...]]:
    """The people whose portraits the first frame gets, and the people whose portraits the later frames get."""
    if not way.portraits:
        return (), ()
    as_released = args.marked == "released" and args.captions != "plain"
    return (_marked(people, story.opening) if as_released else people), people


def cast_of_story(story: Story) -> tuple[CastMember, ...]:
    """Returns the cast: the people with a portrait in the clip of any frame."""
    portraits = dict(pair for frame in story.frames for pair in frame.clip.portraits)
    return tuple(
        CastMember(name, PRONOUNS.get(name.lower(), "he"), (), _portrait(file))
        for name, file in portraits.items()
    )


def _marked(cast: Sequence[CastMember], opening: str) -> tuple[CastMember, ...]:
    """The people of a cast on whom the authors' loop puts a portrait. It overlooks "Fred," and names of two words."""
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
    """Stores in a folder how its pictures are made. StoryError if it holds pictures that were made in another way."""
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


def given_frames(folder: Path) -> int:
    """Returns how many opening frames of each story in a folder of drawn stories were given to the system."""
    file = folder / SETTING
    return int(json.loads(file.read_text("utf-8")).get(GIVEN, 0)) if file.is_file() else 0


def share(dataset: StoryDataset, count: int | None, accelerator: Accelerator) -> Iterator[Story]:
    """The stories of this process."""
    last = len(dataset) if count is None else min(count, len(dataset))
    mine: Iterable[int] = range(accelerator.process_index, last, accelerator.num_processes)
    bar = tqdm(mine, desc="stories", mininterval=5, disable=not accelerator.is_main_process)
    return (dataset.story(index) for index in bar)


def main(argv: list[str] | None = None) -> None:
    args = parsed(DrawArguments, argv)
    accelerator = make_accelerator(kwargs_handlers=[InitProcessGroupKwargs(timeout=timedelta(days=2))])
    folder = Path(args.out)
    way = way_of(args, renderer_class(Path(args.pipeline)))
    dataset = StoryDataset(open_reader(args.dataset), args.split, args.frames + way.given)
    setting = asdict(args) | {"pipeline": weights_hash(args.pipeline)}
    for own in ("out", "dataset", "stories"):
        del setting[own]
    if way.given:
        setting[GIVEN] = way.given
    if accelerator.is_main_process:
        check_setting(folder, setting)
    accelerator.wait_for_everyone()
    renderer = load_renderer(Path(args.pipeline), accelerator.device)
    drawn = sum(
        draw_story(renderer, story, folder, args, way) for story in share(dataset, args.stories, accelerator)
    )
    print(f"process {accelerator.process_index}: {drawn} pictures")
    accelerator.wait_for_everyone()
    accelerator.end_training()


if __name__ == "__main__":
    try:
        main()
    except (StoryError, FileNotFoundError) as error:
        sys.exit(str(error))
