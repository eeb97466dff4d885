"""Drawing on the command line: loads the pipeline only when it is needed, and reports progress on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from storyboard.errors import StoryError
from storyboard.renderer import Preview, Renderer
from storyboard.story.job import Job
from storyboard.story.values import Story, Take
from storyboard.studio.studio import Studio


def open_pipeline(folder: Path) -> Renderer:
    """Returns the pipeline in a folder. StoryError if it is missing, half-written or unsafe."""
    from storyboard.pipeline.engine import open_fastest  # torch: seconds to import, and only drawing needs it

    pipeline = open_fastest(folder, tell=_telling())
    if pipeline.notice:
        tell(pipeline.notice)
    return pipeline


def finish(drawing: Iterator[Preview | Take], title: str) -> Take:
    """Draws to the end, and reports the progress. Returns the take."""
    for event in drawing:
        if isinstance(event, Preview):
            _progress(f"{title}: step {event.step} of {event.steps}", over=False)
        else:
            _progress(f"{title}: {event.steps} steps, {event.seconds:.1f} s", over=True)
            return event
    raise StoryError(f"{title} was not drawn; run the command again.")


def finish_all(studio: Studio, story_id: str) -> None:
    """Waits for all drawings of a story, and reports the progress. StoryError if one of them fails."""
    told: set[str] = set()
    while True:
        seen = studio.queue.version(story_id)
        jobs = studio.queue.jobs_of(story_id)
        for job in jobs:
            _tell_of(job, studio.session(story_id).story, told)
        if all(job.finished for job in jobs):
            return
        studio.queue.wait_for_change(story_id, seen, timeout=5)


def tell(sentence: str) -> None:
    """Says on standard error what a command has to do without."""
    print(f"storyboard: {sentence}", file=sys.stderr)


def _tell_of(job: Job, story: Story, told: set[str]) -> None:
    """Reports the progress of a job, and once that it is done. `told`: the ids of jobs that were reported as done."""
    title = f"Frame {story.frame_number(job.frame_id)}"
    if job.state == "failed":
        raise StoryError(job.error or f"{title} was not drawn; run the command again.")
    if job.state == "drawing" and job.step:
        _progress(f"{title}: step {job.step} of {job.steps}", over=False)
    if job.state == "done" and job.id not in told:
        told.add(job.id)
        take = story.frame(job.frame_id).takes[-1]
        _progress(f"{title}: {take.steps} steps, {take.seconds:.1f} s", over=True)


def _telling() -> Callable[[str], None]:
    """Returns a function that shows sentences on a terminal, each in place of the last. Elsewhere it shows nothing.

    A log should not grow by megabytes.
    """
    return (
        (lambda sentence: _progress(sentence, over=False)) if sys.stderr.isatty() else lambda sentence: None
    )


def _progress(line: str, over: bool) -> None:
    """Shows one line per frame. On a terminal it is rewritten in place; elsewhere only its last state is printed."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="\n" if over else "", file=sys.stderr, flush=True)
    elif over:
        print(line, file=sys.stderr, flush=True)
