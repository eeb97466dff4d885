"""Fixtures of the page's tests: one launched app and one chromium for all of them, a fresh browser profile for each.

The tests belong to the checkout they lie in: they import its code and read its README, docs and assets, whatever folder
pytest is started in and whether or not the package is installed.

Gradio and Playwright are imported inside, so that tests without a page do not wait for them.
"""

import os
import shutil
from pathlib import Path

import pytest

# pytest puts the checkout on its own path (pythonpath in pyproject.toml); programs that tests start need telling.
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")))
)

# Workers share the cores: a thread each, or they would spend their time waiting for one another (docs/LOG.md).
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# They take minutes: begun last, they kept one worker busy while the others had nothing left to do.
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
TIMEOUT = 60_000  # ms; only a machine that is busy with other work comes near it


def pytest_configure(config):
    if hasattr(config.option, "loadscopereorder"):  # xdist's order: files with most tests first
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
    """A launched page on a library of its own, as `tests.serving.serving` gives it."""
    from tests.serving import serving

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        with serving(tmp_path_factory.mktemp("library")) as app:
            yield app


@pytest.fixture(scope="session")
def launch():
    """Starts Debian's chromium, with more flags. Without one the test is skipped, which CI does not allow.

    One for all, as Playwright cannot be started twice in a process.
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
