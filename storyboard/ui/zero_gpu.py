"""Drawing on a ZeroGPU Space, which lends every frame a GPU for as long as it takes. Elsewhere nothing here is used.

The GPU is lent to a forked process: what goes in and out is pickled, a change made there stays there, and a
cancelled drawing is one whose stream is closed. Whose quota pays is found in the context of the visitor's event, so
whoever draws in a thread runs there in a copy of that context.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from storyboard.errors import StoryError
from storyboard.renderer import FrameRequest, Preview, Rendered, Renderer
from storyboard.served.parcels import Refused

FIRST_SECONDS = 45  # asked for while no frame has been drawn yet: the models go to the GPU with the first
SLACK = 2.0  # a frame may take this much longer than the slowest so far
LEAST_SECONDS = 8

Stream = Callable[[FrameRequest], Iterator[Any]]


class BorrowedGpuRenderer:
    """Passes every request to `renderer` in the process that has the GPU.

    lend: `spaces.GPU`, or what stands for it: (generator function, duration=seconds of a request) -> the same function,
    run there. Make it before the page is launched, in the main thread, with the models loaded.
    """

    def __init__(self, renderer: Renderer, lend: Callable[..., Stream]) -> None:
        self._slowest = 0.0
        self.doing = ""
        self.notice = renderer.notice

        def stream(request: FrameRequest) -> Iterator[Preview | Rendered | Refused]:
            try:
                yield from renderer.render(request)
            except StoryError as error:
                yield Refused(str(error))

        self._stream = lend(stream, duration=self.seconds)

    def seconds(self, request: FrameRequest) -> int:
        """GPU time to ask for: what is asked for must be left of the visitor's quota, so not more than needed."""
        if not self._slowest:
            return FIRST_SECONDS
        return max(LEAST_SECONDS, round(SLACK * self._slowest * request.effort))

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        """As `Renderer.render`; StoryError too where no GPU is lent."""
        if cancelled():
            return
        events = self._stream(request)
        try:
            for event in events:
                if cancelled():
                    return
                if isinstance(event, Refused):
                    raise StoryError(event.sentence)
                if isinstance(event, Rendered):
                    self._slowest = max(self._slowest, event.seconds / request.effort)
                yield event
        except gr.Error as error:  # how `spaces` says that there is no quota, or that the process ended
            raise StoryError(
                f"The Space lent no GPU for this picture ({str(error.message).rstrip('. ')}); draw it again in a while,"
                " signed in to Hugging Face for a larger share."
            ) from error
        finally:
            events.close()


def borrow_gpu(load: Callable[[], Renderer]) -> Renderer | None:
    """The renderer for a ZeroGPU Space, loaded before this returns; None anywhere else."""
    if os.environ.get("SPACES_ZERO_GPU", "").lower() not in ("1", "t", "true"):
        return None
    import spaces  # there on every such Space, nowhere else; before torch first asks for CUDA

    return BorrowedGpuRenderer(load(), spaces.GPU)
