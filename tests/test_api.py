"""The endpoints as programs meet them, over HTTP and as MCP tools, and the app that cannot start."""

import asyncio
import base64
import dataclasses
import inspect
import io
import json
import threading
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from random import Random

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from storyboard.errors import StoryError
from storyboard.exports import KINDS, PER_PAGE
from storyboard.people import Look, random_look
from storyboard.people import wardrobe as w
from storyboard.studio.visitors import NOBODY_ELSE, VISITOR
from storyboard.ui import serve

VERBS = {
    *("create_story", "get_story", "add_frame", "edit_frame", "draw_frame", "reroll_frame"),
    *("choose_take", "rebind", "set_place", "export_story"),
    *("create_character", "change_look", "preview_look", "random_look"),
}


@pytest.fixture(autouse=True)
def willing_renderer(app):
    yield
    app.renderer.failure = None


@pytest.fixture(scope="module")
def client(app):
    client = Client(app.url, verbose=False)
    yield client
    client.close()


def fetched(address: str) -> bytes:
    with urllib.request.urlopen(address) as answer:
        return answer.read()


def test_a_program_writes_a_story_and_fetches_its_pictures(client):
    story = client.predict("A day out", api_name="/create_story")
    first = client.predict(story, "Rosa waves in the park.", api_name="/add_frame")
    second = client.predict(story, "She sits down.", api_name="/add_frame")
    assert [first["number"], second["number"]] == [1, 2]
    assert (first["mentioned"], first["stale"], second["conditioning"]) == (["Rosa"], False, "llm")
    assert Image.open(io.BytesIO(fetched(first["picture"]))).size == (32, 32)
    described = client.predict(story, api_name="/get_story")
    assert (described["title"], described["frames"]) == ("A day out", [first, second])
    assert [one["name"] for one in described["cast"]] == ["Rosa", "Milo", "Bolt"]


def test_a_program_edits_and_rerolls_one_frame_and_brings_an_earlier_take_back(client):
    story = client.predict(api_name="/create_story")
    first = client.predict(story, "Rosa waves.", api_name="/add_frame")
    edited = client.predict(story, first["id"], "Milo waves.", api_name="/edit_frame")
    again = client.predict(story, first["id"], api_name="/reroll_frame")
    assert (edited["mentioned"], len(edited["takes"]), len(again["takes"])) == (["Milo"], 2, 3)
    assert again["seed"] != edited["seed"] and again["picture"] != edited["picture"]
    back = client.predict(story, first["id"], first["take"], api_name="/choose_take")
    assert (back["caption"], back["picture"]) == ("Rosa waves.", first["picture"])


def test_a_program_sees_whom_a_pronoun_means_and_says_otherwise(client):
    story = client.predict(api_name="/create_story")
    client.predict(story, "Rosa waves to Milo.", api_name="/add_frame")
    frame = client.predict(story, "She sits down.", api_name="/add_frame")
    (she,) = frame["pronouns"]
    assert (she["word"], she["names"], she["by"]) == ("she", ["Rosa"], "model")
    bound = client.predict(story, frame["id"], she["occurrence"], ["Milo"], api_name="/rebind")
    assert (bound["stale_because"], len(bound["takes"])) == ("whom a pronoun stands for changed", 1)
    drawn = client.predict(story, frame["id"], api_name="/draw_frame")
    assert (drawn["resolved"], drawn["stale"]) == ("Milo sits down.", False)


@pytest.mark.parametrize("kind, ending", [("pdf", ".pdf"), ("zip", ".zip"), ("project", ".storyboard")])
def test_a_program_exports_a_story_and_fetches_the_files(client, kind, ending):
    story = client.predict(api_name="/create_story")
    client.predict(story, "Rosa waves.", api_name="/add_frame")
    answer = client.predict(story, kind, 2, api_name="/export_story")
    (file,) = answer["files"]
    assert file["name"].endswith(ending) and answer["left_out"] == []
    data = fetched(file["address"])
    assert data.startswith(b"%PDF-") if kind == "pdf" else zipfile.ZipFile(io.BytesIO(data)).testzip() is None


