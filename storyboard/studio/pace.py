"""How fast frames are drawn lately, and so how long those under way and waiting will take.

Knows nothing of jobs but ids and steps, and no threads: its owner locks. Seconds throughout. Medians, because one
frame drawn while the machine was busy says little about the next.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

FRAMES_LOOKED_AT = 9
STEPS_LOOKED_AT = 50


@dataclass
class _Run:
    """A drawing under way: its latest step and when that ended (at first: when the drawing started)."""

    at: float
    step: int = 0


class Pace:
    """Measures a drawing's wait for the first step, its steps, and what comes after the last one."""

    def __init__(self, workers: int, clock: Callable[[], float]) -> None:
        self._workers = workers
        self._clock = clock
        self._runs: dict[str, _Run] = {}
        self._warm = False
        self._steps = 0  # of the latest drawing
        self._leads: deque[float] = deque(maxlen=FRAMES_LOOKED_AT)
        self._step_times: deque[float] = deque(maxlen=STEPS_LOOKED_AT)
        self._tails: deque[float] = deque(maxlen=FRAMES_LOOKED_AT)

    def started(self, job_id: str) -> None:
        self._runs[job_id] = _Run(self._clock())

    def stepped(self, job_id: str, step: int, steps: int) -> None:
        """The drawing has ended step `step` of `steps`."""
        run, now = self._runs[job_id], self._clock()
        self._steps = steps
        if run.step:
            self._step_times.append((now - run.at) / max(1, step - run.step))
        elif self._warm:
            self._leads.append(now - run.at)
        # The first one of all waits for the models to load, which says nothing about the others.
        self._warm = True
        self._runs[job_id] = _Run(now, step)

    def ended(self, job_id: str, whole: bool) -> None:
        """The drawing is over; `whole`: it left a picture."""
        run = self._runs.pop(job_id)
        if whole:
            self._tails.append(self._clock() - run.at)

    def frame(self, steps: int | None = None) -> float | None:
        """Returns the seconds of a whole frame of `steps`, or of as many as the latest had.

        None until two steps of one have been seen.
        """
        if not self._step_times:
            return None
        return (
            _median(self._leads) + (steps or self._steps) * _median(self._step_times) + _median(self._tails)
        )

    def seconds_left(self, progress: Sequence[tuple[int, int]]) -> list[float | None]:
        """Returns the seconds until each of these is done, given (step, steps) of each.

        Those being drawn come first, then those waiting, in order.
        """
        whole = self.frame()
        if whole is None:
            return [None] * len(progress)
        left: list[float | None] = []
        work = 0.0  # of everything before
        for step, steps in progress:
            own = (steps - step) * _median(self._step_times) + _median(self._tails) if step else whole
            running = len(left) < self._workers  # nothing has to end before it
            left.append(own if running else work / self._workers + own)
            work += own
        return left


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0
