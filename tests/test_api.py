"""The endpoints as programs use them over HTTP, and the app that cannot start."""

import dataclasses
import io
import urllib.request
import zipfile
from random import Random

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from storyboard.errors import StoryError
from storyboard.people import Look, random_look
from storyboard.people import wardrobe as w
from storyboard.studio.verb_table import VERBS
from storyboard.ui import serve


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
    parameters = {
        one["parameter_name"]: (one["python_type"]["type"], one["parameter_has_default"])
        for one in endpoints["/add_frame"]["parameters"]
    }
    assert list(parameters) == ["story_id", "sentence", "after_id", "before_id", "wordings", "draw"]
    assert (parameters["sentence"], parameters["draw"]) == (("str", False), ("bool", True))


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
        (("STORY", "../../etc/passwd", "/export_story"), "kind cannot be .* one of pdf"),
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


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("choose_take", ("FIRST", "TAKE")),
        ("rebind", ("SECOND", 0, ["Milo"])),
        ("create_character", ("Ada", {})),
        ("change_look", ("Rosa", {})),
    ],
)
def test_a_failure_is_told_with_what_became_of_the_story(client, monkeypatch, verb, arguments):
    """If only the answer had failed, callers read that nothing was changed, and would send everything again."""
    story = client.predict(api_name="/create_story")
    first = client.predict(story, "Rosa waves to Milo.", api_name="/add_frame")
    second = client.predict(story, "She sits down.", api_name="/add_frame")
    client.predict(story, first["id"], "Milo waves to Rosa.", api_name="/edit_frame")
    known = {"FIRST": first["id"], "TAKE": first["take"], "SECOND": second["id"]}
    arguments = [known.get(one, one) if isinstance(one, str) else one for one in arguments]

    def broken(*_):
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr("storyboard.ui.api.describe", broken)
        with pytest.raises(AppError, match="after the story was changed"):
            client.predict(story, *arguments, api_name=f"/{verb}")
        patch.setattr("storyboard.studio.studio.Studio.change", broken)
        with pytest.raises(AppError, match="nothing was changed"):
            client.predict(story, *arguments, api_name=f"/{verb}")


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
    endpoint = client.view_api(return_format="dict")["named_endpoints"]["/change_look"]
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
