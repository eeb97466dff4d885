"""Reads `words.json` of a pipeline's reader as a `Lexicon`. Damaged parts are left out, and nothing is refused.

The file comes from outside. Knows no sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from storyboard.text.circumstances import Circumstances
from storyboard.text.lexicon import Lexicon

MAX_COUNT = 10**6  # how often a word is in the sentences that tell a deed, at most
T = TypeVar("T")


def lexicon_from(learned: Mapping[str, object]) -> Lexicon:
    """Returns the lexicon in the contents of `words.json`."""
    skies, nobody = learned.get("skies"), learned.get("nobody")
    return Lexicon(
        deeds=_table(learned.get("deeds"), lambda words: _table(words, _count)),
        nearest=_table(learned.get("nearest"), _phrase),
        known=frozenset(_words(learned.get("known")) or ()),
        places=_table(learned.get("places"), _words),
        captions=_table(learned.get("captions"), _phrase),
        props=_table(learned.get("props"), lambda nouns: _table(nouns, _words)),
        around=Circumstances(
            skies=tuple(_table(sky, _words) for sky in (skies if isinstance(skies, list) else ())),
            things=_table(learned.get("things"), _words),
            indoors=frozenset(_words(learned.get("indoors")) or ()),
            nobody=_phrase(nobody) or "",
        ),
    )


def _table(value: object, of: Callable[[object], T | None]) -> dict[str, T]:
    """Returns a table without the rows for which `of` returns None; empty if `value` is no table."""
    rows = {key: of(one) for key, one in value.items()} if isinstance(value, dict) else {}
    return {key: one for key, one in rows.items() if one is not None}


def _words(value: object) -> tuple[str, ...] | None:
    return tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else None


def _phrase(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _count(value: object) -> int | None:
    counts = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_COUNT
    return value if counts else None  # type: ignore[return-value]  # `counts` says that it is a number
