"""The app under a path of a larger site: a real nginx with docs/nginx.conf, as its page says, except for the ports."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.pages import picture, story_in, wait_drawn, write_and_draw
from tests.serving import serving

ROOT = Path(__file__).parents[1]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """Runs the app behind nginx. Yields what `serving` gives, with the address of the proxy."""
    if NGINX is None:
        assert not os.environ.get("CI"), "CI installs nginx"
        pytest.skip("no nginx on this machine: apt-get install nginx")
    port, folder = free_port(), tmp_path_factory.mktemp("nginx")
    address = f"http://127.0.0.1:{port}/board"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_ROOT_PATH", address)
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        with serving(folder / "library") as app:
            site = (ROOT / "docs" / "nginx.conf").read_text()
            assert "listen 80;" in site and "127.0.0.1:7860/" in site
            site = site.replace("listen 80;", f"listen 127.0.0.1:{port};").replace(":7860/", f":{app.port}/")
            (folder / "site.conf").write_text(site)
            (folder / "nginx.conf").write_text(settings(folder))
            program = subprocess.Popen([NGINX, "-c", folder / "nginx.conf", "-e", folder / "error.log"])
            try:
                app.url = f"{address}/"
                wait_for(app.url)
                yield app
            finally:
                program.terminate()
                program.wait()


def settings(folder):
    """Changes the settings of nginx so that it writes only into this folder."""
    places = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{place}_temp_path {folder}/{place};" for place in places)
    return (
        f"daemon off; worker_processes 1; pid {folder}/pid; events {{}}"
        f"http {{ access_log off; {temporary} include {folder}/site.conf; }}"
    )


def wait_for(address):
    """A refused connection returns at once, so 200 tries without a pause were over before nginx had started."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            return urllib.request.urlopen(address, timeout=60).read()
        except (ConnectionError, urllib.error.URLError):
            time.sleep(0.1)
    pytest.fail(f"{address} never answered")


def test_programs_reach_it_and_another_sites_page_does_not(behind):
    def create(**headers):
        body = json.dumps({"data": ["A day"]}).encode()
        asked = urllib.request.Request(
            f"{behind.url}gradio_api/run/create_story", body, {"Content-Type": "application/json"} | headers
        )
        return json.load(urllib.request.urlopen(asked, timeout=60))["data"][0]

    own = behind.url.removesuffix("/board/")
    assert behind.studio.has(create()) and behind.studio.has(create(Origin=own))
    with pytest.raises(urllib.error.HTTPError, match="403"):
        create(Origin="https://elsewhere.example")


@pytest.mark.browser
def test_a_story_is_written_and_drawn_under_the_path(behind, browser):
    page = browser.new_context(locale="en-GB").new_page()
    errors, outside = [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "request",
        lambda one: None if one.url.startswith((behind.url, "data:", "blob:")) else outside.append(one.url),
    )
    page.goto(behind.url.rstrip("/"))
    page.locator(".sb-ready").wait_for()
    write_and_draw(page, "Rosa waves.", "She sings.")
    assert picture(page, 1).startswith("/board/") or picture(page, 1).startswith(behind.url)
    assert len(story_in(behind, page).frames) == 2
    page.reload()
    wait_drawn(page, 2)
    page.wait_for_function("[...document.querySelectorAll('.sb-image')].every((one) => one.naturalWidth > 0)")
    page.context.close()
    assert (errors, [one for one in outside if one != behind.url.rstrip("/")]) == ([], [])
