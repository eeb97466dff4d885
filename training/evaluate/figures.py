"""The paper's figures as numbers and pictures: `python -m training.evaluate.figures attention|cost`.

    figures attention --without runs/maple-lane/systems/stage1-no-reg --withreg runs/maple-lane/systems/stage1-default
    figures cost --frames 60

`attention` is Figure 4: how well the cross-attention of a name finds its character, without and with L_reg; half a
minute a pipeline. `cost` is Figure 5: seconds and memory a frame of StoryGPT-V and of Story-LDM along one story, both
drawn in turns by one process; about 4 minutes. Each writes JSON for `training.evaluate.tables`, and the PNG that
docs/results.md shows.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from storyboard.disk.durable import write_json
from storyboard.errors import StoryError
from storyboard.pipeline import StoryPipeline
from storyboard.renderer import ContextFrame, FrameRequest, Renderer, finished
from training.configs.arguments import parsed
from training.evaluate.attention_overlap import measure
from training.evaluate.chart import Line, chart
from training.evaluate.compared import ROOT
from training.evaluate.drawing import cast_of, frame_seed, weights_hash
from training.evaluate.intervals import Estimate, estimate
from training.evaluate.renderers import load_renderer
from training.maple_lane import MapleStory, sample_story, story

WINDOW = 10  # frames of a median
TILE = 192  # side of a picture in Figure 4, in pixels
FIRST_COUNTED = 2  # number of a frame, counted from 1; the first frame has no history


@dataclass
class AttentionArguments:
    without: str = field(
        default=f"{ROOT}/systems/stage1-no-reg", metadata={"help": "pipeline trained without L_reg"}
    )
    withreg: str = field(
        default=f"{ROOT}/systems/stage1-default", metadata={"help": "pipeline trained with L_reg"}
    )
    stories: int = field(default=25, metadata={"help": "test stories of four frames, for the numbers"})
    json: str = field(default=f"{ROOT}/evaluate/figure-4.json", metadata={"help": "file of the numbers"})
    picture: str = field(default="docs/figure-4.png", metadata={"help": "file of the picture"})


@dataclass
class CostArguments:
    storygpt: str = field(default=f"{ROOT}/systems/storygpt-v-opt", metadata={"help": "folder of StoryGPT-V"})
    story_ldm: str = field(default=f"{ROOT}/systems/story-ldm", metadata={"help": "folder of Story-LDM"})
    frames: int = field(default=60, metadata={"help": "frames of the story"})
    steps: int | None = field(
        default=None, metadata={"help": "denoising steps; the pipelines' own by default"}
    )
    json: str = field(default=f"{ROOT}/evaluate/figure-5.json", metadata={"help": "file of the numbers"})
    picture: str = field(default="docs/figure-5.png", metadata={"help": "file of the chart"})

    def __post_init__(self) -> None:
        if self.frames < 2 * WINDOW + 1:
            raise StoryError(f"--frames {self.frames}: at least {2 * WINDOW + 1} are needed to compare ends.")


def attention_figure(args: AttentionArguments) -> dict:
    """Writes the picture of figure 4. Returns the figure's numbers for both pipelines."""
    told, rows = {}, []
    for name, folder in (("without L_reg", args.without), ("with L_reg", args.withreg)):
        pipeline = StoryPipeline.from_pretrained(folder, reader="needed")
        told[name] = {"pipeline": weights_hash(folder)[:16], **measure(pipeline, args.stories)}
        rows.append((name, attention_tiles(pipeline, shown_story())))
    picture = Path(args.picture)
    picture.parent.mkdir(parents=True, exist_ok=True)
    _grid(rows).save(picture)
    return told


def shown_story() -> MapleStory:
    """Returns the first test story whose first frame shows two people."""
    return next(
        tale for index in range(500) if len((tale := story("test", index)).frames[0].scene.actors) == 2
    )


def attention_tiles(pipeline: StoryPipeline, tale: MapleStory) -> list[tuple[str, Image.Image]]:
    """Returns the drawn first frame, and for each name the frame with the attention of that name over it."""
    request = FrameRequest(
        tale.frames[0].plain,
        cast_of(tale),
        (),
        frame_seed(tale.id, 0),
        conditioning="char-ldm",
        explain=True,
    )
    drawn = finished(pipeline, request)
    picture = drawn.picture.resize((TILE, TILE), Image.Resampling.LANCZOS)
    tiles = [("drawn", picture)]
    for name, grey in drawn.attention:
        heat = grey.resize((TILE, TILE), Image.Resampling.BICUBIC)
        dimmed = Image.blend(picture, Image.new("RGB", picture.size, "black"), 0.75)
        tiles.append((name, Image.composite(picture, dimmed, heat)))
    return tiles


def _grid(rows: Sequence[tuple[str, list[tuple[str, Image.Image]]]]) -> Image.Image:
    font, line = ImageFont.load_default(size=14), 22
    across = max(len(tiles) for _, tiles in rows)
    sheet = Image.new("RGB", (across * (TILE + 8), len(rows) * (TILE + line + 8)), "white")
    pen = ImageDraw.Draw(sheet)
    for number, (name, tiles) in enumerate(rows):
        top = number * (TILE + line + 8)
        for place, (title, picture) in enumerate(tiles):
            label = f"{name}: {title}" if place == 0 else title
            pen.text((place * (TILE + 8), top), label, fill="black", font=font)
            sheet.paste(picture, (place * (TILE + 8), top + line))
    return sheet


