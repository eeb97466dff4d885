"""`storyboard verbs`: prints the table of verbs for programs as Markdown, as in docs/programs.md."""

from __future__ import annotations

import argparse
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from storyboard.studio.verb_table import GROUPS
from storyboard.studio.verb_table.verb import REQUIRED, Argument, Verb

EFFECTS = {"reads": "reads", "adds": "adds", "replaces": "may replace", "sets": "sets"}


def print_verbs(options: argparse.Namespace) -> None:
    """Prints the table."""
    print(verb_tables())


def verb_tables() -> str:
    """Returns a table for every group of verbs: what each does, its arguments and what it changes."""
    return "\n\n".join(
        "\n".join(
            (
                f"### {group}",
                "",
                "| verb | what it does | arguments | changes |",
                "|---|---|---|---|",
                *map(_row, verbs),
            )
        )
        for group, verbs in GROUPS.items()
    )


def _row(verb: Verb) -> str:
    mark = " *" if verb.in_app else ""
    arguments = ", ".join(map(_argument, verb.arguments))
    return f"| `{verb.name}`{mark} | {verb.text} | {arguments} | {EFFECTS[verb.effect]} |"


def _argument(argument: Argument) -> str:
    choices = _choices(argument.type)
    name = f"`{argument.name}`" if argument.default is REQUIRED else f"[`{argument.name}`]"
    return f"{name} ({', '.join(map(str, choices))})" if choices else name


def _choices(hint: Any) -> tuple[Any, ...]:
    """Returns the values of a type with a fixed set of values, or () for any other type."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    return next(
        (_choices(one) for one in get_args(hint) if one is not NoneType and get_origin(one) is Literal), ()
    )
