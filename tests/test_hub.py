"""What a writer reads about models on the Hub, with a server that answers like the Hub, and without a network."""

import errno
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from storyboard.errors import StoryError
from storyboard.models.hub import check_model, hindrance, place_of, refusal

COMMIT = "0123456789abcdef0123456789abcdef01234567"
INDEX = json.dumps({"_class_name": "StableDiffusionPipeline"}).encode()
REFUSALS = {"gated/model": (403, "GatedRepo"), "text/model": (404, "EntryNotFound")}
# Prints each name with its result. It runs in its own process, because the Hub's client reads its address only once.
ASK = """
import json, sys
from storyboard.errors import StoryError
from storyboard.models.hub import check_model
for name in sys.argv[1:]:
    try:
        print(json.dumps(f"ok {check_model(name).name}"))
    except StoryError as error:
        print(json.dumps(str(error)))
"""


class Hub(BaseHTTPRequestHandler):
    """Has one model, a gated one, and one that is no pipeline. Every other name is unknown."""

    def do_HEAD(self):
        name = "/".join(self.path.split("/")[1:3])
        if name == "good/model":
            self.send_response(200)
            self.send_header("ETag", '"index"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(INDEX)))
        else:
            status, code = REFUSALS.get(name, (404, "RepoNotFound"))
            self.send_response(status)
            self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        self.do_HEAD()
        if "/good/model/" in self.path:
            self.wfile.write(INDEX)

    def log_message(self, *_):
        pass


@pytest.fixture
def ask(tmp_path):
    """Asks for names at a Hub that is there, or at another address with `at`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def asking(*names, at=None, **settings):
        hub = {"HF_ENDPOINT": at or f"http://127.0.0.1:{server.server_port}", "HF_HOME": str(tmp_path)}
        settings = {**os.environ, **hub, "NO_PROXY": "127.0.0.1", "HF_HUB_DISABLE_XET": "1", **settings}
        ran = subprocess.run(
            [sys.executable, "-c", ASK, *names], env=settings, cwd=tmp_path, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stderr
        return [json.loads(line) for line in ran.stdout.splitlines()]

    yield asking
    server.shutdown()
    server.server_close()


def test_the_hub_says_no_in_one_sentence_each_and_a_model_it_has_is_found_again_without_it(ask):
    good, gated, text, unknown = ask("good/model", "gated/model", "text/model", "no/such")
    assert good == "ok good/model"
    assert "accept them on https://huggingface.co/gated/model" in gated and '"hf auth login"' in gated
    assert '"text/model" is no text-to-image model' in text
    assert '"no/such" is not on the Hugging Face Hub, or is private' in unknown
    nowhere = "http://127.0.0.1:9"
    good, other = ask("good/model", "other/model", at=nowhere)
    assert good == "ok good/model"
    assert '"other/model" is not on this machine yet' in other and "connect to the internet" in other
    forbidden = ask("good/model", "other/model", HF_HUB_OFFLINE="1")
    assert forbidden[0] == "ok good/model" and "cannot be reached" in forbidden[1]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "model",
        "/",
        "a/",
        "../../nobody/there",
        "https://huggingface.co/a/b",
        "a b/c",
        "a/b?x=1",
        "\0/x",
        "x" * 9999,
    ],
)
def test_what_is_no_name_of_a_model_is_refused_without_asking_anybody(name):
    with pytest.raises(StoryError, match="neither a folder here|is no text-to-image model") as told:
        check_model(name)
    assert len(str(told.value)) < 500


def test_a_full_disk_is_said_though_a_library_says_something_else():
    """When the disk was full, the writer read that the internet could not be reached."""
    with pytest.raises(RuntimeError) as told:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise RuntimeError("The download failed.") from error
    said = str(refusal("The model", "good/model", hindrance(told.value)))
    assert said.endswith("could not be written to disk (No space left on device); free some space.")
    assert hindrance(RuntimeError("Neither disk nor Hub.")) is None


def test_a_file_of_a_repository_is_named_behind_it():
    place = place_of("h94/IP-Adapter/models/ip-adapter_sd15.safetensors", "The IP-Adapter")
    assert (place.repository, place.file) == ("h94/IP-Adapter", "models/ip-adapter_sd15.safetensors")
