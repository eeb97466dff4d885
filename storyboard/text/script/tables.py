"""Tables as CSV, TSV or Markdown: each row is a frame, from the columns for what is seen, where, and who says what.

Knows neither torch, gradio nor stories. Nothing in a cell is ever run. A formula is left out, and a notice says so.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from storyboard.text.script.elements import Element, Read, Speech, Text
from storyboard.text.script.fountain import place_of
from storyboard.text.script.plain import split_lines, without_quotation_marks

MAX_HEAD = 40  # characters of a column's heading
DELIMITERS = ",;\t|"
_COLUMNS = {  # the purpose of a column -> its headings, in small letters
    "seen": """caption captions action actions description descriptions sentence sentences text visual visuals content
        prompt picture image what story frame_text shot_description scene_description action_description
        beschreibung bildbeschreibung handlung aktion bildinhalt inhalt satz s\u00e4tze was bildtext geschehen""",
    "where": "location place setting set where scene_heading slugline ort schauplatz drehort wo motiv",
    "speaker": "character speaker figur sprecher sprecherin rolle wer_spricht",
    "said": "dialogue dialog dialogs line lines speech voice_over vo text_gesprochen sprechtext dialogtext",
}
_GERMAN_PLACES = ("ort", "schauplatz", "drehort", "wo", "motiv")
_PURPOSES = {name: purpose for purpose, names in _COLUMNS.items() for name in names.split()}
_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*")
_ROW_ENDS = re.compile(r"\r\n|[\r\n]")  # a softer break may be inside a cell
_BAR = re.compile(r"(?<!\\)\|")
_FORMULA = re.compile(r"'?(?:=|[@+-](?=[A-Za-z]{2,}\d*\(|\d|[=@+-]))")
_NO_WORDS = re.compile(r"[\W\d_]*")


@dataclass(frozen=True)
class _Head:
    """Which column has which purpose, and the names of the others. rows: the rows of the table without its heading."""

    seen: int | None
    where: int | None
    speaker: int | None
    said: int | None
    rows: Sequence[Sequence[str]]
    others: tuple[str, ...] = ()
    german: bool = False  # whether the columns' names, and so the places, are German


def looks_like_markdown_table(text: str) -> bool:
    """Returns whether a line with bars has the line of dashes under it."""
    lines = split_lines(text)
    return any(
        "|" in above and "|" in below and _RULE.fullmatch(below)
        for above, below in zip(lines, lines[1:], strict=False)
    )


def delimiter_of(text: str, sure: bool = False) -> str | None:
    """Returns the mark between the cells of a table; None if the text is no table.

    The first line of a table names its columns. With tabs it is also a table if every line has the same number of them.
    sure: whether the text is known to be a table.
    """
    lines = [line for line in _ROW_ENDS.split(text) if line.strip()]
    if not lines:
        return None
    best = max(DELIMITERS, key=lambda mark: _purposes(_cells(lines[0], mark)) * 100 + lines[0].count(mark))
    cells = _cells(lines[0], best)
    if _heads(cells) and 2 * sum(best in line for line in lines) > len(lines) > 1:
        return best
    tabs = {line.count("\t") for line in lines}
    if len(lines) > 1 and len(tabs) == 1 and tabs != {0} and not any(line[0] == "\t" for line in lines):
        return "\t"
    return (best if len(cells) > 1 else ",") if sure else None


def read_delimited(text: str, delimiter: str) -> Read:
    """Returns what the rows of a CSV or TSV table say."""
    notices = []
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        notices.append(
            "A quotation mark in this table is never closed or not doubled, so it was read line by line."
        )
        rows = [[cell.strip().strip('"') for cell in line.split(delimiter)] for line in _ROW_ENDS.split(text)]
    return _read(rows, notices)


def read_markdown_table(text: str, read_rest: Callable[[str], Read]) -> Read:
    """Returns what the rows of Markdown tables say. `read_rest` reads the text around the tables."""
    elements: list[Element] = []
    notices: list[str] = []
    for rows, rest in _markdown_parts(split_lines(text)):
        read = _read(rows, [], headed=True) if rows else read_rest("\n".join(rest))
        elements.extend(read.elements)
        notices.extend(read.notices)
    return Read(tuple(elements), tuple(dict.fromkeys(notices)))


def _markdown_parts(lines: list[str]) -> Iterator[tuple[list[list[str]], list[str]]]:
    """Yields the tables as rows of cells, and the lines between them. Either part of a pair is always empty."""
    rest: list[str] = []
    index = 0
    while index < len(lines):
        if (
            index + 1 < len(lines)
            and "|" in lines[index]
            and "|" in lines[index + 1]
            and _RULE.fullmatch(lines[index + 1])
        ):
            yield [], rest
            rest, rows = [], [_markdown_cells(lines[index])]
            index += 2
            while index < len(lines) and "|" in lines[index]:
                rows.append(_markdown_cells(lines[index]))
                index += 1
            yield rows, []
        else:
            rest.append(lines[index])
            index += 1
    yield [], rest


def _markdown_cells(line: str) -> list[str]:
    bare = line.strip().removeprefix("|")
    bare = bare[:-1] if bare.endswith("|") and not bare.endswith("\\|") else bare
    cells = (cell.strip().replace("\\|", "|") for cell in _BAR.split(bare))
    return [re.sub(r"<br\s*/?>", " ", cell).replace("**", "") for cell in cells]


def _read(rows: Sequence[Sequence[str]], notices: list[str], headed: bool = False) -> Read:
    head = _head([row for row in rows if any(cell.strip() for cell in row)], headed)
    elements: list[Element] = []
    formulas = 0
    place = ""
    for row in head.rows:
        cells = [" ".join(cell.split()) for cell in row]
        formulas += sum(bool(_FORMULA.match(cell)) for cell in cells)
        cells = ["" if _FORMULA.match(cell) else cell for cell in cells]
        where = _at(cells, head.where)
        if where and where != place:
            place = where
            elements.append(replace(place_of(where), german=head.german))
        elements.extend(_row(cells, head))
    if formulas:
        notices.append(f"Cells with formulas were left out: {formulas}.")
    if head.others:
        notices.append(f"Columns left out: {', '.join(head.others)}.")
    return Read(tuple(elements), tuple(notices))


def _row(cells: Sequence[str], head: _Head) -> Iterator[Element]:
    """Yields what a row shows and what somebody says in it. A speaker without words is in the picture."""
    seen, speaker, said = (_at(cells, column) for column in (head.seen, head.speaker, head.said))
    said = without_quotation_marks(said)
    if seen:
        yield Text(seen, whole=True)
    if speaker and said:
        yield Speech(speaker.title() if speaker.isupper() else speaker, said)
    elif said:
        yield Text(said, whole=True)


def _at(cells: Sequence[str], column: int | None) -> str:
    return cells[column] if column is not None and column < len(cells) else ""


def _head(rows: Sequence[Sequence[str]], headed: bool) -> _Head:
    if not rows:
        return _Head(None, None, None, None, rows)
    purposes = [_purpose(cell) for cell in rows[0]]
    if not any(purposes):
        body = rows[1:] if headed else rows
        return _Head(_wordiest(body), None, None, None, body)
    columns = {one: purposes.index(one) for one in _COLUMNS if one in purposes}
    body = rows[1:]
    if "seen" not in columns and "said" not in columns:
        columns["seen"] = _wordiest(body, columns.values())
    german = "where" in columns and rows[0][columns["where"]].strip().casefold() in _GERMAN_PLACES
    used = set(columns.values())
    others = [
        cell.strip()
        for index, cell in enumerate(rows[0])
        if index not in used
        and cell.strip()
        and any(not _NO_WORDS.fullmatch(_at(row, index)) for row in body)
    ]
    seen, where, speaker, said = (columns.get(one) for one in ("seen", "where", "speaker", "said"))
    return _Head(seen, where, speaker, said, body, tuple(others), german)


def _wordiest(rows: Sequence[Sequence[str]], taken: Collection[int] = ()) -> int:
    """Returns the column with the most letters that is not taken.

    Without a heading it is the column of the sentences.
    """
    letters: dict[int, int] = {}
    for row in rows:
        for index, cell in enumerate(row):
            if index not in taken:
                letters[index] = letters.get(index, 0) + len(cell)
    return max(letters, key=letters.__getitem__, default=0)


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(delimiter)]


def _purpose(cell: str) -> str | None:
    return _PURPOSES.get(re.sub(r"[\W_]+", "_", cell).strip("_").casefold())


def _heads(cells: Sequence[str]) -> bool:
    """Returns whether these cells are the headings of columns. "Action, Rosa runs." is a sentence."""
    sentence = any(len(cell) > MAX_HEAD or (" " in cell and cell[-1:] in (*".!?",)) for cell in cells)
    return len(cells) > 1 and _purposes(cells) > 0 and not sentence


def _purposes(cells: Sequence[str]) -> int:
    return len({purpose for cell in cells if (purpose := _purpose(cell))})
