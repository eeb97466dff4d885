"""Draws a frame with any text-to-image pipeline of diffusers: a prompt goes in, previews and one picture come out.

It is a `Renderer`. A pipeline gets only those arguments that its signature has. Knows no stories.
"""

from __future__ import annotations

import inspect
import math
import threading
import time
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any

import torch
from PIL import Image

from storyboard.errors import StoryError
from storyboard.pipeline.any_model.adapter import PortraitAdapter
from storyboard.pipeline.any_model.previews import Colours, rough_picture
from storyboard.pipeline.any_model.prompts import Understood, understand, write_prompt
from storyboard.pipeline.any_model.steps import Abandoned, as_generator
from storyboard.pipeline.numbers import check_numbers
from storyboard.renderer import ASPECTS, FrameRequest, Preview, Rendered, Style

ANSWER_SECONDS = 0.1  # within so many seconds a waiting request notices that it is cancelled
GUIDANCE = 7.5  # for pipelines that have no default of their own
EIGHT = 8  # in every pipeline of diffusers, sides are multiples of so many pixels
SIDE = 512  # pixels a side of a square picture, for pipelines that do not say it


class AnyModelRenderer:
    """Draws with `pipe`, one request at a time. Equal requests give equal pictures.

    adapter: how it looks at portraits; None if it reads words alone. steps, guidance: for requests that have none.
    colours: the map of `previews.fitted_colours`.
    """

    doing = ""

    def __init__(
        self,
        pipe: Any,
        adapter: PortraitAdapter | None,
        steps: int,
        guidance: float | None = None,
        colours: Colours | None = None,
        notice: str = "",
    ) -> None:
        self._pipe = pipe
        self._adapter = adapter
        self._steps = steps
        self._takes = inspect.signature(pipe.__call__).parameters
        own = self._takes["guidance_scale"].default if "guidance_scale" in self._takes else 0.0
        self._guidance = float(own if own is not None else GUIDANCE) if guidance is None else guidance
        self._colours = colours
        self.notice = notice
        self._lock = threading.Lock()

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        """As `Renderer.render`. `cancelled` is asked while waiting and after every step."""
        steps, guidance = check_numbers(request, self._steps, self._guidance)
        understood = understand(request)
        while not self._lock.acquire(timeout=ANSWER_SECONDS):
            if cancelled():
                return
        try:
            start = time.perf_counter()
            picture = yield from self._draw(request, understood, steps, guidance, cancelled)
        finally:
            self._lock.release()
        if picture is not None:
            yield Rendered(
                picture,
                tuple(member.name for member in understood.shown),
                "prompt",
                request.seed,
                steps,
                guidance,
                seconds=time.perf_counter() - start,
                readings=understood.readings if request.explain else (),
                prompt=self.prompt(understood, request.style.words),
            )

    def clear_caches(self) -> None:
        """Frees what an unfinished drawing has left on the GPU, for a pipeline whose parts take turns there."""
        self._pipe.maybe_free_model_hooks()

    def prompt(self, understood: Understood, style: str) -> str:
        """Returns the prompt for the model."""
        return write_prompt(understood, style, self._fits)

    def size(self, aspect: str) -> tuple[int, int]:
        """Returns the height and width in pixels of a picture of that shape, with about the model's own area."""
        side, multiple = self._own_side(), self._multiple()
        wide, high = ASPECTS[aspect]
        root = (wide / high) ** 0.5
        return tuple(max(multiple, round(one / multiple) * multiple) for one in (side / root, side * root))

    def _draw(
        self,
        request: FrameRequest,
        understood: Understood,
        steps: int,
        guidance: float,
        cancelled: Callable[[], bool],
    ) -> Generator[Preview, None, Image.Image | None]:
        """Yields previews. The generator's value is the picture, or None once cancelled."""
        size = self.size(request.style.aspect)
        given = self._arguments(request, understood, steps, guidance, size)
        try:
            output = yield from as_generator(partial(self._call, given, steps, size, cancelled))
        except BaseException as error:  # also if nobody waits for the picture any more
            self.clear_caches()
            if isinstance(error, Abandoned):
                return None
            raise
        if any(getattr(output, "nsfw_content_detected", None) or ()):
            raise StoryError(
                "The model's own safety checker blacked out this picture; draw it again, or word it otherwise."
            )
        return output.images[0].convert("RGB")

    def _call(
        self,
        given: dict[str, Any],
        steps: int,
        size: tuple[int, int],
        cancelled: Callable[[], bool],
        tell: Callable[[Preview], None],
    ) -> Any:
        def step_end(pipe: Any, index: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            if cancelled():
                raise Abandoned
            step = min(index + 1, steps)
            tell(Preview(step, steps, rough_picture(tensors["latents"], self._colours, step, steps, size)))
            return tensors

        if cancelled():
            raise Abandoned
        if "callback_on_step_end" in self._takes:
            given["callback_on_step_end"] = step_end
        return self._pipe(**given)

    def _arguments(
        self,
        request: FrameRequest,
        understood: Understood,
        steps: int,
        guidance: float,
        size: tuple[int, int],
    ) -> dict[str, Any]:
        style: Style = request.style
        wished = {
            "negative_prompt": style.negative or None,
            "height": size[0],
            "width": size[1],
            "num_inference_steps": steps,
            "guidance_scale": guidance,
            "generator": torch.Generator("cpu").manual_seed(request.seed),
        }
        given = {name: value for name, value in wished.items() if name in self._takes}
        given["prompt"] = self.prompt(understood, style.words)
        if self._adapter is not None:
            portraits: list[Image.Image] = [one.portrait.convert("RGB") for one in understood.shown]
            example = None if style.picture is None else style.picture.convert("RGB")
            given |= self._adapter.arguments(portraits, example, size)
        return given

    def _fits(self, prompt: str) -> bool:
        """Returns whether one of the model's text encoders reads all of a prompt; True if no encoder has a limit."""
        tokenizers = [getattr(self._pipe, name, None) for name in ("tokenizer", "tokenizer_2", "tokenizer_3")]
        known = [one for one in tokenizers if one is not None and one.model_max_length < 10**6]
        return not known or any(
            len(one(prompt, truncation=False, verbose=False).input_ids) <= one.model_max_length
            for one in known
        )

    def _own_side(self) -> int:
        part = getattr(self._pipe, "unet", None) or getattr(self._pipe, "transformer", None)
        sample = getattr(part.config, "sample_size", None) if part is not None else None
        sample = max(sample) if isinstance(sample, (list, tuple)) else sample
        factor = getattr(self._pipe, "vae_scale_factor", None)
        return sample * factor if sample and factor else SIDE

    def _multiple(self) -> int:
        """Returns the number that sides must be multiples of, so that the denoiser can halve latents all the way
        down.
        """
        factor = getattr(self._pipe, "vae_scale_factor", None) or 8
        unet = getattr(self._pipe, "unet", None)
        levels = len(getattr(unet.config, "block_out_channels", ())) if unet is not None else 2
        return math.lcm(EIGHT, factor * 2 ** max(levels - 1, 0))
