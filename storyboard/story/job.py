"""The drawing of a frame as a value. The queue hands it out, the library remembers it and the page shows it.

Knows neither the queue nor a session.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PIL import Image

JobState = Literal["queued", "drawing", "done", "failed", "cancelled", "interrupted"]


@dataclass(frozen=True)
class Job:
    """A drawing as it was at the moment of asking.

    `step` of `steps` denoising steps are done. `preview` is the latest rough picture while the frame is being drawn.
    """

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
    ahead: int = 0  # while it is queued: how many jobs, of any story, end before it starts
    seconds_left: float | None = None  # estimated seconds until it is done; None if unknown or after the end

    @property
    def finished(self) -> bool:
        return self.state not in ("queued", "drawing")
