"""Every verb of the table through every door for programs: it is called, does what it says, or is refused alike."""

from __future__ import annotations

import shlex
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from storyboard.commands import drawing
from storyboard.commands.reference import verb_tables
from storyboard.disk.pictures import PictureStore
from storyboard.exports.project import read_project
from storyboard.people import Look
from storyboard.studio.maker import portrait_of
from storyboard.studio.verb_table import GROUPS, VERBS
from storyboard.ui.calls import changes
from storyboard.ui.files import FILE_CALLS, UPLOADS
from storyboard.ui.shelf import SHELF_CALLS
from tests import programs, tiny
from tests.verb_calls import CALLS, FIRST, SHELF, STORY

DOORS = ("client", "http", "mcp", "command")


@pytest.fixture(scope="module")
def served(app, tmp_path_factory):
    """Serves the app's studio as a page with MCP, with a gradio_client for it and files to send."""
    from gradio_client import Client

    from storyboard.ui.page import launch_page, make_page

    page = make_page(app.studio)
    mcp = find_spec("mcp") is not None
    options = {"server_name": "127.0.0.1", "prevent_thread_lock": True, "quiet": True, "mcp_server": mcp}
    _, url, _ = launch_page(page, app.studio, **options)
    client = Client(url, verbose=False, analytics_enabled=False)
    served = SimpleNamespace(url=url, mcp=mcp, client=client, studio=app.studio, renderer=app.renderer)
    served.files = _files(app.studio, tmp_path_factory.mktemp("files"))
    yield served
    client.close()
    page.close()


def _files(studio, folder: Path) -> dict[str, Path]:
    """Returns what a program may send: a portrait, a look, and an exported story and picture."""
    Image.new("RGB", (8, 8), "blue").save(folder / "blue.png")
    (folder / "look.json").write_text('{"glasses": "round glasses"}')
    portrait_of(Look()).save(folder / "face.png")
    story = studio.create()
    frame, job = studio.add(story, "Rosa waves to Milo.")
    studio.wait(job)
    (project,), _ = studio.export(story, "project", 4, folder)
    made = {"PROJECT": project, "PICTURE": studio.export_frame(story, frame.id, folder)}
    return made | {one.stem.upper(): one for one in folder.iterdir() if one.stem in ("blue", "face", "look")}


@pytest.fixture
def made(served):
    """Returns a story on a shelf: two drawn frames, the first with two takes, one not drawn, and Ada from a look."""
    studio = served.studio
    story = studio.create(SHELF)
    frames = []
    for sentence in ("Rosa waves to Milo.", "She sits down."):
        frame, job = studio.add(story, sentence)
        assert studio.wait(job).state == "done"
        frames.append(frame.id)
    studio.wait(studio.draw(story, frames[0], reroll=True))
    frames.append(studio.add(story, "Milo sleeps.", draw=False)[0].id)
    studio.change(story, "make_character", name="Ada", pronoun="she", aliases=[], look={})
    take = studio.session(story).story.frames[0].takes[0].id
    known = dict(zip(("FIRST", "SECOND", "THIRD"), frames, strict=True)) | {"STORY": story, "TAKE": take}
    yield SimpleNamespace(**known, studio=studio, renderer=served.renderer, files=served.files)
    served.renderer.failure = None
    served.renderer.verdicts.clear()
    if served.renderer.gate is not None:
        served.renderer.gate.set()
        served.renderer.gate = None
    if studio.has(story):
        studio.cancel_all(story)


def called(
    door: str, served, made, verb: str, given: dict[str, Any], words: str, out: Path | None = None
) -> Any:
    """Returns a verb's answer through one of DOORS."""
    if door == "mcp" and not served.mcp:
        pytest.skip("pip install -r requirements-mcp.txt")
    known = vars(made) | served.files
    if door in ("command", "file"):
        story = f"{served.url}?story={known.get(given.get('story_id'), given.get('story_id'))}"
        known |= {"STORY": made.project if door == "file" else story, "APP": served.url, "OUT": out}
        return programs.by_command(
            [verb.replace("_", "-"), *(str(known.get(one, one)) for one in shlex.split(words))]
        )
    given = {name: known.get(one, one) if isinstance(one, str) else one for name, one in given.items()}
    if door == "client":
        return programs.by_client(served.client, verb, given)
    return {"http": programs.by_http, "mcp": programs.by_mcp}[door](served.url, verb, given)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.verb)
