"""Turns a pasted script into frames: `read_script` recognises the format and gives one sentence for each frame.

Knows neither torch, gradio nor stories. Each format has its own reader. All readers give the same elements, and
`frames.py` makes frames of those. Left out are only the parts that a format itself sets aside, marks, headings without
words and cuts. The writer sees the result before it becomes frames.
"""

from __future__ import annotations

from collections.abc import Iterable

from storyboard.text.board_notes import BoardNotes
from storyboard.text.places import Calling
from storyboard.text.script.board import is_board, is_board_table, read_board, read_board_table
from storyboard.text.script.elements import Kind, Place, Read, Script
from storyboard.text.script.final_draft import looks_like_final_draft, read_final_draft
from storyboard.text.script.fountain import looks_like_fountain, read_fountain
from storyboard.text.script.frames import boards_of
from storyboard.text.script.marks import has_letters, without_marks
from storyboard.text.script.plain import read_plain, split_lines
from storyboard.text.script.subtitles import looks_like_srt, looks_like_vtt, read_subtitles
from storyboard.text.script.tables import (
    delimiter_of,
    looks_like_markdown_table,
    read_delimited,
    read_markdown_table,
)

MAX_SCRIPT = 1_000_000  # characters at most: a screenplay of 10,000 lines, also in Final Draft's XML

__all__ = ["MAX_SCRIPT", "Script", "read_script"]


def read_script(
    text: str, names: Iterable[str] = (), places: Calling | None = None, file: str = ""
) -> Script:
    """Returns the script in a text, with its sentences in order. None of them is empty, and any may name a stranger.

    names: the cast and its aliases. They tell "Rosa: Hello!", which is dialogue, from "Later: Rosa waves.". places: the
    names of the places that the model knows. file: the name of the file that the text comes from, if there is one.
    StoryError if the text is a file in which nothing can be read.
    """
    text = text[:MAX_SCRIPT].removeprefix("\ufeff").replace("\0", "")
    known = frozenset(name.casefold() for name in names)
    kind, read = _read(text, known, file.rpartition(".")[2].casefold())
    scenes = sum(isinstance(element, Place) for element in read.elements)
    found = list(boards_of(read.elements, places or {}))
    noted = any(board for _, board in found)
    boards = tuple(board or BoardNotes() for _, board in found) if noted else ()
    return Script(kind, scenes, tuple(sentence for sentence, _ in found), read.notices, boards)


def _read(text: str, known: frozenset[str], ending: str) -> tuple[Kind, Read]:
    """Returns what the first reader finds that knows the format. Formats with the clearest signs come first."""
    if looks_like_final_draft(text):
        return "final_draft", read_final_draft(text, known)
    if looks_like_vtt(text):
        return "vtt", read_subtitles(text, known)
    if looks_like_srt(text):
        return "srt", read_subtitles(text, known)
    if is_board_table(text):
        return "csv", read_board_table(text)
    if looks_like_markdown_table(text):
        return "markdown", read_markdown_table(text, lambda rest: _read_text(rest, known)[1])
    if delimiter := delimiter_of(text, sure=ending in ("csv", "tsv")):
        return ("tsv" if delimiter == "\t" else "csv"), read_delimited(text, delimiter)
    return _read_text(text, known, ending)


def _read_text(text: str, known: frozenset[str], ending: str = "") -> tuple[Kind, Read]:
    if is_board(text):
        return "fountain", read_board(text)
    if ending == "fountain" or looks_like_fountain(text):
        return "fountain", read_fountain(text, known)
    return ("list" if _is_list(text) else "text"), read_plain(text, known)


def _is_list(text: str) -> bool:
    """Returns whether more than half of the lines begin with a mark."""
    lines = [line for line in split_lines(text) if line.strip()]
    lettered = has_letters(lines)
    return len(lines) > 1 and 2 * sum(without_marks(line, lettered)[1] for line in lines) > len(lines)
