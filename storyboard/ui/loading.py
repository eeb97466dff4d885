"""A renderer that is still being loaded: the page opens at once, and the first drawing waits until it is ready.

Imports neither torch nor Gradio.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

from storyboard.errors import StoryError
from storyboard.renderer import FrameRequest, Preview, Rendered, Renderer

log = logging.getLogger(__name__)


class LoadingRenderer:
    """Loads a renderer in a thread of its own, which starts at once. If loading fails, every drawing reports that.

    load: gets a function that takes lines about what is being loaded; the latest line is `doing`.
    """

    def __init__(self, load: Callable[[Callable[[str], None]], Renderer]) -> None:
        self.doing = ""
        self._load = load
        self._renderer: Renderer | None = None
        self._failure = ""
        self._over = threading.Event()
        threading.Thread(target=self._run, name="loading", daemon=True).start()

    @property
    def notice(self) -> str:
        """The renderer's own notice, once it is loaded."""
        return self._renderer.notice if self._renderer else ""

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        """As `Renderer.render`, after waiting until loading has ended."""
        while not self._over.wait(0.1):
            if cancelled():
                return
        if self._renderer is None:
            raise StoryError(self._failure)
        yield from self._renderer.render(request, cancelled)

    def _run(self) -> None:
        try:
            self._renderer = self._load(self._tell)
        except StoryError as error:
            self._failure = str(error)
        except Exception as error:  # any error must reach the writer instead of ending this thread silently
            log.exception("the pipeline could not be loaded")
            self._failure = f"The pipeline could not be loaded ({type(error).__name__}); restart the app."
        finally:
            self.doing = ""
            self._over.set()

    def _tell(self, line: str) -> None:
        self.doing = line
