"""P14, `python -m benchmarks.soak`: frames drawn again and again, and what that leaves behind in memory.

Through a session, a library and its pictures, as the app draws, explained as on the page; some drawings are cancelled
half-way. The slope is that of a line through the resident memory after a warm-up.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.arms import SENTENCES
from benchmarks.results import keep
from storyboard.library import Library
from storyboard.models.folder import bundled_pipeline, check_folder
from storyboard.pipeline.engine import open_fastest
from storyboard.renderer import Renderer
from storyboard.story.values import Character, new_story
from storyboard.studio.cast import load_cast
from storyboard.studio.session import StorySession

WARM_UP = 0.2  # the share of rerolls before the line begins
CANCEL_EVERY = 10


def measured(renderer: Renderer, folder: Path, rerolls: int, steps: int | None = None) -> dict[str, Any]:
    """Returns the slope in KB for each reroll, threads and open files before and after, and how times changed.

    folder: the pipeline's, whose cast the story has.
    """
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as workshop:
        library = Library(Path(workshop))
        session = _session(renderer, load_cast(folder, library.pictures), library, steps)
        frame = session.story.frames[-1].id
        samples, seconds, before = [], [], None
        for number in range(rerolls):
            if number == int(WARM_UP * rerolls):
                before = (process.num_threads(), _open_files(process))
            if number % CANCEL_EVERY == CANCEL_EVERY - 1:
                _cancel(session, frame)
            start = time.perf_counter()
            for _ in session.reroll(frame):
                pass
            seconds.append(time.perf_counter() - start)
            samples.append(process.memory_info().rss)
        after = (process.num_threads(), _open_files(process))
        library.close()
    return {
        "rerolls": rerolls,
        "kb_a_reroll": slope(samples[int(WARM_UP * rerolls) :]) / 1000,
        "threads": [before[0], after[0]],
        "files": [before[1], after[1]],
        "last_over_first": float(np.median(seconds[-rerolls // 10 :]) / np.median(seconds[: rerolls // 10])),
    }


def slope(samples: Sequence[float]) -> float:
    """Returns how much a sample adds on average, by least squares."""
    return float(np.polyfit(np.arange(len(samples)), np.asarray(samples, float), 1)[0])


def _session(
    renderer: Renderer, cast: tuple[Character, ...], library: Library, steps: int | None
) -> StorySession:
    session = StorySession(
        new_story(cast), renderer, library.pictures, steps=steps, save=library.save, explain=True
    )
    for sentence in SENTENCES[:3]:
        for _ in session.draw(session.add(sentence).id):
            pass
    return session


def _cancel(session: StorySession, frame: str) -> None:
    """Starts a drawing and cancels it after its second step."""
    asked = itertools.count()
    for _ in session.reroll(frame, cancelled=lambda: next(asked) > 3):
        pass


def _open_files(process: psutil.Process) -> int:
    return process.num_fds() if hasattr(process, "num_fds") else process.num_handles()


def main(argv: list[str] | None = None) -> int:
    """Returns the exit status, 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--pipeline", type=Path, default=bundled_pipeline(), metavar="FOLDER")
    parser.add_argument("--rerolls", type=int, default=500)
    parser.add_argument("--steps", type=int, help="of each; default: the pipeline's own")
    parser.add_argument("--out", type=Path, help="JSON file that the results are put into")
    options = parser.parse_args(argv)
    check_folder(options.pipeline)
    renderer = open_fastest(options.pipeline)
    found = measured(renderer, options.pipeline, options.rerolls, options.steps)
    print(json.dumps(found, indent=1))
    keep(options.out, {"P14 drawn again and again": found})
    return 0


if __name__ == "__main__":
    sys.exit(main())
