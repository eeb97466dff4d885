"""Commands that make people: a portrait of a look on its own, and characters of a project file made from looks.

A look is a JSON file as the page, the API and these commands write it, or a number that stands for anybody.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from storyboard.commands.frames import editing
from storyboard.commands.whole import into
from storyboard.errors import StoryError
from storyboard.exports.reading import read_json
from storyboard.people import Look, describe_look
from storyboard.studio.maker import a_look, look_of_seed, portrait_of

MAX_LOOK_BYTES = 2**16


def make_portrait(options: argparse.Namespace) -> None:
    """Draw a look into a folder, portrait.png, with the look itself beside it, look.json; print it in words."""
    look = _look(options)
    with into(options.out) as (_, finished):
        portrait_of(look).save(finished / "portrait.png")
        (finished / "look.json").write_text(json.dumps(look.to_json(), indent=1) + "\n", encoding="utf-8")
    print(describe_look(look))


def add_character(options: argparse.Namespace) -> None:
    """Make a character from a look and take it into the cast of a project file."""
    look = _look(options)
    with editing(options) as session:
        session.make_character(options.name, options.pronoun or look.pronoun, options.alias, look)


def change_look(options: argparse.Namespace) -> None:
    """Give a character of a project file another look: a new portrait, worn from now on."""
    look = _look(options)
    with editing(options) as session:
        session.change_look(options.name, look)


def _look(options: argparse.Namespace) -> Look:
    """The look in the file, else that of the number."""
    return look_of_seed(options.anybody) if options.look is None else a_look(_read(options.look))


def _read(path: Path) -> object:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_LOOK_BYTES + 1)
    except OSError as error:
        raise StoryError(f"{path} cannot be read ({error.strerror}); check the file name.") from error
    if len(data) > MAX_LOOK_BYTES:
        raise StoryError(f"{path} is too large to be a look; give the look.json of make-portrait.")
    return read_json(data, str(path))
