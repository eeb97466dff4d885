"""Measures how fast frames are drawn, and from that how long running and waiting drawings will take.

Of jobs it knows only ids and steps. It does not lock; its owner does. All times are in seconds. It uses medians,
because one frame that was drawn while the machine was busy says little about the next one.
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
    """A running drawing: its latest step, and when that step ended. Before the first step: when the drawing started."""

    at: float
    step: int = 0


class Pace:
    """Measures the time before a drawing's first step, the time of each step, and the time after the last step."""

    def __init__(self, workers: int, clock: Callable[[], float]) -> None:
        self._workers = workers
        self._clock = clock
        self._runs: dict[str, _Run] = {}
        self._warm = False
        self._steps = 0  # the number of steps of the latest drawing
        self._leads: deque[float] = deque(maxlen=FRAMES_LOOKED_AT)
        self._step_times: deque[float] = deque(maxlen=STEPS_LOOKED_AT)
        self._tails: deque[float] = deque(maxlen=FRAMES_LOOKED_AT)

    def started(self, job_id: str) -> None:
        self._runs[job_id] = _Run(self._clock())

    def stepped(self, job_id: str, step: int, steps: int) -> None:
        """Notes that the drawing has ended step `step` of `steps`."""
        run, now = self._runs[job_id], self._clock()
        self._steps = steps
        if run.step:
            self._step_times.append((now - run.at) / max(1, step - run.step))
        elif self._warm:
            self._leads.append(now - run.at)
        # The very first drawing waits until the models are loaded, which says nothing about later drawings.
        self._warm = True
        self._runs[job_id] = _Run(now, step)

    def ended(self, job_id: str, whole: bool) -> None:
        """Notes that the drawing has ended. `whole`: whether it left a picture."""
        run = self._runs.pop(job_id)
        if whole:
            self._tails.append(self._clock() - run.at)

    def frame(self, steps: int | None = None) -> float | None:
        """Returns the seconds of a whole frame of `steps`, or of as many steps as the latest drawing had.

        Returns None until two steps of a drawing have been measured.
        """
        if not self._step_times:
            return None
        return (
            _median(self._leads) + (steps or self._steps) * _median(self._step_times) + _median(self._tails)
        )

    def seconds_left(self, progress: Sequence[tuple[int, int]]) -> list[float | None]:
        """Returns the seconds until each drawing is done, given (step, steps) of each; None if nothing is known yet.

        Running drawings come first, then waiting ones, in order.
        """
        whole = self.frame()
        if whole is None:
            return [None] * len(progress)
        left: list[float | None] = []
        work = 0.0  # seconds of all drawings before this one
        for step, steps in progress:
            own = (steps - step) * _median(self._step_times) + _median(self._tails) if step else whole
            running = len(left) < self._workers  # then it need not wait for another drawing to end
            left.append(own if running else work / self._workers + own)
            work += own
        return left


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0
