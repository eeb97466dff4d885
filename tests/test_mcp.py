"""The verbs as MCP tools: what an assistant reads about each, pictures, whose call it is, and how to wait for it."""

import base64
import inspect
import io
import threading
import urllib.request
from importlib.util import find_spec

import pytest
from gradio.context import LocalContext
from PIL import Image

from storyboard.exports import KINDS, PER_PAGE
from storyboard.studio.verb_table import VERBS
from storyboard.studio.visitors import NOBODY_ELSE, VISITOR
from storyboard.ui import serve
from tests.programs import by_http, by_mcp, mcp_session, said

needs_mcp = pytest.mark.skipif(find_spec("mcp") is None, reason="pip install -r requirements-mcp.txt")


def fetched(address: str) -> bytes:
    with urllib.request.urlopen(address) as answer:
        return answer.read()


@pytest.fixture(scope="module")
def mcp_url(app):
    """Serves the verbs of the same studio as MCP tools. Yields the address."""
    from storyboard.ui.page import launch_page, make_page

    page = make_page(app.studio)
    _, url, _ = launch_page(
        page, app.studio, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, mcp_server=True
    )
    yield f"{url.rstrip('/')}/gradio_api/mcp/"
    page.close()


@needs_mcp
def test_an_assistant_finds_the_verbs_described_and_writes_a_story(app, mcp_url):
    async def talk(session):
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        story = said(await session.call_tool("create_story", {"title": "From an assistant"}))
        first = said(
            await session.call_tool("add_frame", {"story_id": story, "sentence": "Rosa waves to Milo."})
        )
        second = said(await session.call_tool("add_frame", {"story_id": story, "sentence": "She sits down."}))
        return tools, story, first, second

    tools, story, first, second = mcp_session(mcp_url, talk)
    assert set(tools) == set(VERBS)
    assert tools["add_frame"].inputSchema["required"] == ["story_id", "sentence"]
    assert "waits for the picture" in tools["add_frame"].description
    kept = app.studio.session(story).story
    assert [frame.caption for frame in kept.frames] == ["Rosa waves to Milo.", "She sits down."]
    assert (first["id"], second["pronouns"][0]["names"]) == (kept.frames[0].id, ["Rosa"])
    assert Image.open(io.BytesIO(fetched(first["picture"]))).size == (32, 32)


@pytest.fixture(scope="module")
def assistants_story(app):
    """Makes a story of two frames and a person made from a look. The verbs below are called on it."""
    story = app.studio.create()
    for sentence in ("Rosa waves to Milo.", "She sits down."):
        frame, job = app.studio.add(story, sentence)
        app.studio.wait(job)
    app.studio.change(story, "make_character", name="Ada", pronoun="she", aliases=[], look={})
    take = app.studio.session(story).story.frame(frame.id).take
    return {"story_id": story, "frame_id": frame.id, "take_id": take.id, "sentence": "Milo waves."}


@needs_mcp
@pytest.mark.parametrize(
    ("verb", "taken", "given"),
    [
        ("choose_take", ("story_id", "frame_id", "take_id"), {}),
        ("rebind", ("story_id", "frame_id"), {"occurrence": 0, "names": ["Rosa"]}),
        ("draw_frame", ("story_id", "frame_id"), {}),
        ("create_character", ("story_id",), {"name": "Ben", "look": {}}),
        ("random_look", (), {"seed": 7}),
    ],
)
def test_an_assistant_is_handed_the_picture_itself(mcp_url, assistants_story, verb, taken, given):
    """Verbs that do not wait in the queue got a request that Gradio had not wrapped, and failed when they read it."""
    given = given | {name: assistants_story[name] for name in taken}
    answer = mcp_session(mcp_url, lambda session: session.call_tool(verb, given))
    assert not answer.isError, answer.content[0].text
    (shown,) = [base64.b64decode(one.data) for one in answer.content if one.type == "image"]
    assert shown == fetched(said(answer)["picture"]) and Image.open(io.BytesIO(shown)).format == "PNG"


@needs_mcp
def test_an_assistant_reads_every_value_of_a_closed_set(mcp_url):
    """Gradio keeps only the first line of an argument's description, so assistants never read of three exports."""

    async def talk(session):
        return {tool.name: tool.inputSchema["properties"] for tool in (await session.list_tools()).tools}

    tools = mcp_session(mcp_url, talk)
    kind, per_page = (tools["export_story"][name] for name in ("kind", "per_page"))
    assert (kind["enum"], per_page["enum"], per_page["default"]) == (list(KINDS), list(PER_PAGE), 4)
    assert all(one["description"] for arguments in tools.values() for one in arguments.values())


@needs_mcp
def test_an_arguments_description_is_on_one_line(app):
    """Gradio drops all lines after the first one."""
    from storyboard.ui.page import make_page

    for endpoint in make_page(app.studio).fns.values():
        if endpoint.api_name not in VERBS:
            continue
        arguments = inspect.getdoc(endpoint.fn).partition("Args:")[2].partition("Returns:")[0]
        named = [line.strip().partition(":")[0] for line in arguments.splitlines() if line.strip()]
        assert named == [name for name in inspect.signature(endpoint.fn).parameters if name != "request"]


