"""Steps, guidance and seed of a request: fills in defaults, and refuses numbers that are out of range.

Knows no models.
"""

from __future__ import annotations

import math

from storyboard.errors import StoryError
from storyboard.renderer import MAX_GUIDANCE, MAX_STEPS, FrameRequest, steps_for

MAX_TORCH_SEED = 2**63 - 1  # the largest seed that torch's generators take; seeds of stories are smaller


def check_numbers(request: FrameRequest, steps: int, guidance: float) -> tuple[int, float]:
    """Returns the steps and guidance of a request, or these defaults if it has none.

    The effort is applied to the steps.

    StoryError for a number out of range.
    """
    steps = steps if request.steps is None else request.steps
    guidance = guidance if request.guidance is None else request.guidance
    if not 1 <= steps <= MAX_STEPS:
        raise StoryError(f"A picture cannot be drawn in {steps} steps; choose 1 to {MAX_STEPS}.")
    if not (math.isfinite(guidance) and 0 <= guidance <= MAX_GUIDANCE):
        raise StoryError(f"The guidance {guidance} is out of range; choose 0 to {MAX_GUIDANCE:g}.")
    if not 0 <= request.seed <= MAX_TORCH_SEED:
        raise StoryError(f"The seed {request.seed} is out of range; choose 0 to {MAX_TORCH_SEED}.")
    return steps_for(steps, request.effort), guidance
