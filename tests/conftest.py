"""Fixtures of the page's tests: one launched app and one chromium for all of them, a fresh browser profile for each.

Gradio and Playwright are imported inside, so that tests without a page do not wait for them.
"""

import os
import shutil
from types import SimpleNamespace

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
)
TIMEOUT = 60_000  # ms; only a machine that is busy with other work comes near it


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """A launched page: .url, .studio and .renderer (set its gate to hold a drawing, its failure to break it)."""
    from storyboard.library import Library
    from storyboard.ui.hints import Hints
    from storyboard.ui.page import launch_page, make_page
    from storyboard.ui.studio import Studio
    from tests.fakes import FlatRenderer, small_cast

    hints = Hints(
        places=("in the park",),
        actions=("waves",),
        example="Rosa waves.",
        vocabulary=frozenset(("park", "wave", "read", "sing")),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        library = Library(tmp_path_factory.mktemp("library"))
        renderer = FlatRenderer(size=32)
        cast = small_cast(library.pictures)
        studio = Studio(renderer, cast, library.pictures, library=library)
        page = make_page(studio, hints)
        _, url, _ = launch_page(page, studio, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
        yield SimpleNamespace(url=url, studio=studio, renderer=renderer)
        page.close()
        studio.close()
        library.close()


@pytest.fixture(scope="session")
def browser():
    """Debian's chromium. Without one the test is skipped, which CI does not allow."""
    if CHROMIUM is None and not os.environ.get("CI"):
        pytest.skip("no chromium on PATH: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM or "/usr/bin/chromium", args=list(QUIET)
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(app, browser):
    """Opens a page for one more visitor, each with an empty browser profile: `visit()`, `visit(locale="de-DE")`."""
    contexts, errors = [], []

    def opening(address="", **settings):
        context = browser.new_context(**({"locale": "en-GB"} | settings))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address or app.url)
        page.wait_for_selector(".sb-ready")
        return page

    yield opening
    if app.renderer.gate is not None:
        app.renderer.gate.set()
    app.renderer.gate = app.renderer.failure = None
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def page(visit):
    """An empty story, open."""
    return visit()
