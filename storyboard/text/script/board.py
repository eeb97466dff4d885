"""Writes a board as a Fountain script or a CSV table, and reads it back exactly. Other programs can open both.

In Fountain each frame is a forced action, with its dialogue as cues and speeches under it. Shot, time and notes are
Fountain notes. A script is recognised as such a board by its title page, and a table by its heading. Knows neither
torch, gradio nor stories.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from storyboard.errors import StoryError
from storyboard.text.board_notes import BoardNotes, notes_of
from storyboard.text.captions import MAX_CAPTION
from storyboard.text.script.elements import Read, Text

_SOURCE = "Source: StoryGPT-V Storyboard"
_IS_BOARD = re.compile(rf"\A(?:[^\n]+\n){{0,8}}{_SOURCE}\s*\n")
_NOTE = re.compile(r"\[\[(shot|dialogue|notes|seconds):\s*(.*?)\]\]", re.IGNORECASE | re.DOTALL)
_HEADING = ("Frame", "Sentence", "Shot", "Dialogue", "Notes", "Seconds")
_FORMULA = ("=", "+", "-", "@")  # spreadsheet programs run a cell that begins with one of these
_SPEECH = re.compile(r"([^:\n]{1,60}):\s+(\S.*)")


def board_script(title: str, frames: Iterable[tuple[str, BoardNotes]]) -> str:
    """Returns the frames as Fountain. frames: each is a sentence and its notes."""
    parts = [f"Title: {title or 'Storyboard'}\n{_SOURCE}"]
    for sentence, board in frames:
        parts.append(f"!{sentence}")
        parts += [f"[[Shot: {_inside(board.shot)}]]"] if board.shot else []
        parts += [f"[[Seconds: {board.seconds:g}]]"] if board.seconds else []
        parts += map(_speech, board.dialogue.splitlines())
        parts += [f"[[Notes: {_inside(board.notes)}]]"] if board.notes else []
    return "\n\n".join(parts) + "\n"


def board_table(frames: Iterable[tuple[str, BoardNotes]]) -> str:
    """Returns the frames as CSV, each as a row. No program that opens it takes a cell for a formula."""
    table = io.StringIO(newline="")
    rows = csv.writer(table)
    rows.writerow(_HEADING)
    for number, (sentence, board) in enumerate(frames, start=1):
        cells = (sentence, board.shot, board.dialogue, board.notes)
        seconds = f"{board.seconds:g}" if board.seconds else ""
        rows.writerow(
            (number, *(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells), seconds)
        )
    return table.getvalue()


def is_board_table(text: str) -> bool:
    """Returns whether a text is a table in the form of `board_table`, also if a spreadsheet program saved it again."""
    first = text.partition("\n")[0].strip()
    return any(first.replace('"', "").split(mark) == list(_HEADING) for mark in ",;\t")


def read_board_table(text: str) -> Read:
    """Returns the frames of such a table, with their notes.

    Notes that are not valid are left out, and a notice says so.
    """
    mark = next(mark for mark in ",;\t" if mark in text.partition("\n")[0])
    notices: list[str] = []
    elements = []
    for row in list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))[1:]:
        cells = [cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULA else cell for cell in row]
        _, sentence, shot, dialogue, notes, seconds = (*cells, *[""] * len(_HEADING))[: len(_HEADING)]
        fields = {"shot": shot, "notes": notes, "seconds": seconds or "0"}
        if sentence.strip():
            frame = _Frame(" ".join(sentence.split())[:MAX_CAPTION], fields, dialogue.splitlines())
            elements.append(_element(frame, notices))
    return Read(tuple(elements), tuple(notices))


def is_board(text: str) -> bool:
    """Returns whether a text is a board in the form of `board_script`."""
    return bool(_IS_BOARD.match(text.replace("\r\n", "\n")))


def read_board(text: str) -> Read:
    """Returns the frames of a board, with their notes. What fits no frame is left out, and a notice says so."""
    body = text.replace("\r\n", "\n").partition("\n\n")[2]
    notices: list[str] = []
    elements = tuple(_element(one, notices) for one in _frames(body))
    return Read(elements, tuple(notices))


@dataclass
class _Frame:
    """A frame while its paragraphs are read."""

    sentence: str
    fields: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


def _frames(body: str) -> Iterator[_Frame]:
    frame: _Frame | None = None
    for paragraph in re.split(r"\n\s*\n", body.strip()):
        paragraph = paragraph.strip()
        notes = {name.lower(): words for name, words in _NOTE.findall(paragraph)}
        rest = _NOTE.sub("", paragraph).strip()
        if frame and notes:
            if said := notes.pop("dialogue", ""):
                frame.said.append(said)
            frame.fields |= notes
        if not rest:
            continue
        if frame and rest.startswith("@"):
            cue, _, words = rest[1:].partition("\n")
            frame.said.append(f"{cue.strip()}: {' '.join(words.split())}")
        else:
            if frame:
                yield frame
            frame = _Frame(" ".join(rest.removeprefix("!").split())[:MAX_CAPTION])
    if frame:
        yield frame


def _element(frame: _Frame, notices: list[str]) -> Text:
    try:
        seconds = float(frame.fields.get("seconds", "0").replace(",", "."))
        given = {**frame.fields, "dialogue": "\n".join(frame.said), "seconds": seconds}
        board = notes_of(given)
    except (StoryError, ValueError):
        notices.append(
            f'What is noted beside "{frame.sentence[:40]}" was left out: it is too long, or no time.'
        )
        board = BoardNotes()
    return Text(frame.sentence, whole=True, board=board if board != BoardNotes() else None)


def _speech(line: str) -> str:
    """Returns a line of dialogue as a cue and its speech, or as a note if it has no name, because a cue needs one."""
    match = _SPEECH.fullmatch(line)
    return f"@{match[1]}\n{match[2]}" if match else f"[[Dialogue: {_inside(line)}]]"


def _inside(words: str) -> str:
    return words.replace("]]", "] ]")
