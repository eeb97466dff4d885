"""A Renderer whose frames are drawn by replicas in a Ray cluster. Imports no torch, and knows no pages."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from functools import partial
from typing import Any

from storyboard.errors import StoryError
from storyboard.renderer import FrameRequest, Preview, Rendered
from storyboard.served.cluster import Cluster
from storyboard.served.local import LocalRay
from storyboard.served.parcels import Refused, packed

ANSWER_SECONDS = 0.1  # within so many seconds a drawing notices that it is cancelled


class _Away(Exception):
    """The cluster was lost during a drawing."""


class ServedRenderer:
    """Draws in a cluster, as many frames at a time as it has replicas.

    Drawings that are lost there are begun again there.
    """

    def __init__(self, cluster: Cluster, local: LocalRay | None = None) -> None:
        self._cluster = cluster
        self._local = local

    @property
    def doing(self) -> str:
        """As in a Renderer."""
        return self._cluster.doing

    @property
    def notice(self) -> str:
        """As in a Renderer. While the cluster is away, it says so."""
        return self._cluster.notice

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        """As `Renderer.render`.

        Waits while the cluster is away, and begins again if the cluster was lost in between.
        """
        sent = packed(request)
        while not cancelled():
            door = self._cluster.door
            if self._cluster.failure:
                raise StoryError(self._cluster.failure)
            if door is None:
                time.sleep(ANSWER_SECONDS)
                continue
            try:
                yield from self._drawn(door, sent, cancelled)
                return
            except _Away:
                self._cluster.lost(door)
                time.sleep(ANSWER_SECONDS)

    def close(self) -> None:
        """Releases the replicas, and ends a cluster that was started for this renderer."""
        self._cluster.close()
        if self._local:
            self._local.close()

    def _drawn(
        self, door: Any, request: FrameRequest, cancelled: Callable[[], bool]
    ) -> Iterator[Preview | Rendered]:
        name = uuid.uuid4().hex
        self._answer(door, partial(door.begin.remote, name, request))
        try:
            while (event := self._answer(door, partial(door.next.remote, name), cancelled)) is not None:
                if isinstance(event, Refused):
                    raise StoryError(event.sentence)
                yield event
        finally:
            with suppress(Exception):  # if the door is gone, the stream is closed too
                door.close.remote(name)

    def _answer(
        self, door: Any, call: Callable[[], Any], cancelled: Callable[[], bool] = lambda: False
    ) -> Any:
        """Returns the result of a call of the door, or None once cancelled. _Away if the door is lost meanwhile."""
        try:
            pending = call().future()
            while not cancelled():
                with suppress(NotYet):
                    return pending.result(ANSWER_SECONDS)
                if self._cluster.door is not door:
                    raise _Away
        except Exception as error:
            if not _is_loss(error):
                raise
            raise _Away from error
        return None


def _is_loss(error: Exception) -> bool:
    """Returns whether the connection failed, and not the drawing itself."""
    from ray.exceptions import RayError, RayTaskError

    return isinstance(error, (ConnectionError, RayError)) and not isinstance(error, RayTaskError)