def test_every_verb_does_on_every_door_what_it_says(served, made, tmp_path, call, door):
    call.before(made)
    told = called(door, served, made, call.verb, call.given, call.words, tmp_path)
    for job in made.studio.queue.jobs_of(made.STORY):
        made.studio.wait(job)
    story = made.studio.session(made.STORY).story if made.studio.has(made.STORY) else None
    assert call.holds(story, told, made), told


@pytest.mark.parametrize("door", DOORS)
def test_a_pipeline_with_all_its_parts_draws_for_every_door(served, made, monkeypatch, door):
    """Everything else in this file is drawn by a renderer without a model."""
    monkeypatch.setattr(made.studio, "renderer", tiny.pipeline())
    made.STORY = made.studio.create()
    first, second = (
        called(door, served, made, "add_frame", STORY | {"sentence": one}, f"STORY '{one}'")
        for one in ("Rosa waves.", "She sits down.")
    )
    assert (first["conditioning"], second["conditioning"]) == ("char-ldm", "llm")
    again = called(door, served, made, "reroll_frame", STORY | {"frame_id": first["id"]}, "STORY 1")
    assert len(again["takes"]) == 2 and again["picture"] != first["picture"]


@pytest.mark.parametrize(
    "call", [call for call in CALLS if "STORY" in call.words], ids=lambda call: call.verb
)
def test_every_verb_does_the_same_to_a_project_file_or_says_that_it_needs_the_app(
    served, made, tmp_path, monkeypatch, call
):
    monkeypatch.setattr(drawing, "open_pipeline", lambda folder: made.renderer)
    if VERBS[call.verb].in_app:
        made.project = served.files["PROJECT"]
        with pytest.raises(programs.Refused, match="works in a running app alone"):
            called("file", served, made, call.verb, call.given, call.words)
        return
    call.before(made)
    (made.project,), _ = made.studio.export(made.STORY, "project", 4, tmp_path)
    before = made.project.read_bytes()
    told = called("file", served, made, call.verb, call.given, call.words, tmp_path)
    story = read_project(made.project, PictureStore(tmp_path / "read"))
    assert call.holds(story, told, made), told
    assert (made.project.read_bytes() == before) == (VERBS[call.verb].effect == "reads")


def test_the_page_about_programs_has_the_table_as_it_is():
    page = (Path(__file__).parents[1] / "docs" / "programs.md").read_text(encoding="utf-8")
    assert page.partition("## Verbs\n\n")[2].rstrip("\n") == verb_tables(), (
        "python -m storyboard verbs prints it"
    )


def test_every_verb_has_its_call():
    assert (
        [call.verb for call in CALLS]
        == [verb.name for verbs in GROUPS.values() for verb in verbs]
        == list(VERBS)
    )


def test_what_the_page_can_do_to_a_story_the_table_can():
    """Only the page could set styles and words for a portrait."""
    calls = {call.__name__ for call in (*changes(), *UPLOADS, *FILE_CALLS, *SHELF_CALLS)}
    renamed = {
        **dict.fromkeys(("cancel_all", "cancel_job", "stop_frame"), "cancel"),
        "make_character": "create_character",
        "preview_portrait": "look_of_picture",
        "add_character": "create_character",
        "import_picture": "import_frame",
        "import_project": "import_story",
        "export": "export_story",
    }
    assert {renamed.get(call, call) for call in calls} <= set(VERBS)


