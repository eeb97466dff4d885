"""What a pipeline says it can draw: the optional "places", "actions" and "example" of its cast.json.

Knows neither torch nor gradio. They are suggestions, so what does not fit is left out instead of refused;
`storyboard.cast` is the one that checks the file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from storyboard.captions import clean_text

MAX_WORDS = 24  # of a kind
MAX_LENGTH = 60  # characters in a place or an action; an example may be three times that


@dataclass(frozen=True)
class Hints:
    """Words that write themselves into a sentence, and one sentence this pipeline draws well (or "")."""

    places: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    example: str = ""


def load_hints(folder: Path) -> Hints:
    """The hints of a pipeline folder; empty where it gives none."""
    try:
        described = json.loads((folder / "cast.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return Hints()
    if not isinstance(described, dict):
        return Hints()
    example = described.get("example")
    return Hints(
        places=_words(described.get("places")),
        actions=_words(described.get("actions")),
        example=clean_text(example)[: 3 * MAX_LENGTH] if isinstance(example, str) else "",
    )


def _words(listed: object) -> tuple[str, ...]:
    if not isinstance(listed, list):
        return ()
    words = (clean_text(word) for word in listed if isinstance(word, str))
    return tuple(word for word in words if 0 < len(word) <= MAX_LENGTH)[:MAX_WORDS]
