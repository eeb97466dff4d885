"""What tsc believes of the page's scripts, compared with what Python sends and serves."""

import json
import re
from pathlib import Path
from random import Random
from threading import Event

import gradio as gr
import pytest

from storyboard.disk.pictures import PictureStore
from storyboard.people import Look, random_look
from storyboard.renderer import Verdict
from storyboard.studio.studio import Studio
from storyboard.studio.verbs import EDITS
from storyboard.text.places import called
from storyboard.ui.board import FOLDERS, STATIC, board_calls, make_board
from storyboard.ui.hints import Hints
from tests.fakes import FlatRenderer, small_cast

SENT = re.sub(r" // .*", "", (STATIC / "types" / "sent.d.ts").read_text(encoding="utf-8"))
INTERFACES = re.findall(r"^interface (\w+)(?: extends (\w+))? \{\n(.*?)^\}", SENT, re.M | re.S)
BODIES = {name: body for name, _, body in INTERFACES}
PARENTS = {name: parent for name, parent, _ in INTERFACES}
ALIASES = dict(re.findall(r"^type (\w+) = (.+);", SENT, re.M))
CALLS = {
    verb: (message, answer)
    for verb, message, answer in re.findall(r"^  (\w+)\(message: (.+)\): (.+);$", SENT, re.M)
}
PLAIN = {"string": str, "number": int | float, "boolean": bool, "null": type(None), "[string, string]": list}
RANDOM_LOOK = random_look(Random(5)).to_json()


def fields(name):
    """Returns the fields of an interface and of those it extends: types by names.

    Names of optional fields end in "?".
    """
    own = dict(re.findall(r"(\w+\??): ([^;\n}]+)", BODIES[name]))
    return (fields(PARENTS[name]) if PARENTS[name] else {}) | own


def misfits(value, kind, where, seen):
    """Yields where a JSON value differs from a type. Adds the interfaces that it used to `seen`."""
    kind = ALIASES.get(kind, kind)
    if kind.endswith("[]"):
        items = value if isinstance(value, list) else [object()]
        return [one for item in items for one in misfits(item, kind[:-2].strip("()"), f"{where}[]", seen)]
    if " | " in kind:
        return min((misfits(value, one, where, seen) for one in kind.split(" | ")), key=len)
    if kind.startswith("Record<string, "):
        inner = kind.removeprefix("Record<string, ").removesuffix(">")
        return [one for item in value.values() for one in misfits(item, inner, f"{where}.*", seen)]
    if kind in BODIES and isinstance(value, dict):
        seen.add(kind)
        known = {name.rstrip("?"): inner for name, inner in fields(kind).items()}
        wanted = {name for name in fields(kind) if not name.endswith("?")}
        found = [f"{where}.{name}" for name in (value.keys() ^ known.keys()) & (value.keys() | wanted)]
        return found + [
            one
            for name in value.keys() & known.keys()
            for one in misfits(value[name], known[name], f"{where}.{name}", seen)
        ]
    fits = value == kind.strip('"') if kind.startswith('"') else isinstance(value, PLAIN.get(kind, ()))
    return [] if fits else [f"{where} is no {kind}"]


@pytest.fixture
def renderer():
    return FlatRenderer()


@pytest.fixture
def calls(tmp_path, renderer):
    pictures = PictureStore(tmp_path / "pictures")
    studio = Studio(renderer, small_cast(pictures), pictures, places=called(("park",), {}))
    answers = {call.__name__: call for call in board_calls(studio, Hints(places=("park",)))}
    yield lambda verb, **message: json.loads(json.dumps(answers[verb](message)))
    renderer.gate = None
    studio.close()


@pytest.fixture
def story(calls, renderer):
    """Returns a story with something in every field of a view, one frame drawn, and one being drawn."""
    renderer.verdicts = [Verdict(missing=("Milo",))]
    story = calls("open_story", story=None)["view"]["story"]
    for name in ("Ada", "Eva"):
        old = Look(age="old").to_json()
        calls("make_character", story=story, name=name, pronoun="she", aliases=[], look=old)
    frame = calls("add_frame", story=story, caption="Rosa jumps in the park and she waves.")["frame"]
    while not calls("get_news", story=story)["view"]["frames"][0]["picture"]:
        pass
    calls("note_frame", story=story, frame=frame, shot="Wide shot")
    calls("draw_as", story=story, frame=frame, written="jumps", drawn="waves")
    renderer.gate = Event()
    renderer.started.clear()
    calls("add_frame", story=story, caption="The old woman sits.")
    renderer.started.wait()
    return story


