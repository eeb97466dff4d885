"""A call that reports as it goes, as a generator: diffusers calls back after every step, and a `Renderer` yields.

Knows threads, and neither models nor stories.
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
    """Nobody waits for the result any more; thrown inside the call, out of `tell`."""


def as_generator(work: Callable[[Callable[[Event], None]], Result]) -> Generator[Event, None, Result]:
    """Yields what `work` tells while it runs in a thread of its own; the generator's value is what it returns.

    Raises what `work` raises. Once the generator is closed, the next `tell` raises Abandoned in `work`, and closing
    waits until it has ended.
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
        except BaseException as error:  # raised again where the generator is
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
