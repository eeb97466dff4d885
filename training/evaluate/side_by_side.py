"""Figure 3: the same stories as several systems have drawn them, in one picture.

    python -m training.evaluate.side_by_side --drawn LDM=runs/told/ldm Ours=runs/told/ours --out figure-3.png

The folders come from `training.evaluate.draw_stories` or from `training.evaluate.systems tell`. Rows are the systems in
the given order, and columns are the frames, with the sentences above. `systems tell real` writes Maple Lane's own
pictures for a row of real pictures. For a dataset, --dataset adds such a row. Contains no scores.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from storyboard.disk.uploads import read_upload
from storyboard.errors import StoryError
from training.configs.arguments import parsed
from training.data import StoryDataset, open_reader
from training.evaluate.sheet import wrapped
from training.evaluate.told_stories import ToldStory, named_folders, read_told

TILE, GAP, LINE, LABEL = 176, 8, 15, 110  # in pixels; LABEL is the width for the names of the systems
REAL = "Real"
PAPER, INK = "white", "#222222"


@dataclass
class SideBySideArguments:
    drawn: list[str] = field(
        metadata={"help": "folders of drawn stories, as FOLDER or NAME=FOLDER; a row each"}
    )
    out: str = field(metadata={"help": "the picture to write"})
    stories: int = field(
        default=2, metadata={"help": "how many, the first of those that all systems have drawn"}
    )
    story: list[str] = field(default_factory=list, metadata={"help": "these stories instead, by id"})
    dataset: str | None = field(
        default=None, metadata={"help": "folder of the dataset, for a row of its own pictures"}
    )
    split: str = field(default="test", metadata={"help": "with --dataset, whose stories"})

    def __post_init__(self) -> None:
        if self.stories < 1:
            raise StoryError(f"--stories {self.stories}: at least one is needed.")


def chosen(told: dict[str, dict[str, ToldStory]], args: SideBySideArguments) -> list[str]:
    """Returns the ids of the stories to show.

    StoryError if a system has not drawn one of them, or if they share no story.
    """
    for story in args.story:
        lacking = next((name for name, found in told.items() if story not in found), None)
        if lacking:
            raise StoryError(
                f"{lacking} has not drawn the story {story}; draw it, or choose another --story."
            )
    first, *others = told.values()
    shared = args.story or [story for story in first if all(story in other for other in others)]
    if not shared:
        raise StoryError(f"There is no story that {', '.join(told)} have all drawn; draw the same ones.")
    return shared if args.story else shared[: args.stories]


def real_pictures(
    folder: str, split: str, stories: Sequence[str], frames: int
) -> dict[str, list[Image.Image]]:
    """Returns the dataset's own pictures of each story. StoryError if the dataset has no such story."""
    dataset = StoryDataset(open_reader(folder), split, frames)
    places = {ids[0]: number for number, ids in enumerate(dataset.stories)}
    missing = [story for story in stories if story not in places]
    if missing:
        raise StoryError(
            f"{folder} has no {split} story {missing[0]} of {frames} frames; check --dataset and --split."
        )
    return {story: [f.picture() for f in dataset.story(places[story]).frames] for story in stories}


def block(captions: Sequence[str], rows: Sequence[tuple[str, Sequence[Image.Image]]]) -> Image.Image:
    """Returns a picture of one story: its sentences in a row above, then a named row for each system."""
    font = ImageFont.load_default(size=12)
    lines = [wrapped(caption, TILE, font) for caption in captions]
    head = max(map(len, lines)) * LINE + GAP
    width = LABEL + len(captions) * (TILE + GAP)
    sheet = Image.new("RGB", (width, head + len(rows) * (TILE + GAP)), PAPER)
    pen = ImageDraw.Draw(sheet)
    for column, text in enumerate(lines):
        for number, line in enumerate(text):
            pen.text((LABEL + column * (TILE + GAP), number * LINE), line, fill=INK, font=font)
    for number, (name, pictures) in enumerate(rows):
        top = head + number * (TILE + GAP)
        for place, line in enumerate(wrapped(name, LABEL - GAP, font)):
            pen.text((0, top + TILE // 2 + place * LINE), line, fill=INK, font=font)
        for column, picture in enumerate(pictures):
            tile = picture.convert("RGB").resize((TILE, TILE), Image.Resampling.LANCZOS)
            sheet.paste(tile, (LABEL + column * (TILE + GAP), top))
    return sheet


def figure(args: SideBySideArguments) -> Image.Image:
    """Returns a picture of the stories, one below the other. StoryError if a story is not drawn or cannot be read."""
    told = {name: read_told(folder) for name, folder in named_folders(args.drawn).items()}
    stories = chosen(told, args)
    first = next(iter(told.values()))
    real: dict[str, list[Image.Image]] = {}
    if args.dataset:
        real = real_pictures(args.dataset, args.split, stories, len(first[stories[0]].captions))
    blocks = []
    for story in stories:
        rows = [(REAL, real[story])] if real else []
        for name, found in told.items():
            pictures = [read_upload(file, f"The picture {file} of {name}") for file in found[story].pictures]
            rows.append((name, pictures))
        blocks.append(block(first[story].captions, rows))
    whole = Image.new(
        "RGB", (max(b.width for b in blocks), sum(b.height + 2 * GAP for b in blocks) + GAP), PAPER
    )
    top = GAP
    for one in blocks:
        whole.paste(one, (0, top))
        top += one.height + 2 * GAP
    return whole


def main(argv: list[str] | None = None) -> None:
    args = parsed(SideBySideArguments, argv)
    made, out = figure(args), Path(args.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    made.save(out)
    print(f"Wrote {out}.")


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(str(error))
