"""A replica: it opens its pipeline once, then draws one frame at a time and streams what comes. Runs inside Ray Serve.

Knows neither pages nor stories, and of the cluster only that a request may be cancelled.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ray
from ray import serve

from storyboard.errors import StoryError
from storyboard.models.threads import THREADS, prepare_threads
from storyboard.renderer import FrameRequest, Preview, Rendered
from storyboard.served.opens import Opens
from storyboard.served.parcels import Refused

STORIES = 2  # whose reading a pipeline keeps, as `storyboard.pipeline.context.ContextPool` does

log = logging.getLogger("ray.serve")


class Drawing:
    """What `opens` opens, on one machine. StoryError where it cannot; Ray Serve then tries again.

    It has as many threads as Ray gave it cores, whatever the program that started Ray was told.
    """

    def __init__(self, opens: Opens) -> None:
        cores = ray.get_runtime_context().get_assigned_resources().get("CPU", 1)
        os.environ.update(dict.fromkeys(THREADS, str(max(1, int(cores)))))
        prepare_threads()
        # One thread for all of it: torch keeps some of its modes by thread.
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="drawing")
        self._renderer = self._hand.submit(opens.open, log.info).result()

    async def notice(self) -> str:
        """Returns what the pipeline goes on without, as `Renderer.notice`."""
        return self._renderer.notice

    async def draw(self, request: FrameRequest) -> AsyncIterator[Preview | Rendered | Refused]:
        """Yields what `Renderer.render` yields. Closing the stream ends the drawing after the step under way."""
        await self._reads(serve.get_multiplexed_model_id())
        stopped = threading.Event()
        events: Any = self._renderer.render(request, stopped.is_set)
        loop = asyncio.get_running_loop()
        try:
            while (event := await loop.run_in_executor(self._hand, next, events, None)) is not None:
                yield event
        except StoryError as error:
            yield Refused(str(error))
        finally:
            stopped.set()
            self._hand.submit(events.close)  # behind the step under way, before the next frame

    @serve.multiplexed(max_num_models_per_replica=STORIES)
    async def _reads(self, story: str) -> str:
        """Tells Ray Serve that this story's next frame is drawn soonest here. Nothing depends on it."""
        return story