@needs_mcp
def test_an_assistant_is_told_what_each_verb_changes(mcp_url):
    async def talk(session):
        return {tool.name: tool.annotations for tool in (await session.list_tools()).tools}

    hints = mcp_session(mcp_url, talk)
    effects = {verb: VERBS[verb].effect for verb in hints}
    for verb, hint in hints.items():
        assert hint.readOnlyHint is (effects[verb] == "reads") and not hint.openWorldHint
        assert bool(hint.destructiveHint) is (effects[verb] in ("replaces", "sets"))
        assert bool(hint.idempotentHint) is (effects[verb] == "sets")


@needs_mcp
@pytest.mark.parametrize(
    ("verb", "given", "words"),
    [
        ("add_frame", {"sentence": "Zelda waves to everyone."}, "Zelda"),
        ("add_frame", {"sentence": "Rosa waves.", "mood": "gay"}, 'has no argument "mood"'),
        ("get_story", {"request": {}}, 'has no argument "request"'),
        ("export_story", {"kind": "tar"}, "kind cannot be 'tar'; it has to be one of pdf"),
        ("move_frame", {}, "move_frame needs frame_id (the frame's id, from get_story); give it too"),
        ("paint", {}, 'no tool "paint"'),
    ],
)
def test_an_assistant_is_told_what_a_writer_would_be(mcp_url, verb, given, words):
    async def talk(session):
        story = said(await session.call_tool("create_story", {}))
        return await session.call_tool(verb, {"story_id": story, **given})

    answer = mcp_session(mcp_url, talk)
    assert answer.isError and words in answer.content[0].text


@needs_mcp
def test_assistants_at_two_addresses_are_two_visitors(app, mcp_url, assistants_story, monkeypatch):
    """Verbs that wait in the queue came back over loopback, so all assistants shared the turns of one visitor."""
    visitors, draw = [], app.studio.draw

    def drawing(*arguments, **named):
        visitors.append(VISITOR.get())
        return draw(*arguments, **named)

    monkeypatch.setattr(app.studio, "draw", drawing)
    frame = {name: assistants_story[name] for name in ("story_id", "frame_id")}
    for address in ("203.0.113.9", "198.51.100.7", "127.0.0.1"):
        told = mcp_session(
            mcp_url, lambda session: session.call_tool("draw_frame", frame), **{"X-Forwarded-For": address}
        )
        assert not told.isError
    assert visitors == ["203.0.113.9", "198.51.100.7", NOBODY_ELSE]


@needs_mcp
@pytest.mark.parametrize("by", [by_mcp, by_http])
@pytest.mark.parametrize("verb", ["draw_frame", "draw_missing"])  # one waits in the queue, one does not
def test_what_a_program_draws_counts_for_whom_the_hub_says(
    app, mcp_url, assistants_story, monkeypatch, by, verb
):
    """Where GPUs are lent, the headers at the place of drawing decide whose quota pays."""
    paying = []

    def asked(method):
        def drawing(*arguments, **named):
            paying.append(LocalContext.request.get().headers["x-ip-token"])
            return method(*arguments, **named)

        return drawing

    for name in ("draw", "draw_missing"):
        monkeypatch.setattr(app.studio, name, asked(getattr(app.studio, name)))
    takes = ("story_id", "frame_id") if verb == "draw_frame" else ("story_id",)
    given = {name: assistants_story[name] for name in takes}
    by(mcp_url.partition("/gradio_api")[0], verb, given, **{"X-IP-Token": "a.b.c"})
    assert paying == ["a.b.c"]


@needs_mcp
def test_an_assistant_that_waits_for_a_picture_hears_that_it_is_drawn(
    app, mcp_url, assistants_story, monkeypatch
):
    from storyboard.ui import mcp_tools

    monkeypatch.setattr(mcp_tools, "HEARTBEAT", 0.01)
    app.renderer.gate, beats = threading.Event(), []

    async def heard(progress, total, message):
        beats.append(progress)
        if len(beats) == 3:
            app.renderer.gate.set()

    frame = {name: assistants_story[name] for name in ("story_id", "frame_id")}
    try:
        answer = mcp_session(
            mcp_url,
            lambda session: session.call_tool("draw_frame", frame, progress_callback=heard),
        )
    finally:
        app.renderer.gate = None
    assert not answer.isError and beats[:3] == [1, 2, 3]


def test_serving_mcp_without_its_package_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(serve.importlib.util, "find_spec", lambda name: None)
    assert serve.main(["--mcp"]) == 2
    told = capsys.readouterr().err
    assert (
        "pip install 'storygpt-v-storyboard[mcp]'" in told and "pip install -r requirements-mcp.txt" in told
    )
