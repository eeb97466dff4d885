"""A Space on this machine: no home, a disk that is emptied, lent GPUs, and the Hub's frame without any storage.

The app is a separate process with the real `spaces` package and huggingface_hub. A browser reaches it by its names on
the Hub. `tests/space_servers.py` and `tests/hub_server.py` provide everything around it.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import CHROMIUM, TIMEOUT
from tests.hub_server import TOKEN, hub
from tests.pages import picture, story_of, wait_drawn, wait_sentences, write, write_and_draw
from tests.space_servers import CLIENT, SPACE, SPACE_HOST, around, proxy, visitor_token

pytestmark = [
    pytest.mark.skipif(
        not all(find_spec(name) for name in ("spaces", "authlib", "itsdangerous")),
        reason="pip install -r tests/requirements.txt",
    ),
    pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="no chromium on PATH"),
]
REPOSITORY = f"{SPACE}-stories"
# Browsers do this for a page in a foreign frame if the reader wants no traces.
NO_STORAGE = """if (window !== top) for (const name of ["localStorage", "sessionStorage", "indexedDB"])
  Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });"""


class Space:
    """The Space. `start` it on an empty disk, and `stop` it, which removes its disk."""

    def __init__(self, folder: Path, hub, hub_page, backends, port: int) -> None:
        self.hub, self.around, self.folder, self.backends = hub, hub_page, folder, backends
        self.port = port  # the port of the proxy in front of it
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        disk = self.folder / "disk"
        disk.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        given = {
            "HOME": "/proc/home",  # nobody may write there
            "TMPDIR": str(disk),
            "GRADIO_SERVER_NAME": "0.0.0.0",
            "GRADIO_SERVER_PORT": str(port),
            "SYSTEM": "spaces",
            "SPACE_ID": SPACE,
            "SPACE_HOST": SPACE_HOST,
            "HF_ENDPOINT": self.hub.url,
            "HF_HUB_DISABLE_XET": "1",
            "HF_TOKEN": TOKEN,
            "SPACES_ZERO_GPU": "true",
            "SPACES_ZERO_DEVICE_API_URL": self.around.url,
            "OAUTH_CLIENT_ID": CLIENT,
            "OAUTH_CLIENT_SECRET": "secret-of-the-space",
            "OAUTH_SCOPES": "openid profile",
            "OPENID_PROVIDER_URL": self.around.url,
        }
        kept = {
            name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ
        }
        with open(self.folder / "log.txt", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.space_app"],
                env=kept | given,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.backends[SPACE_HOST] = port
        end = time.monotonic() + 300
        while not self._answers(f"http://127.0.0.1:{port}/gradio_api/app_id"):
            assert self.process.poll() is None and time.monotonic() < end, self.log()
            time.sleep(0.1)

    def stop(self) -> None:
        """Asks the app to end, and removes its disk, like a Space that goes to sleep."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(TIMEOUT / 1000)
        shutil.rmtree(self.folder / "disk")

    def end(self) -> None:
        """Ends the app at once, with the processes that it has forked."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(TIMEOUT / 1000)

    def log(self) -> str:
        return (self.folder / "log.txt").read_text(errors="replace")[-4000:]

    @staticmethod
    def _answers(url: str) -> bool:
        try:
            return urllib.request.urlopen(url, timeout=10).status == 200
        except OSError:
            return False


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    folder = tmp_path_factory.mktemp("space")
    with hub() as hub_server, around() as hub_page:
        backends = {SPACE_HOST: 0, "huggingface.co": hub_page.server_port}
        with proxy(folder, backends) as port:
            space = Space(folder, hub_server, hub_page, backends, port)
            try:
                space.start()
                yield space
            finally:
                space.end()


@pytest.fixture(scope="module")
def browsing(space, launch):
    """Starts a Chromium for which the Hub's names are this machine."""
    names = ", ".join(f"MAP {host} 127.0.0.1:{space.port}" for host in space.backends)
    browser = launch(f"--host-resolver-rules={names}", "--ignore-certificate-errors")
    yield browser
    browser.close()


@pytest.fixture
def visit(browsing):
    """Opens an address for a new visitor: `visit(url)`, or `visit(url, framed=True)` for the app in the Hub's page."""
    contexts = []

    def opening(url, framed=False, context=None):
        if context is None:
            context = browsing.new_context(locale="en-GB", ignore_https_errors=True)
            context.add_init_script(NO_STORAGE)
            contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(3 * TIMEOUT)
        page.goto(url)
        shown = app_in(page) if framed else page
        shown.wait_for_selector(".sb-ready")
        return shown

    yield opening
    for context in contexts:
        context.close()


