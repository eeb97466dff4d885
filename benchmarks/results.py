"""Keeps the measurements in one JSON file, and writes them into the table of docs/performance.md and into README.

`python -m benchmarks.results` writes both again from docs/benchmarks.json. Measurements can be repeated one by one:
each replaces its last result and leaves the others.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from storyboard.disk.durable import write_whole
from storyboard.errors import StoryError
from training.evaluate.table_text import put_between_markers

DOCS = Path(__file__).parents[1] / "docs"
KEPT, PAGE, README = DOCS / "benchmarks.json", DOCS / "performance.md", DOCS.parent / "README.md"
# What README says -> the measurement and the number in this sentence.
QUOTED = {"makes drawing {} times as fast on a CPU": ("engine: the same frame", "ratio")}
OURS, THEIRS = "ours_", "theirs_"
BESIDE = ("ratio", "ratio_low", "ratio_high")  # shown in the row of the milliseconds


def keep(path: Path | None, measured: Mapping[str, Any], **about: Any) -> None:
    """Adds measurements, by name, to those of the file `path`. None keeps nothing. about: machine and settings."""
    if path is None:
        return
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    results = {**kept, **about, "measured": {**kept.get("measured", {}), **measured}}
    write_whole(path, (json.dumps(results, indent=1) + "\n").encode())


def table(measured: Mapping[str, Any]) -> str:
    """Returns the measurements as Markdown: a row for each, and one more for what was counted in both arms."""
    head = "| | ours | theirs | times | beside |\n|---|---|---|---|---|"
    return "\n".join((head, *(f"| {' | '.join(row)} |" for row in _rows(measured))))


def quoting(page: str, measured: Mapping[str, Any]) -> str:
    """Returns README with the measured numbers. StoryError if it does not have each sentence of QUOTED exactly once."""
    for said, (name, number) in QUOTED.items():
        pattern = re.escape(said).replace(r"\{\}", r"[\d.]+")
        page, count = re.subn(pattern, said.format(f"{measured[name][number]:.1f}"), page)
        if count != 1:
            raise StoryError(f'README has to say "{said}" once, with a figure; write that, or change QUOTED.')
    return page


def _rows(measured: Mapping[str, Any], title: str = "") -> Iterator[tuple[str, ...]]:
    pairs = [name.removeprefix(OURS) for name in measured if _is_paired(name, measured)]
    shown = {arm + name for name in pairs for arm in (OURS, THEIRS)} | {f"{name}_ratio" for name in pairs}
    parts = {name: value for name, value in measured.items() if isinstance(value, Mapping)}
    rest = [
        f"{_words(name)} {_short(value)}"
        for name, value in measured.items()
        if name not in {*shown, *parts, *BESIDE} and value not in (None, [])
    ]
    if "ms" in pairs:
        yield (
            title,
            *(_seconds(measured[arm + "ms"]) for arm in (OURS, THEIRS)),
            _times(measured),
            ", ".join(rest),
        )
    elif rest:
        yield title, "", "", "", ", ".join(rest)
    for name in pairs:
        if name != "ms":
            ours, theirs = measured[OURS + name], measured[THEIRS + name]
            times = _short(theirs / ours) if ours else ""
            yield f"{title}: {_words(name)}", _short(ours), _short(theirs), times, ""
    for name, value in parts.items():
        yield from _rows(value, f"{title}, {name}" if title else name)


def _is_paired(name: str, measured: Mapping[str, Any]) -> bool:
    return name.startswith(OURS) and name.replace(OURS, THEIRS, 1) in measured


def _times(measured: Mapping[str, Any]) -> str:
    ratio, low, high = (_short(measured[name]) for name in BESIDE)
    return ratio if low == high else f"{ratio} ({low} to {high})"


def _seconds(milliseconds: float) -> str:
    return f"{_short(milliseconds)} ms" if milliseconds < 1000 else f"{_short(milliseconds / 1000)} s"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_short, value))
    if isinstance(value, float) and abs(value) < 1000:
        return f"{value:.3g}"
    return f"{round(value):,}" if isinstance(value, (int, float)) else str(value)


def main() -> int:
    """Writes the table of docs/performance.md and the numbers of README. Returns the exit status."""
    measured = json.loads(KEPT.read_text(encoding="utf-8"))["measured"]
    page = put_between_markers(PAGE.read_text(encoding="utf-8"), table(measured), PAGE)
    readme = quoting(README.read_text(encoding="utf-8"), measured)
    write_whole(PAGE, page.encode())
    write_whole(README, readme.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
