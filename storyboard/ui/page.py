"""The page: board and endpoints in one gr.Blocks, and how it is launched.

Knows Gradio and the studio, no models.
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
WAITING_CALLS = 64  # calls of the API that may stand in line


def make_page(studio: Studio, hints: Hints | None = None, example: Path | None = None) -> gr.Blocks:
    """The page of a studio, ready for `launch_page`. `example`: a project file a first visit is shown.

    Returns the page with its queue.
    """
    # Gradio's cache holds nothing but uploads here, and those are copied into the picture store at once.
    with PageWithApi(
        title=TITLE, analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)
    ) as page:
        make_board(studio, hints or Hints(), example)
        add_api(page, studio)
    # Explicit: on a ZeroGPU Space the default is one waiting call. `api_open` would let calls that wait for a picture
    # past the line, each holding a thread that every page needs.
    return page.queue(max_size=WAITING_CALLS, default_concurrency_limit=4, api_open=False)


def launch_page(
    page: gr.Blocks, studio: Studio, origins: Iterable[str] = (), **options: Any
) -> tuple[Any, str, str]:
    """Launch with what this page needs; `options` go to `gr.Blocks.launch`.

    `origins`: addresses a proxy shows the app under, whose pages are its own.
    Returns what `gr.Blocks.launch` does.
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
        ssr_mode=False,  # a Space's default is a second server in Node, which renders what the board's script does
        theme=make_theme(),
        # Not `css=`: Gradio adds every rule once more with a prefix, which breaks lists in `:is()` and `.dark`.
        head="".join(
            f"<style>{(STATIC / f'{name}.css').read_text(encoding='utf-8')}</style>" for name in STYLES
        ),
        allowed_paths=[str(studio.pictures.folder.resolve()), str(exports_folder())],
        max_file_size=f"{MAX_UPLOAD_MB}mb",
        run_history=False,
        footer_links=["api"],  # its settings are the theme and the language, which the page has itself
        show_error=False,
        **options,
    )


@asynccontextmanager
async def _running(page: gr.Blocks) -> AsyncIterator[None]:
    """While the app runs: its MCP tools finished, where it serves them."""
    if page.mcp_server_obj is None:
        yield
        return
    from storyboard.ui.mcp_tools import finished_tools  # its package is an extra

    async with finished_tools(page):
        yield
