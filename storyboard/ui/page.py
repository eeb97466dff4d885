"""The page: board and endpoints in one gr.Blocks, and how it is launched.

Knows Gradio and the studio, but no models.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from storyboard.studio.studio import Studio
from storyboard.ui.api import MISCALLS, PageWithApi, add_api
from storyboard.ui.board import MAX_UPLOAD_MB, STATIC, make_board
from storyboard.ui.doors import LOOPBACK, Doors, own_addresses
from storyboard.ui.files import exports_folder
from storyboard.ui.hints import Hints
from storyboard.ui.theme import make_theme

TITLE = "StoryGPT-V Storyboard"
STYLES = ("board", "panels")
WAITING_CALLS = 64  # so many calls of the API may wait


def make_page(studio: Studio, hints: Hints | None = None, example: Path | None = None) -> gr.Blocks:
    """Returns the page of a studio with its queue, ready for `launch_page`.

    `example`: a project file that is shown on a first visit.
    """
    # Gradio's cache holds only uploads here, and these are copied into the picture store at once.
    with PageWithApi(
        title=TITLE, analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)
    ) as page:
        make_board(studio, hints or Hints(), example)
        add_api(page, studio)
    # Explicit, because on a ZeroGPU Space the default is one waiting call. With `api_open`, calls that wait for a
    # picture would skip the queue, and each would hold a thread that the pages need.
    return page.queue(max_size=WAITING_CALLS, default_concurrency_limit=4, api_open=False)


def launch_page(
    page: gr.Blocks, studio: Studio, origins: Iterable[str] = (), **options: Any
) -> tuple[Any, str, str]:
    """Launches the page with everything it needs. Returns what `gr.Blocks.launch` returns.

    `origins`: addresses under which a proxy shows the app, whose pages count as its own. `options` go to
    `gr.Blocks.launch`.
    """
    host = options.get("server_name") or os.environ.get("GRADIO_SERVER_NAME") or LOOPBACK[0]
    doors = Middleware(Doors, own=own_addresses(origins), local=host in LOOPBACK)
    return page.launch(
        app_kwargs={
            "middleware": [doors],
            "lifespan": lambda app: _running(page),
            "exception_handlers": MISCALLS,
        },
        enable_monitoring=False,
        # A Space's default is a second server in Node, which would do the work of the board's script.
        ssr_mode=False,
        theme=make_theme(),
        # Not `css=`: Gradio adds all its rules a second time with a prefix, which breaks `:is()` lists and `.dark`.
        head="".join(
            f"<style>{(STATIC / f'{name}.css').read_text(encoding='utf-8')}</style>" for name in STYLES
        ),
        allowed_paths=[str(studio.pictures.folder.resolve()), str(exports_folder())],
        max_file_size=f"{MAX_UPLOAD_MB}mb",
        run_history=False,
        footer_links=["api"],  # no link to Gradio's settings (theme and language), which the page has itself
        show_error=False,
        **options,
    )


@asynccontextmanager
async def _running(page: gr.Blocks) -> AsyncIterator[None]:
    """While the app runs: finishes its MCP tools, if it serves them."""
    if page.mcp_server_obj is None:
        yield
        return
    from storyboard.ui.mcp_tools import finished_tools  # its package is an extra

    async with finished_tools(page):
        yield
