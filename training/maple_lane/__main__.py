"""`python -m training.maple_lane --out DIR --stories N --split S` writes the dataset.

`--sheet FILE` draws stories and portraits, `--people FILE` random people, and `--open FILE` stories of the open world.
`--free N` prints N stories in a writer's own words, with what each caption says; another `--seed S` prints other
stories.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .open_stories import sample_open_story
from .sheet import save_open_sheet, save_people_sheet, save_sheet
from .stories import SPLITS, sample_people_story, sample_story, story
from .words import canonical, free_captions
from .writer import WORLDS, write_dataset


def main() -> None:
    parser = _parser()
    args = parser.parse_args()
    if not (args.out or args.sheet or args.people or args.open or args.free > 0):
        parser.error("nothing to do: give --out DIR, --sheet FILE, --people FILE, --open FILE or --free N")
    try:
        if args.free > 0:
            print_free(args.free, args.seed, args.frames, args.split)
        if args.sheet is not None:
            save_sheet(args.sheet, [story(args.split, index, args.frames) for index in range(args.stories)])
        if args.people is not None:
            save_people_sheet(args.people, args.split)
        if args.open is not None:
            save_open_sheet(args.open, args.split)
        if args.out is not None:
            write_dataset(args.out, args.split, args.stories, args.frames, args.size, args.world)
    except ValueError as error:
        parser.error(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.maple_lane", description="Draw Maple Lane to disk."
    )
    parser.add_argument("--out", type=Path, help="folder to write in the layout of FlintstonesSV")
    parser.add_argument(
        "--sheet", type=Path, help="picture file for a contact sheet of the stories and portraits"
    )
    parser.add_argument("--people", type=Path, help="picture file for a sheet of 60 random people")
    parser.add_argument("--open", type=Path, help="picture file for a sheet of open stories in free captions")
    parser.add_argument(
        "--stories", type=int, default=8, help="how many stories, from the first of the split on"
    )
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument(
        "--world",
        choices=WORLDS,
        default="cast",
        help="whose stories go to --out: the cast's, as the tables score them, or anybody's; a folder may hold all",
    )
    parser.add_argument("--frames", type=int, default=4, help="frames a story has")
    parser.add_argument(
        "--size", type=int, default=512, help="pixels a side of the pictures written to --out"
    )
    parser.add_argument("--free", type=int, default=0, help="how many stories to print in free captions")
    parser.add_argument("--seed", type=int, default=0, help="which stories --free prints, and in which words")
    return parser


def print_free(count: int, seed: int, frames: int, split: str) -> None:
    """Prints stories of the cast, of other people and of the open world in turn.

    For each frame it prints the free caption, the canonical caption, and what the free caption says.
    """
    samples = (sample_story, sample_people_story, sample_open_story)
    for index in range(count):
        tale = samples[index % len(samples)](seed * 100_000 + index, frames, split)
        print(f"--- {tale.id}")
        for frame, free in zip(tale.frames, free_captions(tale, seed), strict=True):
            print(f"{free.text}\n    {canonical(frame.scene)}\n    {free.shows}")


if __name__ == "__main__":
    main()
