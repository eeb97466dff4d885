"""A pipeline that survives running out of memory: it empties its caches and draws the frame once more.

Knows how running out of memory looks, but nothing of how pictures are drawn.
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
    """A renderer that keeps caches from frame to frame."""

    def clear_caches(self) -> None:
        """Empties the caches."""
        ...


class SturdyRenderer:
    """Draws with `pipeline`. If memory runs out, it empties the caches and draws the frame a second time."""

    doing = ""

    def __init__(self, pipeline: Keeping) -> None:
        self.pipeline = pipeline
        self.notice = pipeline.notice

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        """As `Renderer.render`. StoryError if memory runs out a second time."""
        for attempt in range(2):
            try:
                yield from self.pipeline.render(request, cancelled)
                return
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                log.warning("memory ran out (attempt %d): %s", attempt + 1, error)
            # After the except block, because inside it the error's traceback still holds every tensor of the drawing.
            self.pipeline.clear_caches()
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
        raise StoryError(
            "There was not enough memory for this picture; close other programs, and draw it again."
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Returns whether an error says that no memory was left, on any device."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(one in said for one in OUT_OF_MEMORY)
