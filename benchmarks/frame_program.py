"""Draws a story on request with the code of the commit in which it runs. `commits.py` times two of these programs.

For every seed on a line of standard input, it draws the story from its first frame and answers with the time of each
frame, as a list in JSON. It uses only what every commit since 19f2c39 can do, opens the pipeline like the app of its
commit, and requests the same as its page. Arguments: the pipeline's folder, the sentences as JSON, and the steps or "".
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path


def opened(folder: Path):
    """Returns the pipeline of a folder, opened like in the app of this commit."""
    try:
        from storyboard.models.threads import prepare_threads
    except ImportError:  # a commit whose app did not set torch's threads
        pass
    else:
        prepare_threads()
    try:
        from storyboard.pipeline.engine import open_fastest
    except ImportError:  # a commit with only one engine
        from storyboard.pipeline import StoryPipeline

        return StoryPipeline.from_pretrained(folder)
    return open_fastest(folder)


def cast_of(folder: Path) -> tuple:
    """Returns the cast of a pipeline folder, with the first portrait of each."""
    from PIL import Image

    from storyboard.renderer import CastMember

    return tuple(
        CastMember(
            one["name"],
            one["pronoun"],
            tuple(one.get("aliases", ())),
            Image.open(folder / one["portraits"][0]["file"]).convert("RGB"),
        )
        for one in json.loads((folder / "cast.json").read_text(encoding="utf-8"))["characters"]
    )


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # so that other output is not read as an answer
    folder, sentences, steps = Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
    pipeline, cast = opened(folder), cast_of(folder)
    from storyboard.renderer import ContextFrame, FrameRequest

    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        history, seconds = [], []
        for sentence in sentences:
            request = FrameRequest(
                sentence, cast, tuple(history), int(line), steps=int(steps) if steps else None, explain=True
            )
            start = time.perf_counter()
            *_, rendered = pipeline.generate(request)
            seconds.append(time.perf_counter() - start)
            history.append(ContextFrame(sentence, rendered.picture))
        print(json.dumps(seconds), file=answers, flush=True)


if __name__ == "__main__":
    main()