HUB_PAGE = f"https://huggingface.co/spaces/{SPACE}"
APP_PAGE = f"https://{SPACE_HOST}/"


def app_in(page):
    """Returns the app's frame in the Hub's page."""
    page.wait_for_selector("iframe")
    return page.query_selector("iframe").content_frame()


def until(holds) -> None:
    """Waits for the work of another process."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def copied(space, sentence: str) -> bool:
    """Returns whether the Hub has a story with this sentence."""
    repository = space.hub.repositories.get(REPOSITORY)
    return repository is not None and sentence.encode() in repository.files.get("library.sqlite3", b"")


def test_stories_are_back_after_the_disk_was_emptied(space, visit):
    frame = visit(HUB_PAGE, framed=True)
    write_and_draw(frame, "Rosa waves in the park.", "She sits down.")
    drawn = picture(frame, 1)
    frame.click(".sb-open-stories")
    told = frame.inner_text(".sb-stories")
    assert "private dataset" in told and "they are there after a restart" in told
    story, page = story_of(frame), frame.page
    until(lambda: f"story={story}" in page.url)
    space.stop()
    assert space.hub.repositories[REPOSITORY].private and copied(space, "She sits down.")
    space.start()
    page.reload()
    again = app_in(page)
    again.wait_for_selector(".sb-ready")
    wait_sentences(again, "Rosa waves in the park.", "She sits down.")
    assert story_of(again) == story
    key = drawn.rpartition("/")[2]
    assert picture(again, 1).endswith(key)
    again.wait_for_function("document.querySelector('.sb-image:not([hidden])').naturalWidth === 32")


def test_every_drawing_counts_for_whoever_looks_at_the_hubs_page(space, visit):
    space.around.lent.clear()
    frame = visit(HUB_PAGE, framed=True)
    write_and_draw(frame, "Milo runs in the park.")
    frame.get_by_role("button", name="New take").click()
    wait_drawn(frame, 1, takes=2)
    assert space.around.lent == [visitor_token("nana")] * 2, space.log()


def test_a_gpu_that_is_not_lent_is_said_on_the_card(space, visit):
    frame = visit(HUB_PAGE, framed=True)
    try:
        space.around.refusing = 401
        write(frame, "Milo runs in the park.")
        frame.get_by_text("Expired ZeroGPU proxy token").first.wait_for()
        assert "reload the page" in frame.inner_text(".sb-card")
    finally:
        space.around.refusing = None


def test_whoever_signs_in_finds_their_stories_in_another_browser(space, visit):
    page = visit(APP_PAGE)
    write_and_draw(page, "Otto waves on the beach.")
    page.click(".sb-open-stories")
    page.get_by_role("link", name="Sign in to Hugging Face").click()
    page.wait_for_selector(".sb-ready")
    page.click(".sb-open-stories")
    page.get_by_text("Signed in as nana").wait_for()
    page.get_by_role("button", name="Otto waves on the beach.").first.wait_for()
    elsewhere = visit(APP_PAGE)
    elsewhere.click(".sb-open-stories")
    sheet = elsewhere.locator(".sb-stories")
    sheet.get_by_role("link", name="Sign in to Hugging Face").wait_for()
    assert "Otto" not in sheet.inner_text()
    sheet.get_by_role("link", name="Sign in to Hugging Face").click()
    elsewhere.wait_for_selector(".sb-ready")
    elsewhere.click(".sb-open-stories")
    elsewhere.get_by_role("button", name="Otto waves on the beach.").first.wait_for()
    elsewhere.get_by_role("link", name="Sign out").click()
    elsewhere.wait_for_selector(".sb-ready")
    elsewhere.click(".sb-open-stories")
    elsewhere.get_by_role("link", name="Sign in to Hugging Face").wait_for()
    assert "Otto" not in elsewhere.inner_text(".sb-stories")


def test_a_full_copy_is_said_and_drawing_and_saving_go_on(space, visit):
    frame = visit(HUB_PAGE, framed=True)
    try:
        space.hub.failing = 507
        write_and_draw(frame, "Rosa sleeps in the kitchen.")
        notice = frame.locator(".sb-notice")
        notice.get_by_text("cannot be written (the repository is full)").wait_for()
        write(frame, "She wakes up.")
        wait_drawn(frame, 2)
    finally:
        space.hub.failing = None
    until(lambda: copied(space, "She wakes up."))
    notice.wait_for(state="hidden")
