"""Drawing on the command line: the pipeline, loaded only once it is needed, and progress on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from storyboard.errors import StoryError
from storyboard.renderer import Preview, Renderer
from storyboard.story.values import Take


def open_pipeline(folder: Path) -> Renderer:
    """The pipeline in a folder. StoryError where it is missing, half-written or unsafe."""
    from storyboard.pipeline import StoryPipeline  # torch: seconds to import, and only drawing needs it

    pipeline = StoryPipeline.from_pretrained(folder, tell=_telling())
    if pipeline.notice:
        tell(pipeline.notice)
    return pipeline


def finish(drawing: Iterator[Preview | Take], title: str) -> Take:
    """Draw to the end, telling how far it is; the take."""
    for event in drawing:
        if isinstance(event, Preview):
            _progress(f"{title}: step {event.step} of {event.steps}", over=False)
        else:
            _progress(f"{title}: {event.steps} steps, {event.seconds:.1f} s", over=True)
            return event
    raise StoryError(f"{title} was not drawn; run the command again.")


def tell(sentence: str) -> None:
    """Say on standard error what a command goes on without."""
    print(f"storyboard: {sentence}", file=sys.stderr)


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