@contextmanager
def only_new_things() -> Iterator[None]:
    """A context manager. Inside, `live_bytes` counts only what was made inside.

    So it counts no weights and is quick.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def live_bytes() -> int:
    """Returns the bytes of all tensors that the garbage collector knows. Each storage counts once."""
    gc.collect()
    storages = {}
    for thing in gc.get_objects():
        if issubclass(type(thing), torch.Tensor):
            storage = thing.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())


class StoryTeller:
    """Draws one story frame by frame. `seconds` and `kept` (bytes since the start) have one value for each frame."""

    def __init__(self, renderer: Renderer, tale: MapleStory, steps: int | None):
        self.renderer, self.tale, self.steps = renderer, tale, steps
        self.history: tuple[ContextFrame, ...] = ()
        self.seconds: list[float] = []
        self.kept: list[int] = []

    def next(self) -> None:
        number = len(self.history)
        caption = self.tale.frames[number].referential
        request = FrameRequest(
            caption,
            cast_of(self.tale),
            self.history,
            frame_seed(self.tale.id, number),
            steps=self.steps,
        )
        before = live_bytes()
        drawn = finished(self.renderer, request)
        self.history += (ContextFrame(caption, drawn.picture),)
        self.seconds.append(drawn.seconds)
        self.kept.append((self.kept[-1] if self.kept else 0) + live_bytes() - before)


def cost_figure(args: CostArguments) -> dict:
    """Writes the chart of figure 5. Returns the figure's numbers.

    Each pipeline first draws something short, because a first run is always slower.
    """
    tale = sample_story(1_000_003 * args.frames, args.frames, "test")
    folders = {"StoryGPT-V": args.storygpt, "Story-LDM": args.story_ldm}
    renderers = {name: load_renderer(Path(folder)) for name, folder in folders.items()}
    tellers = {name: StoryTeller(renderer, tale, args.steps) for name, renderer in renderers.items()}
    with only_new_things():
        for renderer in renderers.values():
            warm = StoryTeller(renderer, sample_story(-1, 2, "test"), 1)
            for _ in warm.tale.frames:
                warm.next()
        for _ in range(args.frames):
            for teller in tellers.values():
                teller.next()
    told = cost_numbers({name: (t.seconds, t.kept) for name, t in tellers.items()})
    hashes = {name: weights_hash(folder)[:16] for name, folder in folders.items()}
    picture = Path(args.picture)
    picture.parent.mkdir(parents=True, exist_ok=True)
    chart(
        [
            ("seconds a frame", [Line(name, t.seconds) for name, t in tellers.items()]),
            ("MiB kept", [Line(name, [b / 2**20 for b in t.kept]) for name, t in tellers.items()]),
        ],
        "frames",
    ).save(picture)
    return {"frames": args.frames, "pipelines": hashes, **told}


def cost_numbers(measured: dict[str, tuple[list[float], list[int]]]) -> dict:
    """Returns for each system the medians at both ends of the story, and how the systems compare.

    measured: for each system the seconds and the bytes kept, frame by frame.
    """
    told: dict = {"systems": {}}
    ends = {}
    for name, (seconds, kept) in measured.items():
        early = np.array(seconds[FIRST_COUNTED - 1 : FIRST_COUNTED - 1 + WINDOW])
        late = np.array(seconds[-WINDOW:])
        both = np.stack([early, late])
        ends[name] = both
        last = np.diff(kept[-2 * WINDOW :])
        told["systems"][name] = {
            "seconds, first frames": asdict(_median(both[0])),
            "seconds, last frames": asdict(_median(both[1])),
            "last / first": asdict(_ratio(both[1], both[0])),
            "MiB kept at the end": kept[-1] / 2**20,
            "KiB a frame at the end": float(last.mean()) / 2**10,
            "by frame": {"seconds": seconds, "bytes kept": kept},
        }
    ours, theirs = "StoryGPT-V", "Story-LDM"
    told["Story-LDM / StoryGPT-V at the end"] = {
        "seconds": asdict(_ratio(ends[theirs][1], ends[ours][1])),
        "kept": measured[theirs][1][-1] / max(1, measured[ours][1][-1]),
    }
    return told


def _median(values: np.ndarray) -> Estimate:
    return estimate(lambda rows: float(np.median(values[rows])), np.arange(len(values)), resamples=1000)


def _ratio(above: np.ndarray, below: np.ndarray) -> Estimate:
    """The ratio of two medians. Frames with the same place in both stories are resampled together."""

    def statistic(rows: np.ndarray) -> float:
        return float(np.median(above[rows]) / np.median(below[rows]))

    return estimate(statistic, np.arange(len(above)), resamples=1000)


def main(argv: list[str] | None = None) -> None:
    words = sys.argv[1:] if argv is None else argv
    if words[:1] == ["attention"]:
        attention = parsed(AttentionArguments, words[1:])
        _write(attention_figure(attention), attention.json, attention.picture)
    elif words[:1] == ["cost"]:
        cost = parsed(CostArguments, words[1:])
        _write(cost_figure(cost), cost.json, cost.picture)
    else:
        print(__doc__)
        if words and words[0] not in ("-h", "--help"):
            raise StoryError(f'There is no figure "{words[0]}"; choose attention or cost.')


def _write(told: dict, json_file: str, picture: str) -> None:
    write_json(Path(json_file), told)
    print(f"written: {json_file} and {picture}")


if __name__ == "__main__":
    try:
        main()
    except (StoryError, FileNotFoundError) as error:
        sys.exit(str(error))