def test_the_endpoints_are_typed_and_nothing_else_is_public(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert set(endpoints) == {f"/{verb}" for verb in VERBS}
    parameters = [
        (one["parameter_name"], one["python_type"]["type"]) for one in endpoints["/add_frame"]["parameters"]
    ]
    assert parameters == [("story_id", "str"), ("sentence", "str")]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (("nobody-knows", "Rosa waves.", "/add_frame"), "no story with that id"),
        (("nobody-knows", "/get_story"), "no story with that id"),
        (("nobody-knows", "project", "/export_story"), "no story with that id"),
        (("STORY", "  ", "/add_frame"), "Frame 1 "),
        (("STORY", "Zelda waves to everyone.", "/add_frame"), "Zelda"),
        (("STORY", "forged", "Rosa waves.", "/edit_frame"), "frame is no longer"),
        (("STORY", "forged", "/draw_frame"), "frame is no longer"),
        (("STORY", "pdf", "/export_story"), "no frames yet"),
        (("STORY", "../../etc/passwd", "/export_story"), "no such kind of export"),
    ],
)
def test_a_program_gets_the_writers_sentence_as_its_error(client, call, words):
    *arguments, name = call
    story = client.predict(api_name="/create_story")
    with pytest.raises(AppError, match=words):
        client.predict(*[story if one == "STORY" else one for one in arguments], api_name=name)
    assert client.predict(story, api_name="/get_story")["frames"] == []


def test_a_frame_of_one_story_is_none_of_another(client):
    mine, theirs = (client.predict(api_name="/create_story") for _ in range(2))
    frame = client.predict(theirs, "Rosa waves.", api_name="/add_frame")
    for arguments, name in (
        ((frame["id"], "Milo waves."), "/edit_frame"),
        ((frame["id"],), "/reroll_frame"),
        ((frame["id"], frame["take"]), "/choose_take"),
    ):
        with pytest.raises(AppError, match="frame is no longer"):
            client.predict(mine, *arguments, api_name=name)
    assert client.predict(theirs, api_name="/get_story")["frames"] == [frame]


def test_a_failed_drawing_is_an_error_and_the_sentence_is_kept(app, client):
    story = client.predict(api_name="/create_story")
    app.renderer.failure = StoryError("there is no more paint; buy some.")
    with pytest.raises(AppError, match="Frame 1 could not be drawn: there is no more paint"):
        client.predict(story, "Rosa waves.", api_name="/add_frame")
    (frame,) = client.predict(story, api_name="/get_story")["frames"]
    assert (frame["caption"], frame["picture"]) == ("Rosa waves.", None)


# -- MCP


needs_mcp = pytest.mark.skipif(find_spec("mcp") is None, reason="pip install -r requirements-mcp.txt")


@pytest.fixture(scope="module")
def mcp_url(app):
    """Where the same studio serves its verbs as MCP tools."""
    from storyboard.ui.page import launch_page, make_page

    page = make_page(app.studio)
    _, url, _ = launch_page(
        page, app.studio, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, mcp_server=True
    )
    yield f"{url.rstrip('/')}/gradio_api/mcp/"
    page.close()


def mcp_session(url, talk, **headers):
    """What `talk` returns of a real client's session."""
    import httpx
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def run():
        web = httpx.AsyncClient(headers=headers, timeout=60)
        async with web, streamable_http_client(url, http_client=web) as (reading, writing, _):
            async with ClientSession(reading, writing) as session:
                await session.initialize()
                return await talk(session)

    # In a thread of its own: a browser that an earlier test drove leaves a running event loop in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, run()).result()


def said(answer):
    """What a tool returned, which its text and its value say alike."""
    text = answer.content[0].text
    if answer.structuredContent.keys() == {"result"}:
        assert answer.structuredContent["result"] == text
        return text
    assert json.loads(text) == answer.structuredContent
    return answer.structuredContent


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
    assert set(tools) == VERBS
    assert set(tools["add_frame"].inputSchema["properties"]) == {"story_id", "sentence"}
    assert "waits for the picture" in tools["add_frame"].description
    kept = app.studio.session(story).story
    assert [frame.caption for frame in kept.frames] == ["Rosa waves to Milo.", "She sits down."]
    assert (first["id"], second["pronouns"][0]["names"]) == (kept.frames[0].id, ["Rosa"])
    assert Image.open(io.BytesIO(fetched(first["picture"]))).size == (32, 32)


@pytest.fixture(scope="module")
def assistants_story(client):
    """A story of two frames and somebody made from a look: what the verbs below are called on."""
    story = client.predict(api_name="/create_story")
    client.predict(story, "Rosa waves to Milo.", api_name="/add_frame")
    frame = client.predict(story, "She sits down.", api_name="/add_frame")
    client.predict(story, "Ada", {}, api_name="/create_character")
    return {"story_id": story, "frame_id": frame["id"], "take_id": frame["take"], "sentence": "Milo waves."}


