"""Fixtures for tests of the page: one launched app, one Chromium, and a new browser profile for each test.

The tests use the checkout in which they are: its code, README, docs and assets. It does not matter in which folder
pytest starts, or whether the package is installed.

Gradio and Playwright are imported inside the fixtures, so that tests without a page do not wait for them.
"""

import os
import shutil
from pathlib import Path

import pytest

# pytest adds the checkout to its own path (pythonpath in pyproject.toml). Programs that tests start need this variable.
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")))
)

# Workers share the cores. With more than one thread each, they would mostly wait for one another (docs/LOG.md).
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# These files take minutes. If they came last, one worker would be busy with them while the others had nothing to do.
LONGEST = (
    "test_served.py",
    "test_space.py",
    "test_install.py",
    "test_full_size_commands.py",
    "test_training_chain.py",
)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
)
TIMEOUT = 60_000  # ms; only a machine that is busy with other work needs so long


def pytest_configure(config):
    if hasattr(config.option, "loadscopereorder"):  # the order of xdist: files with the most tests first
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    from tests import open_hand

    items.sort(key=lambda item: item.path.name not in LONGEST)
    if open_hand.is_asked_for():
        for item in items:
            for own in item.iter_markers("own_hand"):
                item.add_marker(pytest.mark.skip(reason=f"a model of the Hub {own.args[0]}"))


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """A launched page with its own library, as `tests.serving.serving` gives it."""
    from tests.serving import serving

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        with serving(tmp_path_factory.mktemp("library")) as app:
            yield app


@pytest.fixture(scope="session")
def launch():
    """Starts Debian's Chromium with additional flags. If there is none, the test is skipped, which CI does not allow.

    All tests share one Playwright, because it cannot start twice in a process.
    """
    if CHROMIUM is None and not os.environ.get("CI"):
        pytest.skip("no chromium on PATH: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:

        def launched(*flags):
            path = CHROMIUM or "/usr/bin/chromium"
            return playwright.chromium.launch(executable_path=path, args=[*QUIET, *flags])

        yield launched


@pytest.fixture(scope="session")
def browser(launch):
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture
def visit(app, browser):
    """Opens a page for a new visitor, who has an empty browser profile: `visit()`, `visit(locale="de-DE")`."""
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
