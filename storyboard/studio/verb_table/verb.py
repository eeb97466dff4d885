"""What a verb for programs is: its words, its arguments, what it does and what it may change. No verb is named here.

API, MCP and command line are built from these values alone. Imports neither torch nor Gradio, and knows no door.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from storyboard.errors import StoryError
from storyboard.text.captions import clean_text

REQUIRED: Any = inspect.Parameter.empty  # the default of an argument that has none
MOST_OF_A_LIST = 1000
SHOWN = 40  # an error repeats so many letters of a wrong value

# The kinds of which the command line takes something else than an id or a value: a story's address, a frame's number, a
# path and so on.
Kind = Literal["value", "story", "frame", "take", "pronoun", "look", "wordings", "boards", "file"]
# What a verb changes. "replaces" and "sets" may overwrite what a writer made; a second equal call of a verb that "sets"
# changes nothing more.
Effect = Literal["reads", "adds", "replaces", "sets"]
# What a call has to wait for, if anything: a picture, or its turn among the exports.
Waits = Literal["", "drawing", "exporting"]


@dataclass(frozen=True)
class Argument:
    """An argument of a verb. `text` says in one line what it is.

    `field`: its name in `verbs.EDITS`. `option`: its name on the command line. Both are needed only if they do not
    follow from `name`.
    """

    name: str
    type: Any
    text: str
    default: Any = REQUIRED
    kind: Kind = "value"
    field: str = ""
    option: str = ""

    def checked(self, value: object) -> Any:
        """Returns the value. If its type does not fit, the StoryError names it and says what it has to be."""
        if value is None and (self.default is None or NoneType in get_args(self.type)):
            return None
        if self.kind == "file":  # the door through which it came has checked it
            return value
        if not _fits(value, self.type):
            raise StoryError(
                f"{self.name} cannot be {shown_value(value)}; it has to be {_wanted(self.type)}, so send that instead."
            )
        return value

    def optional(self, name: str = "", text: str = "", field: str = "", option: str = "") -> Argument:
        """Returns the same argument, but one that may be left out. Values that are given here replace its own."""
        return replace(
            self,
            name=name or self.name,
            text=text or self.text,
            field=field or self.field,
            option=option or self.option,
            type=self.type | None,
            default=None,
        )


@dataclass(frozen=True)
class Verb:
    """A verb. `text` says in one line what it does, `returns` says what is answered.

    `does` is called with the studio and the arguments by name; if `makes_files`, also with `folder`, an empty folder of
    its own. `described.py` turns its result into JSON. `in_app`: whether it needs a running app, because what it works
    on (a list of stories, a running drawing, the steps of undo) is in no project file.
    """

    name: str
    text: str
    arguments: tuple[Argument, ...]
    does: Callable[..., Any]
    effect: Effect
    returns: str
    waits: Waits = ""
    draws: bool = False  # whether it may cause pictures to be drawn
    makes_files: bool = False
    in_app: bool = False
    answer: Any = dict[str, Any]  # the type of the answer

    def do(self, studio: Any, given: Mapping[str, object], **door: Any) -> Any:
        """Returns what `does` returns for these arguments.

        StoryError if an argument is unknown, missing or of another type.
        """
        return self.does(studio, **self.checked(given), **door)

    def checked(self, given: Mapping[str, object]) -> dict[str, Any]:
        """Returns every argument by name. StoryError if one is unknown, missing or of another type."""
        known = {one.name: one for one in self.arguments}
        for name in given:
            if name not in known:
                raise StoryError(f'{self.name} has no argument "{clean_text(name)[:SHOWN]}"; leave it out.')
        values = {}
        for name, argument in known.items():
            value = given.get(name, argument.default)
            if value is REQUIRED:
                raise StoryError(f"{self.name} needs {name} ({argument.text}); give it too.")
            values[name] = argument.checked(value)
        return values

    @property
    def works_on_a_story(self) -> bool:
        return any(one.kind == "story" for one in self.arguments)


def shown_value(value: object) -> str:
    """Returns a value as errors repeat it: on one line, and not too long."""
    text = clean_text(repr(value)[: 4 * SHOWN])
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _fits(value: object, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in get_args(hint))
    if origin is Literal:
        return any(type(value) is type(one) and value == one for one in get_args(hint))
    if origin is list:
        (inner,) = get_args(hint)
        if not isinstance(value, (list, tuple)) or len(value) > MOST_OF_A_LIST:
            return False
        return all(_fits(one, inner) for one in value)
    if hint is NoneType:
        return value is None
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    # Looks, wordings and boards are checked where they are read, where errors can name the field.
    return isinstance(value, hint) if hint in (str, bool) else True


def _wanted(hint: Any) -> str:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _wanted(next(one for one in get_args(hint) if one is not NoneType))
    if origin is Literal:
        return f"one of {', '.join(map(str, get_args(hint)))}"
    if origin is list:
        return f"a list, each of it {_wanted(get_args(hint)[0])}"
    return {str: "text", int: "a whole number", float: "a number", bool: "true or false"}.get(
        hint, "an object"
    )