CALLS = [
    ("create_story", (), {"title": "Told"}, None),
    ("get_story", ("story_id",), {}, "frames"),
    ("choose_take", ("story_id", "frame_id", "take_id"), {}, "picture"),
    ("rebind", ("story_id", "frame_id"), {"occurrence": 0, "names": ["Rosa"]}, "pronouns"),
    ("set_place", ("story_id", "frame_id"), {"place": "in the kitchen"}, "place"),
    ("add_frame", ("story_id", "sentence"), {}, "picture"),
    ("edit_frame", ("story_id", "frame_id"), {"sentence": "She waves."}, "picture"),
    ("draw_frame", ("story_id", "frame_id"), {}, "picture"),
    ("reroll_frame", ("story_id", "frame_id"), {}, "picture"),
    ("export_story", ("story_id",), {"kind": "zip"}, "files"),
    ("create_character", ("story_id",), {"name": "Ben", "look": {}}, "picture"),
    ("change_look", ("story_id",), {"name": "Ada", "look": {"glasses": "round glasses"}}, "picture"),
    ("preview_look", (), {"look": {}}, "picture"),
    ("random_look", (), {"seed": 7}, "picture"),
]


def test_every_verb_has_its_call():
    assert {verb for verb, *_ in CALLS} == VERBS


@needs_mcp
@pytest.mark.parametrize(("verb", "taken", "given", "holds"), CALLS)
def test_an_assistant_may_call_every_verb(mcp_url, assistants_story, verb, taken, given, holds):
    """Those that wait in no line were handed a request that Gradio had not wrapped, and failed where they read it."""
    given = given | {name: assistants_story[name] for name in taken}

    async def talk(session):
        return verb in {one.name for one in (await session.list_tools()).tools}, await session.call_tool(
            verb, given
        )

    listed, answer = mcp_session(mcp_url, talk)
    assert listed and not answer.isError, answer.content[0].text
    told = said(answer)
    assert holds is None or told[holds]
    shown = [base64.b64decode(one.data) for one in answer.content if one.type == "image"]
    assert shown == ([fetched(told["picture"])] if "picture" in told else [])
    assert holds != "picture" or shown
    assert all(Image.open(io.BytesIO(one)).format == "PNG" for one in shown)


@needs_mcp
def test_an_assistant_reads_every_value_of_a_closed_set(mcp_url):
    """Of an argument's description Gradio keeps the first line, so three kinds of export were told to nobody."""

    async def talk(session):
        return {tool.name: tool.inputSchema["properties"] for tool in (await session.list_tools()).tools}

    tools = mcp_session(mcp_url, talk)
    kind, per_page = (tools["export_story"][name] for name in ("kind", "per_page"))
    assert (kind["enum"], per_page["enum"], per_page["default"]) == (list(KINDS), list(PER_PAGE), 4)
    assert all(one["description"] for arguments in tools.values() for one in arguments.values())


@needs_mcp
def test_an_arguments_description_is_on_one_line(app):
    """Gradio drops what stands on the lines after it."""
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
    reading = {verb for verb, hint in hints.items() if hint.readOnlyHint}
    assert reading == {"get_story", "export_story", "preview_look", "random_look"}
    assert {verb for verb, hint in hints.items() if hint.destructiveHint} == {
        *("edit_frame", "choose_take", "rebind", "set_place")
    }
    assert {verb for verb, hint in hints.items() if hint.idempotentHint} == {
        *("choose_take", "rebind", "set_place")
    }
    assert not any(hint.openWorldHint for hint in hints.values())


@needs_mcp
def test_verbs_change_what_their_hints_say(app, mcp_url, assistants_story):
    """Called twice: a reading one leaves the story alone, an idempotent one does nothing the second time."""

    async def talk(session):
        hints = {tool.name: tool.annotations for tool in (await session.list_tools()).tools}
        seen = {}
        for verb, taken, given, _ in CALLS:
            if hints[verb].readOnlyHint or hints[verb].idempotentHint:
                given = given | {name: assistants_story[name] for name in taken}
                stories = [app.studio.session(assistants_story["story_id"]).story]
                for _ in range(2):
                    assert not (await session.call_tool(verb, given)).isError
                    stories.append(app.studio.session(assistants_story["story_id"]).story)
                seen[verb] = stories
        return hints, seen

    hints, seen = mcp_session(mcp_url, talk)
    for verb, (before, once, twice) in seen.items():
        assert once == twice and (before == once or not hints[verb].readOnlyHint), verb


