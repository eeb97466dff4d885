"""One drawing of a frame, as a value: what the queue hands out, the library remembers and the page shows.

Knows neither the queue nor a session.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PIL import Image

JobState = Literal["queued", "drawing", "done", "failed", "cancelled", "interrupted"]


@dataclass(frozen=True)
class Job:
    """One drawing as it was when asked: `step` of `steps` done, `preview` the latest rough picture while drawing."""

    id: str
    story_id: str
    frame_id: str
    reroll: bool = False
    best: bool = False  # drawn again until nothing is wrong with it
    state: JobState = "queued"
    step: int = 0
    steps: int = 0  # 0 until the first step is done
    preview: Image.Image | None = None
    error: str | None = None  # the sentence for the writer when state is "failed"
    ahead: int = 0  # jobs, of any story, that end before this one starts, while it is queued
    seconds_left: float | None = None  # estimate until it is done; None while nothing is known, and once over

    @property
    def finished(self) -> bool:
        return self.state not in ("queued", "drawing")
