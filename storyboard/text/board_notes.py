"""What a board has beside the sentence of a frame: the shot, the dialogue, notes and how long the frame is seen.

Pictures are not drawn from these, so a change of them makes no picture out of date. Knows neither stories nor formats.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from storyboard.errors import StoryError
from storyboard.text.captions import clean_text

MAX_SHOT = 60  # characters
MAX_DIALOGUE = 600
MAX_NOTES = 1000
MIN_SECONDS, MAX_SECONDS = 0.5, 60.0  # how long a frame can be seen
LIMITS = {"shot": MAX_SHOT, "dialogue": MAX_DIALOGUE, "notes": MAX_NOTES}
_CALLED = {"shot": "The shot", "dialogue": "The dialogue", "notes": "The notes"}


@dataclass(frozen=True)
class BoardNotes:
    """What a board has beside a sentence.

    dialogue: each line is "Name: words" or words alone.
    notes: may have several lines too.
    seconds: how long the frame is seen in a film and when the board is played; None: as long as it takes to read.
    """

    shot: str = ""
    dialogue: str = ""
    notes: str = ""
    seconds: float | None = None

    @property
    def heading(self) -> str:
        """Returns the shot and the time as they are written over a frame: "Close-up, 3 s"."""
        return ", ".join(part for part in (self.shot, self.seconds and f"{self.seconds:g} s") if part)


def changed_notes(
    now: BoardNotes,
    shot: str | None = None,
    dialogue: str | None = None,
    notes: str | None = None,
    seconds: object = None,
) -> BoardNotes:
    """Returns the notes with these changes. None changes nothing; 0 seconds takes the frame's own time away.

    StoryError if a text is too long or the time is not valid.
    """
    texts = {"shot": shot, "dialogue": dialogue, "notes": notes}
    given = {name: _text(name, text) for name, text in texts.items() if text is not None}
    return replace(now, **given, seconds=now.seconds if seconds is None else _seconds(seconds))


def notes_of(fields: Mapping[str, object]) -> BoardNotes:
    """Returns the notes that a mapping from outside has. StoryError if they are not valid."""
    texts: dict[str, str] = {}
    for name in LIMITS:
        text = fields.get(name, "")
        if not isinstance(text, str):
            raise StoryError(f"{_CALLED[name]} of a frame has to be text; write it again.")
        texts[name] = text
    return changed_notes(BoardNotes(), **texts, seconds=fields.get("seconds"))


def _text(name: str, text: str) -> str:
    lines = (clean_text(line) for line in text[: 10 * LIMITS[name]].splitlines())
    kept = (" " if name == "shot" else "\n").join(line for line in lines if line)
    if len(kept) > LIMITS[name]:
        raise StoryError(
            f"{_CALLED[name]} of a frame is {len(kept)} characters long; shorten it to {LIMITS[name]}."
        )
    return kept


def _seconds(value: object) -> float | None:
    if value == 0 and not isinstance(value, bool):
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise StoryError(f"A frame is seen for {MIN_SECONDS} to {MAX_SECONDS:g} seconds; give a number.")
    if not MIN_SECONDS <= value <= MAX_SECONDS:
        raise StoryError(
            f"A frame cannot be seen for {value:g} seconds; choose {MIN_SECONDS} to {MAX_SECONDS:g}."
        )
    return round(float(value), 1)
