"""Looks on the command line: the portrait of a look, and how any command is given a look.

A look is a JSON file as the page, the API and these commands write it, or a number that stands for a random person.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from storyboard.commands.whole import into
from storyboard.disk.uploads import read_at_most
from storyboard.errors import StoryError
from storyboard.exports.reading import read_json
from storyboard.people import describe_look
from storyboard.studio.maker import a_look, look_of_seed, portrait_of

MAX_LOOK_BYTES = 2**16


def make_portrait(options: argparse.Namespace) -> None:
    """Draws a look into a folder as portrait.png, writes the look beside it as look.json, and prints it in words."""
    look = a_look(look_given(options))
    with into(options.out) as (_, finished):
        portrait_of(look).save(finished / "portrait.png")
        (finished / "look.json").write_text(json.dumps(look.to_json(), indent=1) + "\n", encoding="utf-8")
    print(describe_look(look))


def look_given(options: argparse.Namespace) -> object:
    """Returns the look in the file of `--look`, or the look of the number of `--anybody`, as JSON.

    Returns None without either.
    """
    if options.look is not None:
        return _read(options.look)
    return None if options.anybody is None else look_of_seed(options.anybody).to_json()


def _read(path: Path) -> object:
    data = read_at_most(path, MAX_LOOK_BYTES, str(path))
    if len(data) > MAX_LOOK_BYTES:
        raise StoryError(f"{path} is too large to be a look; give the look.json of make-portrait.")
    return read_json(data, str(path))
