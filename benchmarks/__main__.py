"""`python -m benchmarks`: P1 to P12 of docs/performance.md and more on a pipeline folder, as a table and as JSON."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks import commits, drawing, editing, exporting, memory, reading
from benchmarks.results import keep
from storyboard.errors import StoryError
from storyboard.models.folder import bundled_pipeline, check_folder

GROUPS = ("reading", "memory", "drawing", "editing", "exporting", "commits")
TOLD = 3  # frames of the story that both commits draw


def main(argv: list[str] | None = None) -> int:
    """Returns the exit status: 2 if the pipeline folder cannot be used."""
    options = _parser().parse_args(argv)
    try:
        check_folder(options.pipeline)
        for found in _measured(options):
            keep(options.out, found, machine=machine(), settings=_settings(options))
    except StoryError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    return 0


def machine() -> dict[str, Any]:
    """Returns what the milliseconds depend on: cores, threads, how many programs want the cores, torch's version."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load": load,
        "torch": torch.__version__,
    }


def table(found: dict[str, Any], title: str = "") -> Iterator[str]:
    """Yields a line for each measurement, the numbers by name."""
    numbers = {key: value for key, value in found.items() if not isinstance(value, dict)}
    if numbers:
        told = "  ".join(f"{key} {_short(value)}" for key, value in numbers.items())
        yield f"{title}: {told}"
    for key, value in found.items():
        if isinstance(value, dict):
            yield from table(value, f"{title}, {key}" if title else key)


def _measured(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yields each group and prints it as soon as it is measured, because all of them take a while."""
    folder, repeats = options.pipeline, options.repeats
    measure = {
        "reading": lambda: reading.measured(folder, options.frames, repeats, options.edits, options.long),
        "memory": lambda: memory.measured(folder, options.frames),
        "drawing": lambda: drawing.measured(folder, repeats, options.cancels),
        "editing": lambda: {"an edit of 200 frames / of 5": editing.measured(folder, repeats)},
        "exporting": lambda: {"a GIF of a long story": exporting.measured(folder, repeats, options.frames)},
        "commits": lambda: {
            f"a frame, beside {commits.BEFORE}'s": commits.measured(folder, repeats, TOLD, options.steps)
        },
    }
    for group in options.only or GROUPS:
        results = measure[group]()
        print(*table(results), sep="\n", flush=True)
        yield results


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    return {
        name: getattr(options, name) for name in ("repeats", "frames", "edits", "long", "cancels", "steps")
    }


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--pipeline", type=Path, default=bundled_pipeline(), metavar="FOLDER")
    parser.add_argument("--only", action="append", choices=GROUPS, help="one group; may be repeated")
    parser.add_argument("--repeats", type=int, default=5, help="turns of each pair of arms; default 5")
    parser.add_argument("--frames", type=int, default=50, help="of the story that is read; default 50")
    parser.add_argument("--edits", type=int, default=1000, help="random ones, for P5; default 1000")
    parser.add_argument("--long", type=int, default=200, help="frames of the story of P6; default 200")
    parser.add_argument("--cancels", type=int, default=100, help="for P11; default 100")
    parser.add_argument("--steps", type=int, help="of a frame beside another commit's; default: their own")
    parser.add_argument("--out", type=Path, help="JSON file that the results are put into")
    return parser


if __name__ == "__main__":
    sys.exit(main())
