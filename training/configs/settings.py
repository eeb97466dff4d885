"""How a pipeline folder draws, as arguments of the commands that write such a folder. Knows neither parts nor
checkpoints.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from storyboard.errors import StoryError
from training.configs.parts import SCHEDULERS, Scheduler

Filter = Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]


@dataclass(kw_only=True)
class PipelineSettings:
    """Settings of a pipeline. The command that inherits them decides about those that are not given."""

    first_frame: Literal["char-ldm", "llm"] | None = field(
        default=None,
        metadata={"help": "what draws a frame without history: the portraits, or the language model"},
    )
    start_merge_step: int | None = field(
        default=None,
        metadata={"help": "calls up to this one read the text alone (delayed conditioning); -1: none"},
    )
    cast_prefix: bool | None = field(default=None, metadata={"help": "portraits open the history"})
    portrait_filter: Filter | None = field(
        default=None, metadata={"help": "how portraits are brought to the image encoder's size"}
    )
    scheduler: Literal["dpm", "pndm", "ddim"] | None = field(
        default=None, metadata={"help": "the sampler; by default that of the parts"}
    )

    def __post_init__(self) -> None:
        if self.start_merge_step is not None and self.start_merge_step < -1:
            raise StoryError(
                f"--start_merge_step {self.start_merge_step}: give the number of a call, from 0, or -1 for no delay."
            )

    def chosen(self) -> dict[str, Any]:
        """Returns those settings of a StoryPipeline that were given."""
        names = ("first_frame", "start_merge_step", "cast_prefix", "portrait_filter")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def sampler(self, kept: Scheduler) -> Scheduler:
        """Returns the requested sampler with the noise schedule of `kept`; `kept` itself if none was requested."""
        if self.scheduler is None:
            return kept
        kind = SCHEDULERS[self.scheduler]
        # PNDM's first steps, of four calls each, are skipped, as in Stable Diffusion.
        more = {"skip_prk_steps": True} if self.scheduler == "pndm" else {}
        return kind.from_config(kept.config, **more)
