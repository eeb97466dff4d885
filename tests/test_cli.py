"""`python -m storyboard`: what each command writes. A mistake gives one line and no file."""

import json
import os
import signal
import subprocess
import sys
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pypdf
import pytest
from PIL import Image

from storyboard import __main__ as cli
from storyboard.commands import drawing
from storyboard.errors import StoryError
from storyboard.people import build, describe_look, draw_person, random_look
from tests.fakes import FlatRenderer

TEXT = "Rosa waves to Milo.\n\n  She sits on a bench. \nMilo sleeps.\n"


@pytest.fixture
def renderer(monkeypatch):
    renderer = FlatRenderer()
    monkeypatch.setattr(drawing, "open_pipeline", lambda folder: renderer)
    return renderer


@pytest.fixture
def folder(tmp_path):
    """Returns a folder with a pipeline's cast, a story, and a portrait."""
    pipeline = tmp_path / "pipeline"
    pipeline.mkdir()
    cast = [("Rosa", "she", "yellow"), ("Milo", "he", "red")]
    for name, _, colour in cast:
        Image.new("RGB", (8, 8), colour).save(pipeline / f"{name}.png")
    entries = [
        {
            "name": name,
            "pronoun": pronoun,
            "portraits": [{"id": name, "label": "plain", "file": f"{name}.png"}],
        }
        for name, pronoun, _ in cast
    ]
    (pipeline / "cast.json").write_text(json.dumps({"characters": entries}))
    (tmp_path / "story.txt").write_text(TEXT, encoding="utf-8-sig")
    Image.new("RGB", (8, 8), "blue").save(tmp_path / "blue.png")
    return tmp_path


def run(folder, *more: str, story: str = "story.txt") -> int:
    arguments = [
        "draw",
        str(folder / story),
        "--out",
        str(folder / "out"),
        "--pipeline",
        str(folder / "pipeline"),
    ]
    return cli.main([*arguments, *more])


def files(folder) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_one_sentence_a_line_becomes_pictures_and_a_story_file(renderer, folder, capsys):
    assert run(folder, "--seed", "7", "--steps", "4", "--title", "A day") == 0
    assert files(folder / "out") == ["01.png", "02.png", "03.png", "story.json", "story.storyboard"]
    described = json.loads((folder / "out" / "story.json").read_text(encoding="utf-8"))
    assert (described["title"], described["seed"]) == ("A day", 7)
    second = described["frames"][1]
    assert set(second) == {
        "picture",
        "caption",
        "resolved",
        "mentioned",
        "seed",
        "steps",
        "guidance",
        "seconds",
        "conditioning",
        "model",
    }
    assert (second["picture"], second["caption"], second["steps"]) == ("02.png", "She sits on a bench.", 4)
    assert [frame["conditioning"] for frame in described["frames"]] == ["char-ldm", "llm", "llm"]
    assert [frame["mentioned"] for frame in described["frames"]] == [["Rosa", "Milo"], [], ["Milo"]]
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.splitlines()[1].startswith("Frame 2 of 3: 4 steps")
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_equal_seeds_give_equal_pictures_and_others_differ(renderer, folder):
    pictures = []
    for seed in ("1", "1", "2"):
        assert run(folder, "--seed", seed) == 0
        pictures.append(Image.open(folder / "out" / "01.png").tobytes())
    assert pictures[0] == pictures[1] != pictures[2]


def test_a_given_portrait_is_the_one_worn(renderer, folder):
    assert run(folder, "--cast", f"rosa={folder / 'blue.png'}") == 0
    rosa = next(member for member in renderer.requests[0].cast if member.name == "Rosa")
    assert rosa.portrait.getpixel((0, 0)) == (0, 0, 255)


def refused(folder, capsys, *more: str, story: str = "story.txt") -> str:
    """Runs a command that must fail. Returns the one line that it prints."""
    before = files(folder)
    assert run(folder, *more, story=story) == 2
    assert files(folder) == before
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "has no sentences; write one a line"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        (b"x" * (2**20 + 1), "is over 1 MB"),
        (b"Rosa waves.\n" * 201, "has 201 sentences; a story has at most 200"),
        (b"Rosa waves.\n...\n", "Frame 2 has no words"),
        (b"Rosa waves.\n" + b"a" * 601, "Frame 2 is 601 characters long"),
        (b"Rosa waves.\nZelda waves.\n", "Frame 2 names Zelda, who is not in the cast (Rosa, Milo)"),
        (b"She waves.\n", 'Frame 1 says "She"'),
    ],
)
def test_a_bad_story_is_refused_before_anything_is_drawn(renderer, folder, capsys, text, reason):
    (folder / "bad.txt").write_bytes(text)
    assert reason in refused(folder, capsys, story="bad.txt")
    assert renderer.requests == []


