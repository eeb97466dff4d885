"""Hostile input through every door of a running app: refused in one sentence, with little memory and no damage.

Each door gets four of each kind (or STORYBOARD_HOSTILE). Values go through the endpoints, the page's calls, MCP and the
command line. Files go through the upload route and all readers of files. There are whole messages too. The app runs in
its own process, so that its memory can be measured.
"""

import itertools
import json
import multiprocessing
import os
import sys
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.writers import is_one_sentence
from storyboard.studio.verb_table import VERBS
from tests import hostile
from tests.programs import Refused, by_command, by_http, mcp_session

COUNT = int(os.environ.get("STORYBOARD_HOSTILE", "4"))
MOST_MEMORY = 64 * 2**20  # bytes above the idle app's memory
SHELF = "shelf-of-the-hostile"
READERS = (  # the verbs that read a file, and the argument for it
    ("import_story", "project"),
    ("import_frame", "picture"),
    ("set_style_picture", "picture"),
    ("look_of_picture", "picture"),
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read in /proc")


def serve(folder, told):
    """Runs the app, and a second page of the same studio for MCP, until nobody listens any more."""
    from storyboard.ui.page import launch_page, make_page
    from tests.serving import serving

    with serving(folder) as app:
        mcp = None
        if find_spec("mcp") is not None:
            page = make_page(app.studio)
            settings = {
                "server_name": "127.0.0.1",
                "prevent_thread_lock": True,
                "quiet": True,
                "mcp_server": True,
            }
            _, mcp, _ = launch_page(page, app.studio, **settings)
        told.send((app.url.rstrip("/"), mcp))
        try:
            told.recv()
        except EOFError:
            pass


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """Returns the app: .url, .mcp (None without the package), .folder, .victim (a story nobody may change), .pid."""
    folder = tmp_path_factory.mktemp("hostile")
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        process = context.Process(target=serve, args=(folder / "library", there), daemon=True)
        process.start()
    there.close()
    assert here.poll(120)
    url, mcp = here.recv()
    victim = by_http(url, "create_story", {"title": "Victim", "shelf": SHELF})
    by_http(url, "add_frame", {"story_id": victim, "sentence": "Rosa waves."})
    yield SimpleNamespace(url=url, mcp=mcp, folder=folder, victim=victim, pid=process.pid)
    here.close()
    process.join(60)


@pytest.fixture(autouse=True)
def unharmed(app):
    """Checks after a test that the victim is unchanged, no file is in a wrong place, and memory stayed low."""
    before = by_http(app.url, "get_story", {"story_id": app.victim})
    rest = memory(app.pid, "VmRSS")
    Path(f"/proc/{app.pid}/clear_refs").write_text("5")  # measures the peak from now on
    yield
    risen = memory(app.pid, "VmHWM") - rest
    assert by_http(app.url, "get_story", {"story_id": app.victim}) == before
    assert {one.name for one in app.folder.iterdir()} == {"library", "uploads"}
    known = {
        "pictures",
        "backups",
        "library.lock",
        "library.sqlite3",
        "library.sqlite3-wal",
        "library.sqlite3-shm",
    }
    assert {one.name for one in (app.folder / "library").iterdir()} <= known
    assert not list(app.folder.rglob("hit")) and not Path("hit").exists()
    assert risen < MOST_MEMORY, f"{risen / 2**20:.0f} MB"


def memory(pid: int, what: str) -> int:
    """Returns bytes as the kernel counts them."""
    line = next(one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith(what))
    return int(line.split()[1]) * 1024


def check_sentence(said: object) -> None:
    assert is_one_sentence(said), said


def asked(app, path, body, headers=None, method="POST"):
    """Returns the status and the answer of one request."""
    sent = {"Content-Type": "application/json"} if headers is None else headers
    request = urllib.request.Request(app.url + path, body, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def story_of_its_own(app) -> dict:
    story = by_http(app.url, "create_story", {"title": "Target", "shelf": SHELF})
    frame = by_http(app.url, "add_frame", {"story_id": story, "sentence": "Milo waves."})
    return {"story_id": story, "frame_id": frame["id"]}


def attacks(own: dict):
    """Yields (verb, arguments): every value once in all arguments, and once in all but the ids of story and frame."""
    verbs = itertools.cycle(VERBS.values())
    for value in hostile.values(COUNT):
        verb = next(verbs)
        named = {one.name: value for one in verb.arguments}
        yield verb.name, named
        yield verb.name, named | {name: one for name, one in own.items() if name in named}


def test_values_through_the_endpoints(app):
    for verb, given in attacks(story_of_its_own(app)):
        try:
            by_http(app.url, verb, given)
        except Refused as refusal:
            check_sentence(str(refusal))


def test_values_through_the_calls_of_the_page(app):
    config = json.loads(asked(app, "/config", None, method="GET")[1])
    component = next(one for one in config["components"] if one["props"].get("server_fns"))
    names = itertools.cycle(component["props"]["server_fns"])
    own = story_of_its_own(app)
    fields = (
        "story",
        "frame",
        "take",
        "caption",
        "name",
        "new_name",
        "portrait",
        "path",
        "text",
        "names",
        "count",
    )
    for value in hostile.values(COUNT):
        name = next(names)
        forged = dict.fromkeys(fields, value)
        for message in (value, forged, forged | {"story": own["story_id"], "frame": own["frame_id"]}):
            body = {"data": message, "component_id": component["id"], "fn_name": name, "session_hash": "x"}
            status, said = asked(app, "/gradio_api/component_server", json.dumps(body).encode())
            answer = json.loads(said)
            assert status in (200, 422), (name, said)
            if "error" in answer:
                check_sentence(answer["error"])


@pytest.mark.skipif(find_spec("mcp") is None, reason="pip install -r requirements-mcp.txt")
def test_values_through_mcp(app):
    own = story_of_its_own(app)

    async def talk(session):
        return [
            await session.call_tool(verb, given)
            for verb, given in attacks(own)
            if "\ud800" not in json.dumps(given, ensure_ascii=False)  # no client could send these
        ]

    for answer in mcp_session(f"{app.mcp.rstrip('/')}/gradio_api/mcp/", talk):
        if answer.isError:
            check_sentence(answer.content[0].text)


def test_values_through_the_command_line(app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    verbs = itertools.cycle(VERBS)
    for value in hostile.values(COUNT):
        word = hostile.as_text(value)
        for place in (word, f"{app.url}/?story={word}"):
            try:
                by_command([next(verbs).replace("_", "-"), place, word])
            except Refused as refusal:
                check_sentence(str(refusal))
            except SystemExit as ended:  # the words are no command at all, so the usage was printed
                assert ended.code == 2
    assert list(tmp_path.iterdir()) == []


def uploaded(app, data: bytes) -> str:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="../a.png"\r\n\r\n'
        + data
        + b"\r\n--x--\r\n"
    )
    status, said = asked(app, "/gradio_api/upload", body, {"Content-Type": "multipart/form-data; boundary=x"})
    assert status == 200, said
    return json.loads(said)[0]


def test_files_through_uploads(app):
    own = story_of_its_own(app)
    before = by_http(app.url, "get_story", {"story_id": own["story_id"]})
    for data in hostile.files(COUNT):
        path = {"path": uploaded(app, data)}
        for verb, argument in READERS:
            given = {argument: path} | (
                {"story_id": own["story_id"]} if "import_story" != verb != "look_of_picture" else {}
            )
            with pytest.raises(Refused) as refusal:
                by_http(app.url, verb, given)
            check_sentence(str(refusal.value))
    assert by_http(app.url, "get_story", {"story_id": own["story_id"]}) == before


def test_messages_that_are_none(app):
    for headers, body in hostile.messages(COUNT):
        for path in (
            "/gradio_api/run/create_character",
            "/gradio_api/component_server",
            "/gradio_api/queue/join",
        ):
            status, said = asked(app, path, body, headers)
            assert 400 <= status <= 500, (path, headers, body[:40], said)
            if status in (403, 413, 415):
                check_sentence(json.loads(said)["error"])
