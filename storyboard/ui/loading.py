"""A renderer that is still on its way: the page opens at once, and the first drawing waits until it has arrived.

Knows neither torch nor gradio.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

from storyboard.errors import StoryError
from storyboard.renderer import FrameRequest, Preview, Rendered, Renderer

log = logging.getLogger(__name__)


class LoadingRenderer:
    """Loads a renderer in a thread of its own, begun at once. A failure to load is what every drawing then says.

    load: is given what takes a line about what is being loaded; the latest one is `doing`.
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
        """The renderer's own, once it is there."""
        return self._renderer.notice if self._renderer else ""

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        """As `Renderer.render`, after however long the loading still takes."""
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
        except (
            Exception
        ) as error:  # whatever a library throws has to reach the writer, not end a silent thread
            log.exception("the pipeline could not be loaded")
            self._failure = f"The pipeline could not be loaded ({type(error).__name__}); restart the app."
        finally:
            self.doing = ""
            self._over.set()

    def _tell(self, line: str) -> None:
        self.doing = line