def test_a_view_is_what_the_scripts_are_told_it_is(calls, story):
    seen = set()
    assert misfits(calls("get_news", story=story)["view"], "SentView", "view", seen) == []
    assert seen >= {"Job", "Style", "Quality", "Person", "Portrait", "Look", "SentFrame", "Wrong", "Who"}
    assert seen >= {"Pronoun", "Asked", "Where", "Notes", "Takes", "Take"}


@pytest.mark.parametrize(
    "verb, message, kind",
    [
        ("look_at_words", {"caption": "Rosa greets Milo in the park."}, "Words"),
        ("preview_look", {"look": RANDOM_LOOK, "changes": []}, "ShownLook"),
        ("split_script", {"text": "INT. PARK\n\nRosa waves.\n\nROSA\nHello!", "file": "a.fountain"}, "Split"),
    ],
)
def test_an_answer_is_what_the_scripts_are_told_it_is(calls, story, verb, message, kind):
    assert CALLS[verb][1] == kind
    assert misfits(calls(verb, story=story, **message), kind, verb, set()) == []


def test_the_details_of_a_frame_are_what_the_scripts_are_told_they_are(calls, story):
    drawn, waiting = (one["id"] for one in calls("get_news", story=story)["view"]["frames"])
    for frame, kind in ((drawn, "Details"), (waiting, "NoDetails")):
        details = calls("frame_details", story=story, frame=frame)["details"]
        assert misfits(details, kind, "details", set()) == []


def test_the_settings_that_come_with_the_page_are_what_the_scripts_are_told_they_are(tmp_path):
    pictures = PictureStore(tmp_path / "pictures")
    studio = Studio(FlatRenderer(), small_cast(pictures), pictures)
    with gr.Blocks():
        props = make_board(studio, Hints(aspects=("square", "wide"))).props
    studio.close()
    assert misfits(json.loads(json.dumps(props)), "Settings", "props", set()) == []


def test_the_scripts_know_every_call_and_the_fields_of_every_edit(tmp_path):
    pictures = PictureStore(tmp_path / "pictures")
    studio = Studio(FlatRenderer(), small_cast(pictures), pictures)
    assert CALLS.keys() == {call.__name__ for call in board_calls(studio)}
    studio.close()
    for verb in CALLS.keys() & EDITS.keys():
        message = CALLS[verb][0]
        said = {*re.findall(r"(\w+)\??:", message)}
        for name in set(re.findall(r"\b(Beside|Notes)\b(?!\[)", message)):
            said |= {field.rstrip("?") for field in fields(name)}
        # Whether to draw too, and which story is renamed, are messages beside the edit's own fields.
        assert said - {"draw", "of"} <= EDITS[verb].fields.keys(), verb


def test_tsc_reads_the_scripts_in_the_order_in_which_they_run():
    settings = (Path(__file__).parents[1] / "tsconfig.json").read_text(encoding="utf-8")
    order = re.findall(r'"storyboard/ui/static/([\w.]+)"', settings)
    assert order == ["types", *FOLDERS, "start.js"]
    assert {path.name for path in STATIC.iterdir() if path.is_dir()} == {"types", *FOLDERS}


def test_the_template_has_the_parts_and_keys_that_the_scripts_look_for():
    template = (STATIC / "board.html").read_text(encoding="utf-8")
    page = (STATIC / "types" / "page.d.ts").read_text(encoding="utf-8")
    parts = re.findall(
        r'^  "?([\w-]+)"?:', re.search(r"interface Template \{(.*?)^\}", page, re.M | re.S)[1], re.M
    )
    classes = {name for names in re.findall(r'class="([^"]+)"', template) for name in names.split()}
    assert len(parts) > 30 and {f"sb-{part}" for part in parts} <= classes
    english = (STATIC / "language" / "english.js").read_text(encoding="utf-8")
    for key in re.findall(r'data-(?:say|label)="(\w+)"', template):
        assert re.search(rf'\b{key}: "', english), key
