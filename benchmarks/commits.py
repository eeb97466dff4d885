"""Compares today's app with the app of an earlier commit, 19f2c39, by the time for a frame, each with its own weights.

Two programs take turns on one machine, in the environment of this program. It imports nothing of the earlier commit.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from benchmarks import GIVEN
from benchmarks.arms import SENTENCES, Timed
from benchmarks.history import CHECKOUT, check_out
from storyboard.errors import StoryError

BEFORE = "19f2c39"
PROGRAM = Path(__file__).with_name("frame_program.py")


class Drawer:
    """A program that draws a story with the code in a folder. Close it after use."""

    def __init__(
        self,
        code: Path,
        pipeline: Path,
        sentences: Sequence[str],
        steps: int | None,
        given: Mapping[str, str],
    ) -> None:
        words = (pipeline, json.dumps(sentences), "" if steps is None else steps)
        self._code = code
        self._program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.read_text(), *map(str, words)],
            cwd=code,
            env={**given, "PYTHONPATH": str(code)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._said()

    def draw(self, seed: int) -> list[float]:
        """Returns the seconds of each frame of the story."""
        assert self._program.stdin is not None
        print(seed, file=self._program.stdin, flush=True)
        return json.loads(self._said())

    def close(self) -> None:
        self._program.kill()
        self._program.communicate()

    def _said(self) -> str:
        assert self._program.stdout is not None
        line = self._program.stdout.readline()
        if not line:
            raise StoryError(
                f"What draws with the code in {self._code} ended with {self._program.wait()}; it says above why."
            )
        return line


def measured(
    pipeline: Path, repeats: int, frames: int, steps: int | None = None, commit: str = BEFORE
) -> dict[str, dict[str, float]]:
    """Returns the times of a first frame and of later frames that read the story, for our commit and the earlier one.

    The first round of each program does not count.
    """
    given = {name: value for name, value in GIVEN.items() if name != "PYTHONPATH"}
    sentences = SENTENCES[:frames]
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder)
        check_out(commit, before, "storyboard", "assets/maple-lane")
        with (
            closing(Drawer(CHECKOUT, pipeline, sentences, steps, given)) as ours,
            closing(Drawer(before, before / "assets" / "maple-lane", sentences, steps, given)) as theirs,
        ):
            turns = [(ours.draw(seed), theirs.draw(seed)) for seed in range(repeats + 1)][1:]
    pairs = [list(zip(*turn, strict=True)) for turn in turns]
    found = {
        "first frame": [turn[0] for turn in pairs],
        "later frame": [pair for turn in pairs for pair in turn[1:]],
    }
    return {name: Timed(*zip(*times, strict=True)).told() for name, times in found.items() if times}
