"""What the pipelines of compared systems share: noise from a seed, pictures as pixels, drawing a frame, saving a
folder.

Each is a Renderer, so that it is drawn, kept and scored like every other system. Knows no particular system.
"""

from __future__ import annotations

import copy
import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from diffusers import DiffusionPipeline
from PIL import Image
from torch import nn

from storyboard.models.denoise import Network, denoise
from storyboard.models.latents import decode_latents, downsampling, to_picture
from storyboard.renderer import ContextFrame, FrameRequest, Picture, Preview, Rendered
from training.examples.pixels import pixels_of


class BaselinePipeline(DiffusionPipeline):
    """A compared system as a pipeline.

    CONDITIONING: what its pictures are said to be drawn from.
    SETTINGS: arguments that are no parts.
    GIVEN: how many opening frames of a story it is given, in order to continue them.
    """

    CONDITIONING = ""
    GIVEN = 0
    SETTINGS: tuple[str, ...] = ("steps", "guidance")

    @property
    def side(self) -> int:
        """The width and height of a picture in pixels."""
        return self.unet.config.sample_size * downsampling(self.vae)

    def forget(self) -> None:
        """Drops everything that was made with the weights; needed after they change."""

    def pixels(self, picture: Picture) -> torch.Tensor:
        """Returns a picture in the form that the autoencoder reads, (1, 3, side, side) in -1..1."""
        seen = picture.convert("RGB")
        if seen.size != (self.side, self.side):
            seen = seen.resize((self.side, self.side), Image.Resampling.LANCZOS)
        return pixels_of(np.array(seen))[None].to(self.device)

    def denoised(
        self,
        network: Network,
        states: torch.Tensor,
        null: torch.Tensor,
        request: FrameRequest,
        cancelled: Callable[[], bool],
    ) -> Iterator[Preview | Rendered]:
        """Yields what `Renderer.render` yields. states, null: conditions (1, L, D).

        Previews have no picture, because nobody watches an evaluation.
        """
        start = time.perf_counter()
        steps = request.steps or self.config.steps
        guidance = self.config.guidance if request.guidance is None else request.guidance
        noise = self._noise(request.seed).to(states)
        for step in denoise(network, self.scheduler, noise, states, null, steps=steps, guidance=guidance):
            if cancelled():
                return
            yield Preview(step.index + 1, step.total, None)
        picture = to_picture(decode_latents(self.vae, step.latents))
        yield self.rendered(picture, request, steps, guidance, start)

    def rendered(
        self, picture: Image.Image, request: FrameRequest, steps: int, guidance: float, start: float
    ) -> Rendered:
        """Returns a picture that was drawn since the time `start`.

        Its conditioning is the system's own, which stories of the app do not have.
        """
        seconds = time.perf_counter() - start
        return Rendered(
            picture,
            (),
            self.CONDITIONING,  # type: ignore[arg-type]  # a compared system has its own
            request.seed,
            steps,
            guidance,
            seconds,
        )

    def _noise(self, seed: int) -> torch.Tensor:
        size = self.unet.config.sample_size
        shape = (1, self.unet.config.in_channels, size, size)
        return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed))

    def save_half(self, path: str | Path) -> None:
        """Saves the weights in float16. This pipeline does not change."""
        halves = {
            name: copy.deepcopy(part).half() if isinstance(part, nn.Module) else part
            for name, part in self.components.items()
        }
        settings = {name: self.config[name] for name in self.SETTINGS}
        type(self)(**halves, **settings).save_pretrained(str(path), safe_serialization=True)


def frame_key(frame: ContextFrame) -> tuple[str, str]:
    """Returns a key that identifies an earlier frame: its caption, and a hash of its pixels."""
    rgb = frame.picture.convert("RGB")
    return frame.caption, hashlib.sha256(repr(rgb.size).encode() + rgb.tobytes()).hexdigest()