@needs_mcp
@pytest.mark.parametrize(
    ("verb", "given", "words"),
    [
        ("add_frame", {"sentence": "Zelda waves to everyone."}, "Zelda"),
        ("add_frame", {"sentence": "Rosa waves.", "mood": "gay"}, 'has no argument "mood"'),
        ("get_story", {"request": {}}, 'has no argument "request"'),
        ("export_story", {"kind": "tar"}, "'tar' is not one of"),
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
    """Verbs that wait in line came back over loopback, and all assistants shared one visitor's turns."""
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


@pytest.mark.parametrize(
    ("verb", "arguments", "describer"),
    [
        ("choose_take", ("FIRST", "TAKE"), "api.describe_frame"),
        ("rebind", ("SECOND", 0, ["Milo"]), "api.describe_frame"),
        ("create_character", ("Ada", {}), "api_people.describe_character"),
        ("change_look", ("Rosa", {}), "api_people.describe_character"),
    ],
)
def test_a_failure_is_told_with_what_became_of_the_story(client, monkeypatch, verb, arguments, describer):
    """Callers were told that nothing was changed where only the answer had failed, and would send it all again."""
    story = client.predict(api_name="/create_story")
    first = client.predict(story, "Rosa waves to Milo.", api_name="/add_frame")
    second = client.predict(story, "She sits down.", api_name="/add_frame")
    client.predict(story, first["id"], "Milo waves to Rosa.", api_name="/edit_frame")
    known = {"FIRST": first["id"], "TAKE": first["take"], "SECOND": second["id"]}
    arguments = [known.get(one, one) if isinstance(one, str) else one for one in arguments]

    def broken(*_):
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(f"storyboard.ui.{describer}", broken)
        with pytest.raises(AppError, match="after the story was changed"):
            client.predict(story, *arguments, api_name=f"/{verb}")
        patch.setattr("storyboard.studio.studio.Studio.change", broken)
        with pytest.raises(AppError, match="nothing was changed"):
            client.predict(story, *arguments, api_name=f"/{verb}")


def test_serving_mcp_without_its_package_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(serve.importlib.util, "find_spec", lambda name: None)
    assert serve.main(["--mcp"]) == 2
    told = capsys.readouterr().err
    assert (
        "pip install 'storygpt-v-storyboard[mcp]'" in told and "pip install -r requirements-mcp.txt" in told
    )


# -- The app that cannot start


@pytest.mark.parametrize("given", ["missing", "half-written"])
def test_the_app_names_a_bad_pipeline_folder_and_stops(tmp_path, capsys, given):
    folder = tmp_path / "pipeline"
    if given == "half-written":
        folder.mkdir()
        (folder / "cast.json").write_text('{"characters": [')
    assert serve.main(["--pipeline", str(folder)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and str(folder) in told


# -- People made from looks


def test_a_program_thinks_somebody_up_makes_them_recolours_them_and_draws_them(client):
    story = client.predict(api_name="/create_story")
    shown = client.predict(7, api_name="/random_look")
    assert (
        client.predict(7, api_name="/random_look")["look"]
        == shown["look"]
        == random_look(Random(7)).to_json()
    )
    assert Image.open(io.BytesIO(fetched(shown["picture"]))).size == (256, 256)
    ada = client.predict(story, "Ada", shown["look"], "they", ["Ad"], api_name="/create_character")
    assert (ada["name"], ada["pronoun"], ada["aliases"]) == ("Ada", "they", ["Ad"])
    assert (ada["look"], ada["learned"]) == (shown["look"], False)
    green = client.predict({**shown["look"], "skin": [10, 200, 30]}, api_name="/preview_look")
    again = client.predict(story, "ada", green["look"], api_name="/change_look")
    assert (again["look"], len(again["portraits"])) == (green["look"], 2)
    assert fetched(again["picture"]) != fetched(ada["picture"])
    assert client.predict(story, "Ada waves.", api_name="/add_frame")["mentioned"] == ["Ada"]


def test_what_a_look_may_say_is_part_of_its_type(client):
    endpoint = client.view_api(return_format="dict")["named_endpoints"]["/create_character"]
    types = {one["parameter_name"]: one["type"] for one in endpoint["parameters"]}
    fields = types["look"]["properties"]
    assert (
        set(fields) == {field.name for field in dataclasses.fields(Look)} and "required" not in types["look"]
    )
    assert fields["kind"] == {"enum": list(w.KINDS)} and "mohawk" in fields["hair"]["enum"]


@pytest.mark.parametrize(
    ("look", "words"),
    [
        ({"wings": 2}, "no field 'wings'"),
        ({"skin": [0, 0, 256]}, "three whole numbers from 0 to 255"),
        ({"hair": "<script>"}, "hair cannot be '<script>'"),
        ("red hair", "JSON object"),
        ({"top": "dress", "bottom": "skirt"}, "Nothing is worn below a dress"),
    ],
)
def test_a_program_that_sends_no_look_is_told_why_and_nothing_is_made(client, look, words):
    story = client.predict(api_name="/create_story")
    with pytest.raises(AppError, match=words):
        client.predict(story, "Ada", look, api_name="/create_character")
    assert len(client.predict(story, api_name="/get_story")["cast"]) == 3
