"""`python -m training.evaluate.vistorybench --data FOLDER --out outputs`: draws ViStoryBench's shots.

The bundled pipeline draws them, or with --hand any text-to-image model of the Hub. The pictures go into the folders
that the benchmark's evaluator reads (docs/vistorybench.md). Existing pictures are kept, so that a run that stopped can
continue.
"""

from __future__ import annotations

import re
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from tqdm.auto import tqdm

from storyboard.disk.durable import write_whole
from storyboard.errors import StoryError
from storyboard.models.folder import bundled_pipeline, check_folder
from storyboard.models.hub import Wanted, check_model
from storyboard.models.place_words import load_places, read_object
from storyboard.pipeline import StoryPipeline
from storyboard.pipeline.any_model import open_model
from storyboard.pipeline.any_model.adapter import MOST_PEOPLE
from storyboard.pipeline.sturdy import SturdyRenderer
from storyboard.studio.model_name import model_name
from training.configs.arguments import parsed
from training.evaluate.vistorybench.dataset import Language, read_stories
from training.evaluate.vistorybench.drawing import SUMMARY, Hand, Tally, draw_story, run_folder

METHOD = "storygpt-v-storyboard"
STEPS = 30  # steps of a model of the Hub, if --steps is not given
ENGLISH_ONLY = "The pipelines of this project have learned English; sentences in Chinese tell them little."


@dataclass
class BenchArguments:
    data: str = field(metadata={"help": "folder of ViStoryBench's stories, 01, 02 and so on"})
    out: str = field(
        default="outputs", metadata={"help": "folder that the evaluator is told as --outputs_path"}
    )
    language: Language = field(default="en", metadata={"help": "whose texts: English or Chinese"})
    hand: str | None = field(
        default=None,
        metadata={"help": "a text-to-image model of the Hub or its folder, instead of a pipeline"},
    )
    ip_adapter: str | None = field(
        default=None, metadata={"help": "how it looks at reference pictures, such as h94/IP-Adapter"}
    )
    lora: list[str] = field(default_factory=list, metadata={"help": "put on it, each NAME or NAME=WEIGHT"})
    pipeline: str = field(default=str(bundled_pipeline()), metadata={"help": "a pipeline folder"})
    method: str = field(default=METHOD, metadata={"help": "what the evaluator is to call this"})
    stories: list[str] | None = field(default=None, metadata={"help": "only these, such as 01 07"})
    steps: int | None = field(default=None, metadata={"help": "denoising steps; the hand's own by default"})
    guidance: float | None = field(default=None, metadata={"help": "the hand's own by default"})


def open_hand(args: BenchArguments) -> Hand:
    """Returns the hand that draws. StoryError if there is no such model, or if flags do not go together."""
    if args.hand is None:
        if args.ip_adapter or args.lora:
            raise StoryError(
                "--ip_adapter and --lora go with --hand; name a model with it, or leave them out."
            )
        folder = Path(args.pipeline)
        check_folder(folder)
        pipeline = StoryPipeline.from_pretrained(folder, reader="needed")
        pipeline = pipeline.to("cuda" if torch.cuda.is_available() else "cpu")
        cast = read_object(folder / "cast.json")
        names = [one.get("name") for one in cast.get("characters", ()) if isinstance(one, dict)]
        cast_only = frozenset(name for name in names if isinstance(name, str))
        # A pipeline that draws anybody draws every person that it is shown.
        known = None if cast.get("anybody") is True else cast_only
        return Hand(
            SturdyRenderer(pipeline), True, known, load_places(folder), None, args.steps, args.guidance
        )
    wanted = Wanted(args.hand, args.ip_adapter, tuple(args.lora), args.steps or STEPS, args.guidance)
    model = open_model(wanted, lambda line: print(line, file=sys.stderr))
    return Hand(SturdyRenderer(model), portraits=MOST_PEOPLE if args.ip_adapter else None)


def setting_of(args: BenchArguments) -> dict:
    """Returns everything that decides how a shot is drawn. A run continues only if this is the same."""
    kept = asdict(args)
    for own in ("data", "out", "method", "stories", "pipeline"):
        del kept[own]
    place = None if args.hand is None else check_model(args.hand).folder
    folder = Path(args.pipeline) if args.hand is None else place
    return kept | {"weights": args.hand if folder is None else model_name(folder)}


def mode_of(args: BenchArguments) -> str:
    """Returns the name of the model that draws, in a form for a folder name."""
    named = (
        Path(args.pipeline).resolve().name if args.hand is None else args.hand.rstrip("/").rpartition("/")[2]
    )
    with_adapter = f"{named}+ip-adapter" if args.ip_adapter else named
    return re.sub(r"[^\w.+-]+", "-", with_adapter)


def main(argv: list[str] | None = None) -> None:
    args = parsed(BenchArguments, argv)
    if re.sub(r"[\w.+-]", "", args.method) or args.method.startswith("."):
        raise StoryError(
            f'"{args.method[:40]}" cannot be a folder; use letters, digits, dots and dashes for --method.'
        )
    stories = read_stories(Path(args.data), args.language, args.stories)
    hand, tally = open_hand(args), Tally()
    run = run_folder(Path(args.out) / args.method / mode_of(args) / args.language, setting_of(args))
    with tqdm(total=sum(len(story.shots) for story in stories), desc="shots", mininterval=5) as bar:
        for story in stories:
            draw_story(hand, story, run, tally, bar.update)
    notices = [hand.renderer.notice, ENGLISH_ONLY if args.hand is None and args.language != "en" else ""]
    told = "\n".join(filter(None, (tally.text(), *notices)))
    write_whole(run / SUMMARY, f"{told}\n".encode())
    print(f"{run}\n{told}")


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(str(error))