def test_bad_files_and_names_are_refused(renderer, folder, capsys):
    blue = folder / "blue.png"
    assert "cannot be read" in refused(folder, capsys, story="none.txt")
    assert "Zelda is not in the cast; it has Rosa and Milo" in refused(
        folder, capsys, "--cast", f"Zelda={blue}"
    )
    not_a_picture = refused(folder, capsys, "--cast", f"Rosa={folder / 'story.txt'}")
    assert "of Rosa is not a PNG, JPEG, WEBP, HEIC or AVIF picture" in not_a_picture
    assert "no pipeline folder" in refused(folder, capsys, "--pipeline", str(folder / "none"))
    assert "is a file" in refused(folder, capsys, "--out", str(blue))
    assert "is no folder" in refused(folder, capsys, "--out", str(folder / "none" / "out"))
    (folder / "pipeline" / "cast.json").write_text('{"characters": [')
    assert "half-written" in refused(folder, capsys)


@pytest.mark.parametrize(
    "more", [["--seed", "-1"], ["--seed", "x"], ["--steps", "0"], ["--steps", "101"], ["--cast", "Rosa"]]
)
def test_bad_options_are_refused(renderer, folder, capsys, more):
    with pytest.raises(SystemExit) as caught:
        run(folder, *more)
    assert caught.value.code == 2
    assert more[0] in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_a_failure_half_way_leaves_an_earlier_result_as_it_was(renderer, folder, capsys):
    assert run(folder) == 0
    capsys.readouterr()
    before = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}
    renderer.failure = StoryError("The model lost a part.")
    line = refused(folder, capsys, "--seed", "9")
    assert line == "storyboard: Frame 1 could not be drawn: The model lost a part."
    assert {path.name: path.read_bytes() for path in (folder / "out").iterdir()} == before


def test_ctrl_c_leaves_nothing(renderer, folder, capsys):
    renderer.failure = KeyboardInterrupt()
    before = files(folder)
    assert run(folder) == 130
    assert files(folder) == before


def test_a_mistake_is_told_without_importing_torch(folder):
    (folder / "bad.txt").write_text("Zelda waves.")
    script = (
        "import sys; from storyboard.__main__ import main;"
        "code = main(sys.argv[1:]); assert not {'torch', 'gradio'} & set(sys.modules); sys.exit(code)"
    )
    arguments = [
        "draw",
        str(folder / "bad.txt"),
        "--out",
        str(folder / "out"),
        "--pipeline",
        str(folder / "pipeline"),
    ]
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Zelda" in done.stderr


# -- Commands on a project file


@dataclass
class Project:
    """A project file. Calling it runs a command on the file and returns the printed text."""

    path: Path
    capsys: pytest.CaptureFixture[str]

    def __call__(self, name: str, *more: str, code: int = 0):
        pipeline = () if name == "get-story" else ("--pipeline", str(self.path.parent / "pipeline"))
        assert cli.main([name, str(self.path), *more, *pipeline]) == code
        return self.capsys.readouterr()


@pytest.fixture
def project(renderer, folder, capsys):
    """Returns a project of two drawn frames."""
    project = Project(folder / "story.storyboard", capsys)
    project("create-story", "--title", "A day", "--seed", "3")
    project("add-frame", "Rosa waves to Milo.")
    project("add-frame", "She sits down.")
    return project


def story_of(project) -> dict:
    return json.loads(project("get-story").out)


def test_a_project_file_is_written_frame_by_frame(project, renderer):
    story = story_of(project)
    assert (story["title"], story["seed"]) == ("A day", 3)
    assert [frame["caption"] for frame in story["frames"]] == ["Rosa waves to Milo.", "She sits down."]
    assert [len(frame["takes"]) for frame in story["frames"]] == [1, 1]
    told = project("add-frame", "Milo waves back.", "--after", "1", "--steps", "5").err
    assert told == "Frame 2: 5 steps, 0.0 s\n"
    assert [frame["caption"] for frame in story_of(project)["frames"]][1] == "Milo waves back."


def test_one_frame_is_edited_rerolled_and_an_earlier_take_brought_back(project):
    first = story_of(project)["frames"][0]
    project("edit-frame", "1", "Milo waves.")
    project("reroll-frame", "1")
    frame, after = story_of(project)["frames"]
    assert [take["caption"] for take in frame["takes"]] == [
        "Rosa waves to Milo.",
        "Milo waves.",
        "Milo waves.",
    ]
    # An edit keeps the seed, and a reroll does not.
    assert len({take["seed"] for take in frame["takes"]}) == 2
    assert after["stale_because"] == "frame 1's picture changed"
    project("choose-take", "1", "1")
    frame, after = story_of(project)["frames"]
    assert (frame["caption"], frame["chosen"]) == (first["caption"], first["chosen"])
    assert after["stale_because"] is None


