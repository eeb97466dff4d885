"""Turns the words of a command into the dataclass of its arguments. Knows no command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from transformers import HfArgumentParser

Arguments = TypeVar("Arguments")


def parsed(kind: type[Arguments], words: Sequence[str] | None = None) -> Arguments:
    """Returns the arguments in the words of a command line, by default those of the running command.

    kind: a dataclass. Its fields are the flags, and their "help" describes them.
    """
    (args,) = HfArgumentParser(kind).parse_args_into_dataclasses(None if words is None else list(words))
    return args
