"""The words and marks of a sentence in order, and where a name or pronoun stands among them.

For rules that look at the words before and behind a person. Knows neither clauses nor who is meant.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

from storyboard.text.forms import first_forms

_TOKEN = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*|\d+|[^\w\s]")
_ENDING = re.compile(r"['\u2019](s|d|ve|ll|re)?(?![^\W\d_])", re.IGNORECASE)
_HARD = frozenset(".!?;:\u2026\u2014")


@dataclass(frozen=True)
class Tokens:
    """Words in small letters and single marks; token `i` is text[starts[i]:ends[i]]."""

    words: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def before(self, place: int) -> tuple[str, ...]:
        """Returns the tokens of the same sentence that end at or before a place of the text."""
        last = bisect_left(self.starts, place)
        first = last
        while first > 0 and self.words[first - 1] not in _HARD:
            first -= 1
        return self.words[first:last]

    def behind(self, place: int, until: int | None = None) -> tuple[str, ...]:
        """Returns the tokens of the same sentence that begin at or behind a place of the text.

        until: the place where they end; by default the end of the sentence.
        """
        first = bisect_left(self.starts, place)
        most = len(self.words) if until is None else bisect_left(self.starts, until)
        last = first
        while last < most and self.words[last] not in _HARD:
            last += 1
        return self.words[first:last]


@lru_cache(maxsize=4096)
def tokens_of(text: str) -> Tokens:
    """Returns the words and marks of `text`. Curly apostrophes in words become straight ones."""
    found = list(_TOKEN.finditer(text))
    words = (one.group().lower().replace("\u2019", "'") for one in found)
    return Tokens(tuple(words), tuple(one.start() for one in found), tuple(one.end() for one in found))


def ending_at(text: str, place: int) -> tuple[str, int]:
    """Returns what an apostrophe adds to the name or pronoun that ends at `place` ("s", "d", ...), and where that ends.

    An apostrophe alone, as in "the twins' hats", also adds "s". Without an apostrophe the result is "" and `place`.
    """
    match = _ENDING.match(text, place)
    return ((match.group(1) or "s").lower(), match.end()) if match else ("", place)


def is_form_of(word: str, first: frozenset[str]) -> bool:
    """Returns whether a word in small letters is a form of one of these words: "thought" is a form of "think"."""
    return not first.isdisjoint(first_forms(word))
