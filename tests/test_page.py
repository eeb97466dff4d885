"""The endpoints as programs meet them, and the app that cannot start. What the page does is in tests/test_page_*.py."""

import io
import urllib.request

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from app import main
from storyboard.errors import StoryError


@pytest.fixture(autouse=True)
def willing_renderer(app):
    yield
    app.renderer.failure = None


@pytest.fixture(scope="module")
def client(app):
    client = Client(app.url, verbose=False)
    yield client
    client.close()


def test_a_program_writes_a_story_and_fetches_its_pictures(client):
    story = client.predict(api_name="/create_story")
    first = client.predict(story, "Rosa waves in the park.", api_name="/add_frame")
    second = client.predict(story, "She sits down.", api_name="/add_frame")
    assert [first["number"], second["number"]] == [1, 2]
    assert (first["mentioned"], first["stale"], second["conditioning"]) == (["Rosa"], False, "llm")
    with urllib.request.urlopen(first["picture"]) as answer:
        assert Image.open(io.BytesIO(answer.read())).size == (32, 32)
    described = client.predict(story, api_name="/get_story")
    assert described["frames"] == [first, second]
    assert [one["name"] for one in described["cast"]] == ["Rosa", "Milo", "Bolt"]


def test_a_program_edits_and_rerolls_one_frame(client):
    story = client.predict(api_name="/create_story")
    first = client.predict(story, "Rosa waves.", api_name="/add_frame")
    edited = client.predict(story, first["id"], "Milo waves.", api_name="/edit_frame")
    again = client.predict(story, first["id"], api_name="/reroll_frame")
    assert (edited["mentioned"], edited["takes"], again["takes"]) == (["Milo"], 2, 3)
    assert again["seed"] != edited["seed"] and again["picture"] != edited["picture"]


def test_the_endpoints_are_typed_and_nothing_else_is_public(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert set(endpoints) == {"/create_story", "/get_story", "/add_frame", "/edit_frame", "/reroll_frame"}
    parameters = [
        (one["parameter_name"], one["python_type"]["type"]) for one in endpoints["/add_frame"]["parameters"]
    ]
    assert parameters == [("story_id", "str"), ("sentence", "str")]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (("nobody-knows", "Rosa waves.", "/add_frame"), "no story with that id"),
        (("STORY", "  ", "/add_frame"), "Frame 1 "),
        (("STORY", "Zelda waves to everyone.", "/add_frame"), "Zelda"),
        (("STORY", "forged", "Rosa waves.", "/edit_frame"), "frame is no longer"),
    ],
)
def test_a_program_gets_the_writers_sentence_as_its_error(client, call, words):
    *arguments, name = call
    story = client.predict(api_name="/create_story")
    with pytest.raises(AppError, match=words):
        client.predict(*[story if one == "STORY" else one for one in arguments], api_name=name)
    assert client.predict(story, api_name="/get_story")["frames"] == []


def test_a_failed_drawing_is_an_error_and_the_sentence_is_kept(app, client):
    story = client.predict(api_name="/create_story")
    app.renderer.failure = StoryError("there is no more paint; buy some.")
    with pytest.raises(AppError, match="Frame 1 could not be drawn: there is no more paint"):
        client.predict(story, "Rosa waves.", api_name="/add_frame")
    (frame,) = client.predict(story, api_name="/get_story")["frames"]
    assert (frame["caption"], frame["picture"]) == ("Rosa waves.", None)


@pytest.mark.parametrize("given", ["missing", "half-written"])
def test_the_app_names_a_bad_pipeline_folder_and_stops(tmp_path, capsys, given):
    folder = tmp_path / "pipeline"
    if given == "half-written":
        folder.mkdir()
        (folder / "cast.json").write_text('{"characters": [')
    assert main(["--pipeline", str(folder)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and str(folder) in told