def test_a_pronoun_is_bound_and_the_frame_drawn_as_bound(project, renderer):
    project("rebind", "2", "1", "Milo")
    assert story_of(project)["frames"][1]["stale_because"] == "whom a pronoun stands for changed"
    project("draw-frame", "2")
    assert renderer.requests[-1].resolved == "Milo sits down."
    assert story_of(project)["frames"][1]["stale_because"] is None


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("add-frame", "Zelda waves."), "Frame 3 names Zelda"),
        (("edit-frame", "7", "Rosa waves."), "no frame 7"),
        (("choose-take", "1", "2"), "Frame 1 has 1 takes and no take 2"),
        (("rebind", "1", "1", "Rosa"), "pronoun"),
        (("rebind", "2", "1", "Zelda"), "Zelda is not in the cast"),
        (("create-story",), "already there"),
    ],
)
def test_a_mistake_leaves_the_project_file_as_it_was(project, arguments, reason):
    before = project.path.read_bytes()
    told = project(*arguments, code=2).err
    assert reason in told and told.count("\n") == 1
    assert project.path.read_bytes() == before
    assert not [path for path in project.path.parent.iterdir() if path.name.startswith(".")]


def test_a_failure_or_ctrl_c_in_mid_draw_leaves_the_project_file_as_it_was(project, renderer):
    before = project.path.read_bytes()
    renderer.failure = StoryError("The model lost a part.")
    assert "The model lost a part" in project("reroll-frame", "1", code=2).err
    renderer.failure, renderer.gate = None, threading.Event()
    renderer.started.clear()
    # A shell's background job starts with Ctrl-C ignored, and this test waited for ever there.
    before_this = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=lambda: renderer.started.wait() and os.kill(os.getpid(), signal.SIGINT)).start()
    try:
        assert "nothing was written" in project("reroll-frame", "1", code=130).err
    finally:
        signal.signal(signal.SIGINT, before_this)
    assert project.path.read_bytes() == before


def test_a_project_file_that_is_missing_or_none_is_refused(project, folder):
    project.path.write_bytes(b"PK not really")
    assert "is damaged or is no project file" in project("add-frame", "Rosa waves.", code=2).err
    project.path.unlink()
    assert "cannot be read" in project("get-story", code=2).err


def test_a_story_is_exported_from_a_project_file_and_from_a_drawn_folder(project, renderer, folder, capsys):
    assert run(folder) == 0
    for source, pages in ((project.path, 1), (folder / "out" / "story.json", 2)):
        out = folder / f"files-{pages}"
        assert (
            cli.main(["export", str(source), "pdf", "zip", "sheet", "--out", str(out), "--per-page", "2"])
            == 0
        )
        listed = capsys.readouterr().out.split()
        assert [path.rpartition(".")[2] for path in listed] == ["pdf", "zip", "png"]
        assert sorted(listed) == sorted(map(str, out.iterdir()))
        assert len(pypdf.PdfReader(listed[0]).pages) == pages


# -- People made from looks


def test_somebody_is_drawn_made_and_changed_without_a_browser(project, folder, capsys):
    out = folder / "ada"
    assert cli.main(["make-portrait", "--anybody", "5", "--out", str(out)]) == 0
    look = random_look(Random(5))
    assert capsys.readouterr().out == describe_look(look) + "\n"
    assert (
        Image.open(out / "portrait.png").tobytes() == Image.fromarray(draw_person(build(look), 256)).tobytes()
    )
    project("add-character", "Ada", "--look", str(out / "look.json"), "--alias", "the pilot")
    project("change-look", "ada", "--anybody", "6")
    ada = story_of(project)["cast"][-1]
    assert (ada["name"], ada["pronoun"], ada["aliases"]) == ("Ada", look.pronoun, ["the pilot"])
    assert [one["look"] for one in ada["portraits"]] == [look.to_json(), random_look(Random(6)).to_json()]
    assert ada["chosen"] == ada["portraits"][1]["id"]
    project("add-frame", "Ada waves.")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"wings": 1}', "no field 'wings'"),
        ("{", "damaged"),
        ("[]", "A look is a JSON object"),
        ("[" * 60_000, "damaged"),
        (" " * 70_000, "too large to be a look"),
    ],
)
def test_a_look_that_is_none_leaves_the_project_file_as_it_was(project, folder, text, reason):
    before = project.path.read_bytes()
    (folder / "look.json").write_text(text)
    told = project("add-character", "Ada", "--look", str(folder / "look.json"), code=2).err
    assert reason in told and told.count("\n") == 1
    assert project.path.read_bytes() == before


def test_a_project_file_whose_look_is_damaged_opens_and_says_so_once(project, folder):
    project("add-character", "Ada", "--anybody", "5")
    with zipfile.ZipFile(project.path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    story = json.loads(parts["story.json"])
    story["cast"][-1]["portraits"][0]["look"]["hair"] = "a wig from next year"
    with zipfile.ZipFile(project.path, "w") as file:
        for name, data in (parts | {"story.json": json.dumps(story).encode()}).items():
            file.writestr(name, data)
    shown = project("get-story")
    assert shown.err.count("\n") == 1 and "is damaged or newer" in shown.err
    assert "look" not in json.loads(shown.out)["cast"][-1]["portraits"][0]
