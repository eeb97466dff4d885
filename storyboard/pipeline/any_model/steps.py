"""Turns a call that reports its progress into a generator: diffusers calls back after every step, a `Renderer` yields.

Knows threads, but neither models nor stories.
"""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Generator
from typing import TypeVar

Event = TypeVar("Event")
Result = TypeVar("Result")


class Abandoned(Exception):
    """Nobody waits for the result any more. It is raised inside the call, by `tell`."""


def as_generator(work: Callable[[Callable[[Event], None]], Result]) -> Generator[Event, None, Result]:
    """Yields what `work` tells while it runs in a thread of its own. The generator's value is what `work` returns.

    Raises what `work` raises. Once the generator is closed, the next `tell` raises Abandoned in `work`. Closing waits
    until `work` has ended.
    """
    told: queue.SimpleQueue = queue.SimpleQueue()
    closed = threading.Event()

    def tell(event: Event) -> None:
        if closed.is_set():
            raise Abandoned
        told.put(("event", event))

    def run() -> None:
        try:
            told.put(("result", work(tell)))
        except BaseException as error:  # raised again in the generator's thread
            told.put(("error", error))

    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(run,), name="drawing-steps", daemon=True)
    thread.start()
    try:
        while True:
            kind, value = told.get()
            if kind == "event":
                yield value
            elif kind == "result":
                return value
            else:
                raise value
    finally:
        closed.set()
        thread.join()
