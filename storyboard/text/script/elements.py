"""What a script is made of, whatever format it came in: places, text and speeches, and what is told of reading them.

Knows no format, and neither torch, gradio nor stories.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from storyboard.text.board_notes import BoardNotes

Kind = Literal["fountain", "final_draft", "srt", "vtt", "csv", "tsv", "markdown", "list", "text"]


@dataclass(frozen=True)
class Place:
    """A scene's heading: `parts` are its place and its time as written ("KITCHEN", "DAY"), without INT. or EXT."""

    parts: tuple[str, ...]
    german: bool = False  # headed INNEN or AUSSEN
    outside: bool = False  # headed EXT.


@dataclass(frozen=True)
class Text:
    """Running text, one frame a sentence; where it is `whole`, a row of a table or a subtitle, one frame."""

    words: str
    whole: bool = False
    board: BoardNotes | None = None  # what is noted beside it; of more frames than one, beside the first


@dataclass(frozen=True)
class Speech:
    """What somebody says, without quotation marks. `goes_on`: it is the rest of the speech just before it."""

    speaker: str
    words: str
    goes_on: bool = False


Element = Place | Text | Speech


@dataclass(frozen=True)
class Read:
    """What a reader found, in order, and sentences on what it left out or could not read."""

    elements: tuple[Element, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Script:
    """A script as it will be drawn: how it was recognised, its scene headings counted, and its frames."""

    kind: Kind
    scenes: int
    frames: tuple[str, ...]
    notices: tuple[str, ...] = ()
    boards: tuple[BoardNotes, ...] = ()  # what is noted beside them, one a frame, or none at all
