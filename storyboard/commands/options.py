"""Options that several commands share, and how their words are read. argparse reports mistakes in them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from storyboard.models.folder import bundled_pipeline
from storyboard.renderer import MAX_STEPS
from storyboard.story.values import MAX_SEED


def add_cast(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--cast",
        type=_name_and_picture,
        action="append",
        default=[],
        metavar="NAME=IMAGE",
        help="the portrait a character wears; may be repeated",
    )
    command.add_argument(
        "--seed", type=whole(0, MAX_SEED), default=0, help="default 0; equal seed, equal pictures"
    )


def add_pipeline(command: argparse.ArgumentParser, steps: bool = False) -> None:
    command.add_argument(
        "--pipeline", type=Path, default=bundled_pipeline(), metavar="PATH", help="a pipeline folder"
    )
    if steps:
        command.add_argument(
            "--steps", type=whole(1, MAX_STEPS), help="denoising steps; default: the pipeline's own"
        )


def add_look(command: argparse.ArgumentParser, required: bool) -> None:
    """Adds the options of a look: from a file or at random. `--look` and `--anybody` exclude each other."""
    look = command.add_mutually_exclusive_group(required=required)
    look.add_argument("--look", type=Path, metavar="LOOK.json", help="what they look like")
    look.add_argument(
        "--anybody", type=whole(0, MAX_SEED), metavar="N", help="somebody at random; equal N, equal look"
    )


def whole(low: int, high: int) -> Callable[[str], int]:
    """Returns a function that reads a whole number in that range."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
        return value

    return parse


def wording(text: str) -> dict[str, str]:
    """Returns WRITTEN=DRAWN in the form that the table of verbs uses."""
    written, equals, drawn = text.partition("=")
    if not (written.strip() and equals and drawn):
        raise argparse.ArgumentTypeError(f"{text!r} is not WRITTEN=DRAWN, as in mansion=house")
    return {"written": written, "drawn": drawn}


def board(text: str) -> dict[str, object]:
    """Returns the board notes of a sentence, given as JSON, in the form that the table of verbs uses."""
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        example = '{"shot": "close-up", "seconds": 3}'
        raise argparse.ArgumentTypeError(f"{text!r} is no JSON of a frame's notes, as in {example}")
    return given


def _name_and_picture(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name.strip() and equals and path):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=IMAGE, as in Rosa=rosa.png")
    return name.strip(), Path(path)
