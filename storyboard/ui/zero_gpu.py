"""Drawing on a ZeroGPU Space, which lends a GPU for each frame for as long as drawing it takes. Unused elsewhere.

The GPU is lent to a forked process: arguments and results are pickled, a change made there stays there, and a drawing
is cancelled by closing its stream. Whose quota pays is found in the context of the visitor's event. So threads that
draw run in a copy of that context.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterator
from typing import Any

import gradio as gr
from gradio.context import LocalContext
from starlette.requests import Request

from storyboard.errors import StoryError
from storyboard.renderer import FrameRequest, Preview, Rendered, Renderer
from storyboard.served.parcels import Refused

# Asked for until a frame has been drawn, because the first frame also moves the models to the GPU.
FIRST_SECONDS = 45
SLACK = 2.0  # a frame may take so many times as long as the slowest so far
LEAST_SECONDS = 8

WORKER_FAILED = "ZeroGPU worker error"  # title of errors of `spaces`: the model failed, or took too long
NOT_LET_IN = "ZeroGPU client error"
TOKEN_HEADER = "x-ip-token"  # says whose quota pays; signed by the Hub
TOKEN = re.compile(r"[\w-]{1,2000}\.[\w-]{1,4000}\.[\w-]{1,2000}", re.ASCII)

Stream = Callable[[FrameRequest], Generator[Any, None, None]]


class BorrowedGpuRenderer:
    """Passes every request to `renderer` in the process that has the GPU.

    lend: `spaces.GPU` or a replacement for it. It takes a generator function and `duration`, which gives the seconds of
    a request, and returns the same function, run on the GPU. Make this before the page is launched, in the main thread,
    with the models loaded.
    """

    def __init__(self, renderer: Renderer, lend: Callable[..., Stream]) -> None:
        self._slowest = 0.0
        self.doing = ""
        self.notice = renderer.notice

        def stream(request: FrameRequest) -> Generator[Preview | Rendered | Refused, None, None]:
            try:
                yield from renderer.render(request)
            except StoryError as error:
                yield Refused(str(error))

        self._stream = lend(stream, duration=self.seconds)

    def seconds(self, request: FrameRequest) -> int:
        """Returns how many seconds of GPU time to ask for.

        The visitor's quota must have that much left, so it should not be more than needed. It is FIRST_SECONDS until a
        drawing has been timed; after that it follows from the slowest drawing.
        """
        if not self._slowest:
            return FIRST_SECONDS
        return max(LEAST_SECONDS, round(SLACK * self._slowest * request.effort))

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        """As `Renderer.render`. StoryError also if no GPU is lent."""
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
        except StoryError:
            raise
        except gr.Error as error:  # `spaces` raises it if there is no quota, or if the process ended
            raise StoryError(_explained(error)) from error
        except Exception as error:  # errors of the model come as gr.Error, so here the GPU was not reached
            raise StoryError(
                f"The Space's GPUs cannot be reached ({type(error).__name__}); draw it again in a while."
            ) from error
        finally:
            events.close()


def _explained(error: gr.Error) -> str:
    reason = str(error.message).rstrip(". ")
    if error.title == WORKER_FAILED:
        return f"The picture could not be drawn on the GPU ({reason}); draw it again, in fewer steps if that fails too."
    if error.title == NOT_LET_IN:
        return f"The Space lent no GPU for this picture ({reason}); reload the page and draw it again."
    return (
        f"The Space lent no GPU for this picture ({reason}); draw it again in a while, signed in to Hugging Face for a "
        "larger share."
    )


def draw_for(headers: object) -> None:
    """From here on, borrows GPUs in the name of the visitor whose page sent these headers of the Hub, if there are any.

    The Hub gives the headers to a page in its frame, which has no other way to send them. StoryError for a damaged
    header.
    """
    if headers is None:
        return
    request = LocalContext.request.get(None)
    given = {str(name).lower(): value for name, value in headers.items()} if isinstance(headers, dict) else {}
    token = given.get(TOKEN_HEADER)
    if request is None or token is None:
        return
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise StoryError("The Hub's word for who draws is damaged; reload the page and draw it again.")
    others = [(name, value) for name, value in request.headers.raw if name != TOKEN_HEADER.encode()]
    scope = request.scope | {"headers": [*others, (TOKEN_HEADER.encode(), token.encode())]}
    LocalContext.request.set(Request(scope))  # type: ignore[arg-type]  # Gradio takes Starlette's too


def borrow_gpu(load: Callable[[], Renderer]) -> Renderer | None:
    """Returns the renderer for a ZeroGPU Space, with its models loaded; None anywhere else."""
    if os.environ.get("SPACES_ZERO_GPU", "").lower() not in ("1", "t", "true"):
        return None
    import spaces  # exists only on such Spaces; must be imported before torch first uses CUDA

    return BorrowedGpuRenderer(load(), spaces.GPU)
