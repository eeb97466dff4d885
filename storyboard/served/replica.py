"""A replica: it opens its pipeline once, then draws one frame at a time and streams the events. Runs inside Ray Serve.

Knows neither pages nor stories, and of the cluster only that a request may be cancelled.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import threading
import time
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

PAUSE_SECONDS = 0.2  # between two previews; each of them is copied by four processes on its way
STORIES = 2  # so many stories a pipeline keeps in memory as read (`storyboard.pipeline.context.ContextPool`)

log = logging.getLogger("ray.serve")


class Paced:
    """Lets an event of a drawing through, but of previews the first and then at most one each PAUSE_SECONDS."""

    def __init__(self) -> None:
        self._next = -math.inf

    def lets(self, event: Preview | Rendered, now: float) -> bool:
        """Returns whether the event is sent. now: seconds of any steady clock."""
        if not isinstance(event, Preview):
            return True
        if now < self._next:
            return False
        self._next = now + PAUSE_SECONDS
        return True


class Drawing:
    """Draws with what `opens` opens, on one machine. StoryError if it cannot be opened; Ray Serve then tries again.

    It uses as many threads as Ray gave it cores, whatever the program that started Ray was told.
    """

    def __init__(self, opens: Opens) -> None:
        cores = ray.get_runtime_context().get_assigned_resources().get("CPU", 1)
        os.environ.update(dict.fromkeys(THREADS, str(max(1, int(cores)))))
        prepare_threads()
        # All of it runs in one thread, because some of torch's modes belong to a thread.
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="drawing")
        self._renderer = self._hand.submit(opens.open, log.info).result()

    async def notice(self) -> str:
        """Returns the `Renderer.notice` of the pipeline."""
        return self._renderer.notice

    async def draw(self, request: FrameRequest) -> AsyncIterator[Preview | Rendered | Refused]:
        """Yields what `Renderer.render` yields, with fewer previews.

        Closing the stream ends the drawing after the current step.
        """
        await self._reads(serve.get_multiplexed_model_id())
        stopped, paced = threading.Event(), Paced()
        events: Any = self._renderer.render(request, stopped.is_set)
        loop = asyncio.get_running_loop()
        try:
            while (event := await loop.run_in_executor(self._hand, next, events, None)) is not None:
                if paced.lets(event, time.monotonic()):
                    yield event
        except StoryError as error:
            yield Refused(str(error))
        finally:
            stopped.set()
            self._hand.submit(events.close)  # runs after the current step and before the next frame

    @serve.multiplexed(max_num_models_per_replica=STORIES)
    async def _reads(self, story: str) -> str:
        """Tells Ray Serve that this replica can draw the story's next frame soonest. Nothing depends on it."""
        return story
