"""A pipeline that goes on after memory ran out: it lets go of what is kept of other stories and tries once more.

Knows what running out of memory looks like, and nothing of how pictures are drawn.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from typing import Protocol

import torch

from storyboard.errors import StoryError
from storyboard.renderer import FrameRequest, Preview, Rendered, Renderer

OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory", "alloc_failed")
log = logging.getLogger(__name__)


class Keeping(Renderer, Protocol):
    """A renderer that keeps things from frame to frame."""

    def clear_caches(self) -> None:
        """Let go of them."""
        ...


class SturdyRenderer:
    """Draws with `pipeline`; a frame for which memory ran out is drawn once more with the caches emptied."""

    doing = ""

    def __init__(self, pipeline: Keeping) -> None:
        self.pipeline = pipeline
        self.notice = pipeline.notice

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        """As `Renderer.render`. StoryError where memory runs out a second time."""
        for attempt in range(2):
            try:
                yield from self.pipeline.render(request, cancelled)
                return
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                log.warning("memory ran out (attempt %d): %s", attempt + 1, error)
            # Outside of the except block: there the error's traceback still holds every tensor of the drawing.
            self.pipeline.clear_caches()
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
        raise StoryError(
            "There was not enough memory for this picture; close other programs, and draw it again."
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Returns whether an error says that there was no memory left, on whatever device."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(one in said for one in OUT_OF_MEMORY)
