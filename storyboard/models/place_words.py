"""The places that a pipeline folder says it can draw ("places" in cast.json), and the words that its reader knows for
them.

Knows the layout of the folder, but neither torch nor stories. Places are suggestions, so what does not fit is left out
instead of refused.
"""

from __future__ import annotations

import json
from pathlib import Path

from storyboard.models.reader_folder import FOLDER as READER
from storyboard.models.reader_folder import WORDS
from storyboard.text.captions import clean_text
from storyboard.text.places import Calling, called

MAX_PHRASES = 24  # the most phrases of a list
MAX_LENGTH = 60  # the most characters of a phrase


def load_places(folder: Path) -> Calling:
    """Returns what the places of a pipeline folder are called. It is empty if the folder names none."""
    return called(*places_in(folder))


def places_in(folder: Path) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Returns the places of a pipeline folder, such as "in the kitchen", and the other words for each."""
    named, learned = read_object(folder / "cast.json"), read_object(folder / READER / WORDS)
    return phrases(named.get("places")), _lists(learned.get("places"))


def phrases(listed: object) -> tuple[str, ...]:
    """Returns the short texts in a list, cleaned. Everything else in the list is left out."""
    if not isinstance(listed, list):
        return ()
    cleaned = (clean_text(one) for one in listed if isinstance(one, str))
    return tuple(one for one in cleaned if 0 < len(one) <= MAX_LENGTH)[:MAX_PHRASES]


def read_object(path: Path) -> dict:
    """Returns the object in a JSON file. It is empty if the file is missing, damaged or holds no object."""
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return described if isinstance(described, dict) else {}


def _lists(named: object) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(word for word in words if isinstance(word, str))
        for name, words in (named if isinstance(named, dict) else {}).items()
        if isinstance(words, list)
    }
