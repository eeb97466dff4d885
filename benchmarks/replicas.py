"""`python -m benchmarks.replicas`: four stories drawn by one replica and by two, with Ray on this machine.

Through studio, queue, library and Ray Serve, as `app.py --serve local` draws. Every replica has one thread, so two of
them need two idle cores; the load is told beside.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.__main__ import machine
from benchmarks.arms import SENTENCES
from storyboard.library import Library
from storyboard.models.folder import bundled_pipeline, check_folder
from storyboard.renderer import Renderer
from storyboard.served import Cluster, LocalRay, PipelineFolder, ServedRenderer
from storyboard.studio.cast import load_cast
from storyboard.studio.model_name import model_name
from storyboard.studio.studio import Studio

STORIES = 4
ARMS = (1, 2)


def measured(folder: Path, frames: int, steps: int | None = None) -> dict[str, Any]:
    """Returns the seconds for STORIES stories of `frames` frames with one replica and with two, with one core each."""
    found: dict[str, Any] = {}
    opens = PipelineFolder.of(folder, model_name(folder))
    for replicas in ARMS:
        local = LocalRay(cores=replicas)
        cluster = Cluster(local.address, "benchmark", opens, replicas)
        with closing(ServedRenderer(cluster, local)) as renderer:
            while cluster.drawing < replicas:
                time.sleep(0.2)
            found[f"replicas_{replicas}_s"] = drawn(renderer, folder, replicas, frames, steps)
    found["ratio"] = found["replicas_1_s"] / found["replicas_2_s"]
    return found


def drawn(renderer: Renderer, folder: Path, workers: int, frames: int, steps: int | None) -> float:
    """Returns the seconds from the first request to the last drawn frame.

    The first round of all stories does not count.
    """
    with tempfile.TemporaryDirectory() as workshop, closing(Library(Path(workshop))) as library:
        cast = load_cast(folder, library.pictures)
        with closing(
            Studio(renderer, cast, library.pictures, library=library, steps=steps, workers=workers)
        ) as studio:
            for _ in range(2):
                stories = [studio.create() for _ in range(STORIES)]
                start = time.perf_counter()
                for story in stories:
                    studio.add_many(story, SENTENCES[:frames], draw=True)
                for job in [job for story in stories for job in studio.queue.jobs_of(story)]:
                    over = studio.wait(job)
                    if over.state != "done":
                        raise RuntimeError(over.error or over.state)
            return time.perf_counter() - start


def main(argv: list[str] | None = None) -> int:
    """Prints the measurements as JSON. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.replicas", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--pipeline", type=Path, default=bundled_pipeline(), metavar="FOLDER")
    parser.add_argument(
        "--frames", type=int, default=3, help=f"of each story, at most {len(SENTENCES)}; default 3"
    )
    parser.add_argument("--steps", type=int, help="of each frame; default: the pipeline's own")
    options = parser.parse_args(argv)
    check_folder(options.pipeline)
    before = os.getloadavg()[0]
    found = measured(options.pipeline, options.frames, options.steps)
    print(json.dumps({"machine": machine(), "load_before": before, "measured": found}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
