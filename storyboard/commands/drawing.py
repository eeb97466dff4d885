"""Drawing on the command line: the pipeline, loaded only once it is needed, and progress on standard error."""

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
    """Returns the pipeline in a folder. StoryError where it is missing, half-written or unsafe."""
    from storyboard.pipeline.engine import open_fastest  # torch: seconds to import, and only drawing needs it

    pipeline = open_fastest(folder, tell=_telling())
    if pipeline.notice:
        tell(pipeline.notice)
    return pipeline


def finish(drawing: Iterator[Preview | Take], title: str) -> Take:
    """Draws to the end, telling how far it is. Returns the take."""
    for event in drawing:
        if isinstance(event, Preview):
            _progress(f"{title}: step {event.step} of {event.steps}", over=False)
        else:
            _progress(f"{title}: {event.steps} steps, {event.seconds:.1f} s", over=True)
            return event
    raise StoryError(f"{title} was not drawn; run the command again.")


def finish_all(studio: Studio, story_id: str) -> None:
    """Wait for everything that is drawn of a story, telling how far it is. StoryError for what could not be drawn."""
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
    """Say on standard error what a command goes on without."""
    print(f"storyboard: {sentence}", file=sys.stderr)


def _tell_of(job: Job, story: Story, told: set[str]) -> None:
    """Tell of one job, once it is over for the last time; `told` has those that were."""
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
    """On a terminal every sentence in place of the one before; elsewhere nothing, for a log wants no megabytes."""
    return (
        (lambda sentence: _progress(sentence, over=False)) if sys.stderr.isatty() else lambda sentence: None
    )


def _progress(line: str, over: bool) -> None:
    """One line a frame, rewritten in place on a terminal; elsewhere only its last state."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="\n" if over else "", file=sys.stderr, flush=True)
    elif over:
        print(line, file=sys.stderr, flush=True)