REFUSALS = (
    ("get_story", {"story_id": "forged"}, "STORY", "no story with that id"),
    ("undo", {"story_id": "forged"}, "STORY", "no story with that id"),
    ("delete_story", {"story_id": "../../etc"}, "STORY", "no story with that id"),
    ("progress", {"story_id": "forged"}, "STORY", "no story with that id"),
    ("list_stories", {"shelf": "me"}, "APP me", "'me' is no shelf; give 10 to 64 letters"),
    (
        "move_frame",
        FIRST | {"number": "three"},
        "STORY 1 three",
        "number cannot be 'three'; it has to be a whole number",
    ),
    ("move_frame", FIRST | {"number": 9}, "STORY 1 9", "Frame 1 cannot become frame 9; choose 1 to 3"),
    (
        "set_quality",
        STORY | {"quality": "best"},
        "STORY best",
        "quality cannot be 'best'; it has to be one of draft, standard",
    ),
    ("set_style", STORY | {"aspect": "round"}, "STORY --aspect round", "one of square, landscape"),
    ("set_style", STORY | {"words": "x" * 2000}, f"STORY --words {'x' * 2000}", "shorten it to"),
    ("set_style_picture", STORY | {"picture": "LOOK"}, "STORY LOOK", "is not a PNG, JPEG, WEBP"),
    ("set_checking", STORY | {"checking": "never"}, "STORY never", "one of off, ask, always"),
    ("export_story", STORY | {"kind": "tar"}, "STORY tar", "kind cannot be 'tar'; it has to be one of pdf"),
    (
        "choose_portrait",
        STORY | {"name": "Rosa", "portrait": "fur"},
        "STORY Rosa fur",
        "'fur' is no portrait of Rosa",
    ),
    (
        "create_character",
        STORY | {"name": "Ben"},
        "STORY Ben",
        "Ben needs a look or a portrait; give one of the two",
    ),
    (
        "add_portrait",
        STORY | {"name": "Zelda", "picture": "BLUE"},
        "STORY Zelda BLUE",
        "Zelda is not in the cast",
    ),
    (
        "add_portrait",
        STORY | {"name": "Rosa", "picture": "LOOK"},
        "STORY Rosa LOOK",
        "is not a PNG, JPEG, WEBP, HEIC or AVIF",
    ),
    ("import_story", {"project": "BLUE"}, "APP BLUE", "damaged or is no project file"),
    ("import_frame", STORY | {"picture": "BLUE"}, "STORY BLUE", "."),
    ("draw_variants", FIRST | {"count": 99}, "STORY 1 99", "1 to 8 variants"),
    (
        "set_place",
        FIRST | {"place": "on Mars"},
        "STORY 1 --place 'on Mars'",
        'knows no place called "on Mars"; choose one of these: in the park and in the kitchen',
    ),
    (
        "add_frame",
        STORY | {"sentence": "Rosa waves.", "wordings": [{"written": "waves", "drawn": "?"}]},
        "STORY 'Rosa waves.' --wording 'waves=?'",
        "There are no words to draw",
    ),
)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("verb", "given", "words", "sentence"), REFUSALS)
def test_what_does_not_fit_is_refused_in_the_same_sentence_on_every_door(
    served, made, verb, given, words, sentence, door
):
    before = made.studio.session(made.STORY).story
    with pytest.raises(programs.Refused) as refused:
        called(door, served, made, verb, given, words)
    told = str(refused.value)
    assert sentence in told and "\n" not in told and "Traceback" not in told
    assert made.studio.session(made.STORY).story == before


@pytest.mark.parametrize("door", ("client", "http", "mcp"))
def test_a_frame_of_another_visitors_story_is_refused(served, made, door):
    """The command line names frames by number, so it cannot name a frame of another story."""
    theirs = made.studio.create()
    frame = made.studio.add(theirs, "Rosa waves.", draw=False)[0].id
    for verb in ("remove_frame", "draw_frame", "frame_details", "cancel", "export_frame"):
        with pytest.raises(programs.Refused, match="frame is no longer in the story"):
            called(door, served, made, verb, STORY | {"frame_id": frame}, "")
    assert made.studio.session(theirs).story.has_frame(frame)


def test_a_call_by_name_with_other_arguments_or_of_no_verb_is_told_so(served):
    for verb, given, sentence in (
        ("move_frame", {"story_id": "x"}, "move_frame takes story_id, frame_id, number"),
        ("get_story", {"story_id": "x", "mood": 1}, "get_story takes story_id and needs story_id"),
        ("paint", {}, 'There is no "paint" here'),
    ):
        with pytest.raises(programs.Refused, match=sentence):
            programs.by_http(served.url, verb, given)


def test_the_command_line_says_where_no_app_and_no_story_is(served):
    for words, sentence in (
        (["undo", served.url], "names no story"),
        (["undo", "http://127.0.0.1:9/?story=x"], "No storyboard answers at http://127.0.0.1:9"),
        (["undo", "story.storyboard"], "undo works in a running app alone"),
    ):
        with pytest.raises(programs.Refused, match=sentence):
            programs.by_command(words)


@pytest.mark.parametrize(
    "call",
    [call for call in CALLS if VERBS[call.verb].effect in ("reads", "sets")],
    ids=lambda call: call.verb,
)
def test_verbs_change_what_they_say(served, made, tmp_path, call):
    """Each verb is called twice.

    A verb that reads does not change the story; one that sets does nothing the second time.
    """
    verb, known = VERBS[call.verb], vars(made) | served.files
    given = {name: known.get(one, one) if isinstance(one, str) else one for name, one in call.given.items()}
    call.before(made)
    stories = [made.studio.session(made.STORY).story]
    for _ in range(2):
        verb.do(made.studio, given, **({"folder": tmp_path} if verb.makes_files else {}))
        stories.append(made.studio.session(made.STORY).story)
    before, once, twice = stories
    assert once == twice and (verb.effect == "sets" or once == before)
