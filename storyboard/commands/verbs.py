"""The table of verbs for programs as commands: how each is spelled, and where it is done.

A story is a project file, or a story in a running app, given by its address. Frames, takes and pronouns are numbers
from 1, as the page shows them. A look and a file are paths. Everything else is as in API and MCP, and is checked by the
table. The answer is printed as JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from storyboard.commands import in_app, on_file
from storyboard.commands.options import add_cast, add_look, add_pipeline, board, whole, wording
from storyboard.commands.people import look_given
from storyboard.errors import StoryError
from storyboard.story.values import MAX_FRAMES, MAX_TAKES
from storyboard.studio.verb_table import VERBS
from storyboard.studio.verb_table.verb import REQUIRED, Argument, Verb

ALSO = {"create_character": ["add-character"]}  # further names of commands
# Verbs that work differently on a file: a new file needs no id, and a file is printed as it is written.
OF_A_FILE = {"create_story": on_file.create_story, "get_story": on_file.get_story}
A_STORY = "a .storyboard file, or the address of a story in a running app (http://.../?story=...)"
AN_APP = "the address of a running app (http://...)"

Frames = Sequence[tuple[str, Sequence[str]]]  # for each frame in order, its id and the ids of its takes


def add_verb_commands(commands: Any) -> None:
    """Adds a command for every verb of the table to argparse's `commands`."""
    for verb in VERBS.values():
        command = commands.add_parser(
            verb.name.replace("_", "-"), aliases=ALSO.get(verb.name, []), help=_first_sentence(verb.text)
        )
        command.set_defaults(run=partial(run, verb))
        if verb.works_on_a_story or verb.name in OF_A_FILE:
            command.add_argument("where", metavar="STORY", help=A_STORY)
        elif verb.in_app:
            command.add_argument("where", metavar="APP", help=AN_APP)
        for argument in verb.arguments:
            _add(command, argument)
        if verb.makes_files:
            command.add_argument(
                "--out", type=Path, default=Path(), metavar="DIR", help="folder for the files; default: here"
            )
        if verb.name == "create_story":
            add_cast(command)
        if not verb.in_app and (verb.works_on_a_story or verb.name in OF_A_FILE):
            add_pipeline(command, steps=verb.draws)


def run(verb: Verb, options: argparse.Namespace) -> None:
    """Does a verb and prints its answer. StoryError for a mistake; nothing is changed then."""
    where = getattr(options, "where", None)
    if where is None:
        values = values_of(verb, options, ())
        _print(on_file.without_a_story(verb, values, options))
    elif in_app.is_address(where):
        _print(in_app.call(verb, where, partial(values_of, verb, options), getattr(options, "out", None)))
    elif verb.in_app:
        name = verb.name.replace("_", "-")
        raise StoryError(
            f"{name} works in a running app alone and {where} is no address of one; start the app, and give its "
            "address (http://...)."
        )
    elif verb.name in OF_A_FILE:
        OF_A_FILE[verb.name](options)
    else:
        _print(on_file.do(verb, Path(where), partial(values_of, verb, options), options))


def values_of(verb: Verb, options: argparse.Namespace, frames: Frames) -> dict[str, Any]:
    """Returns the arguments in the form of the table, except the story. `frames`: the frames that numbers refer to."""
    values: dict[str, Any] = {}
    for argument in verb.arguments:
        given: Any = look_given(options) if argument.kind == "look" else getattr(options, argument.name, None)
        if given is None or argument.kind == "story":
            continue
        if argument.kind == "frame":
            given = _numbered(frames, given)[0]
        elif argument.kind == "take":
            given = _take(frames, options.frame_id, given)
        elif argument.kind == "pronoun":
            given -= 1
        elif argument.kind == "file" and not given.is_file():
            raise StoryError(f"{given} cannot be read; check the file name.")
        values[argument.name] = given
    return values


def _add(command: argparse.ArgumentParser, argument: Argument) -> None:
    if argument.kind == "story":
        return
    if argument.kind == "look":
        add_look(command, required=argument.default is REQUIRED)
        return
    kind = _plain_type(argument.type)
    if kind is bool:
        action: dict[str, Any] = {"action": argparse.BooleanOptionalAction, "default": argument.default}
    elif argument.kind in ("wordings", "boards"):
        action = {"action": "append", "type": wording if argument.kind == "wordings" else board}
    elif get_origin(kind) is list:
        action = {"nargs": "*"} if argument.default is REQUIRED else {"action": "append"}
    else:
        action = {"type": _reader(argument, kind)}
    word = (argument.option or argument.name.removesuffix("_id")).replace("_", "-")
    if argument.default is REQUIRED:
        command.add_argument(argument.name, metavar=_metavar(argument, word), help=argument.text, **action)
        return
    if kind is not bool:
        action["metavar"] = _metavar(argument, word)
    command.add_argument(f"--{word}", dest=argument.name, help=argument.text, **action)


def _reader(argument: Argument, kind: Any) -> Any:
    if argument.kind == "frame":
        return whole(1, MAX_FRAMES)
    if argument.kind == "take":
        return whole(1, MAX_TAKES)
    if argument.kind == "pronoun":
        return whole(1, 1000)
    if argument.kind == "file":
        return Path
    if kind is float:
        return partial(_number_or_text, number=float)
    numbers = kind is int or (get_origin(kind) is Literal and isinstance(get_args(kind)[0], int))
    return _number_or_text if numbers else str


def _number_or_text(text: str, number: type[int] | type[float] = int) -> float | str:
    """Returns the number. Any other text is returned as it is, so that the table says what is wrong with it."""
    try:
        return number(text)
    except ValueError:
        return text


def _metavar(argument: Argument, word: str) -> str:
    named = {
        "frame": "N",
        "take": "TAKE",
        "pronoun": "PRONOUN",
        "file": "FILE",
        "wordings": "WRITTEN=DRAWN",
        "boards": "JSON",
    }
    kind = _plain_type(argument.type)
    if get_origin(kind) is Literal:
        return "{" + ",".join(map(str, get_args(kind))) + "}"
    if get_origin(kind) is list:
        word = argument.option or word.removesuffix("s")
    return named.get(argument.kind, word.upper())


def _plain_type(hint: Any) -> Any:
    """Returns the type of an argument's value without None."""
    return (
        next((one for one in get_args(hint) if one is not type(None)), hint) if _may_be_none(hint) else hint
    )


def _may_be_none(hint: Any) -> bool:
    return type(None) in get_args(hint)


def _numbered(frames: Frames, number: int) -> tuple[str, Sequence[str]]:
    if not 1 <= number <= len(frames):
        raise StoryError(f"The story has {len(frames)} frames and no frame {number}; choose one of them.")
    return frames[number - 1]


def _take(frames: Frames, number: int, take: int) -> str:
    takes = _numbered(frames, number)[1]
    if not 1 <= take <= len(takes):
        raise StoryError(f"Frame {number} has {len(takes)} takes and no take {take}; choose one of them.")
    return takes[take - 1]


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].partition(": ")[0].rstrip(".")


def _print(answer: Any) -> None:
    print(answer if isinstance(answer, str) else json.dumps(answer, indent=2, ensure_ascii=False))
