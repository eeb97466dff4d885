"""The fields of one JSON object from outside; each is checked when it is read.

Knows the limits of a story's parts, but no stories. The data is foreign: nothing in it is trusted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from storyboard.errors import StoryError
from storyboard.story.values import ID, MAX_CAST, MAX_NAME
from storyboard.text.captions import clean_text

T = TypeVar("T")
Choice = TypeVar("Choice", bound=str)
Tell = Callable[[str], None]


class Fields:
    """The fields of one JSON object; each is checked when it is read.

    `where` is the object's place, for error messages.
    """

    def __init__(self, data: object, where: str, tell: Tell) -> None:
        if not isinstance(data, dict):
            raise damaged(where, "is not an object")
        self._data = data
        self.where = where
        self.tell = tell

    def get(self, name: str, default: object = ...) -> Any:
        """Returns the value of a field, or `default` if it is missing.

        StoryError if it is missing and `default` is `...`.
        """
        value = self._data.get(name, default)
        if value is ...:
            raise damaged(f"{self.where}.{name}", "is missing")
        return value

    def wrong(self, name: str, why: str) -> StoryError:
        return damaged(f"{self.where}.{name}", why)

    def text(self, name: str, limit: int, default: object = ..., empty: bool = True) -> str:
        """Returns plain text. It must be as `clean_text` leaves it, because all text is stored that way."""
        value = self.get(name, default)
        if not isinstance(value, str) or len(value) > limit or clean_text(value) != value:
            raise self.wrong(name, f"is not plain text of at most {limit} characters")
        if not (value or empty):
            raise self.wrong(name, "is empty")
        return value

    def match(self, name: str, pattern: re.Pattern[str], default: object = ...) -> str:
        value = self.get(name, default)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self.wrong(name, "is not of the right form")
        return value

    def whole(self, name: str, low: int, high: int) -> int:
        value = self.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(name, f"is not a whole number from {low} to {high}")
        return value

    def whole_or_none(self, name: str, low: int, high: int) -> int | None:
        return None if self.get(name, None) is None else self.whole(name, low, high)

    def number(self, name: str, low: float, high: float) -> float:
        value = self.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.wrong(name, "is not a number")
        if not low <= value <= high:  # also refuses NaN
            raise self.wrong(name, f"is not from {low:g} to {high:g}")
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        value = self.get(name, default)
        if not isinstance(value, bool):
            raise self.wrong(name, "is neither true nor false")
        return value

    def one_of(self, name: str, choices: Sequence[Choice], default: object = ...) -> Choice:
        value = self.get(name, default)
        if value not in choices:
            raise self.wrong(name, f"is none of {', '.join(choices)}")
        return choices[choices.index(value)]

    def items(
        self,
        name: str,
        limit: int,
        read: Callable[[Fields], T],
        default: object = ...,
        known: tuple[type[T], ...] = (),
    ) -> tuple[T, ...]:
        """Returns the objects of a list, each read by `read`.

        Values that already have a type in `known` are taken as they are.
        """
        return tuple(
            value
            if isinstance(value, known)
            else read(Fields(value, f"{self.where}.{name}[{index}]", self.tell))
            for index, value in enumerate(self.values(name, limit, default))
        )

    def part_or_none(self, name: str, read: Callable[[Fields], T]) -> T | None:
        """Returns an object read by `read`, or None if there is none."""
        value = self.get(name, None)
        return None if value is None else read(Fields(value, f"{self.where}.{name}", self.tell))

    def names(self, name: str, limit: int = MAX_CAST, default: object = ...) -> tuple[str, ...]:
        """Returns the names in a list. StoryError if a name is there twice."""
        values = self.values(name, limit, default)
        for value in values:
            if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME or clean_text(value) != value:
                raise self.wrong(name, f"holds something that is no name of at most {MAX_NAME} characters")
        check_unique(values, f"{self.where}.{name}")
        return tuple(values)

    def ids(self, name: str, limit: int) -> tuple[str, ...]:
        values = self.values(name, limit, ())
        if not all(isinstance(value, str) and ID.fullmatch(value) for value in values):
            raise self.wrong(name, "holds something that is no id")
        return tuple(values)

    def pairs(self, name: str, pattern: re.Pattern[str]) -> tuple[tuple[str, str], ...]:
        """Returns the pairs of a list: a character's name and a text that matches `pattern`.

        StoryError for a name twice.
        """
        values = self.values(name, MAX_CAST, ())
        for value in values:
            if not (
                isinstance(value, list)
                and len(value) == 2
                and all(isinstance(part, str) for part in value)
                and 0 < len(value[0]) <= MAX_NAME
                and clean_text(value[0]) == value[0]
                and pattern.fullmatch(value[1])
            ):
                raise self.wrong(name, "holds something that is no pair of a name and an id or key")
        check_unique([value[0] for value in values], f"{self.where}.{name}")
        return tuple((value[0], value[1]) for value in values)

    def values(self, name: str, limit: int, default: Any = ()) -> Sequence[Any]:
        """Returns a list whose entries are not checked. StoryError if it has more than `limit` entries."""
        value = self.get(name, default)
        if value is not default and not isinstance(value, list):
            raise self.wrong(name, "is not a list")
        if len(value) > limit:
            raise self.wrong(name, f"has {len(value)} entries and may have {limit}")
        return value


def check_unique(values: Sequence[str], where: str) -> None:
    """Raises StoryError if a value is there twice."""
    if len(set(values)) < len(values):
        raise damaged(where, "has one entry twice")


def damaged(where: str, why: str) -> StoryError:
    """Returns the error that says what is wrong with the value at `where`."""
    return StoryError(f"The story is damaged ({where} {why}); use another copy of it.")
