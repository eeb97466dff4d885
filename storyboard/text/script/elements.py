"""The elements of a script in any format: places, text and speeches, with notices about the reading.

Knows no format, and neither torch, gradio nor stories.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from storyboard.text.board_notes import BoardNotes

Kind = Literal["fountain", "final_draft", "srt", "vtt", "csv", "tsv", "markdown", "list", "text"]


@dataclass(frozen=True)
class Place:
    """A scene's heading. parts: its place and its time as written ("KITCHEN", "DAY"), without INT. or EXT."""

    parts: tuple[str, ...]
    german: bool = False  # the heading begins with INNEN or AUSSEN
    outside: bool = False  # the heading begins with EXT.


@dataclass(frozen=True)
class Text:
    """Running text.

    Each sentence is a frame. If it is `whole`, as a row of a table or a subtitle is, it is one frame.
    """

    words: str
    whole: bool = False
    board: BoardNotes | None = None  # its notes; if it gives several frames, those of the first


@dataclass(frozen=True)
class Speech:
    """What a person says, without quotation marks. goes_on: it continues the speech directly before it."""

    speaker: str
    words: str
    goes_on: bool = False


Element = Place | Text | Speech


@dataclass(frozen=True)
class Read:
    """What a reader found, in order, and notices about what it left out or could not read."""

    elements: tuple[Element, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Script:
    """A script as it will be drawn: its format, the number of its scene headings, and its frames."""

    kind: Kind
    scenes: int
    frames: tuple[str, ...]
    notices: tuple[str, ...] = ()
    boards: tuple[BoardNotes, ...] = ()  # the notes of each frame, or nothing at all
