"""A command's words as the dataclass of its arguments. Knows no command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from transformers import HfArgumentParser

Arguments = TypeVar("Arguments")


def parsed(kind: type[Arguments], words: Sequence[str] | None = None) -> Arguments:
    """Returns the arguments that the words of a command line give, by default those of the running command.

    kind: a dataclass, whose fields are the flags and whose "help" they are described by.
    """
    (args,) = HfArgumentParser(kind).parse_args_into_dataclasses(None if words is None else list(words))
    return args
