"""`python -m storyboard draw`: what it writes, and that a mistake costs one line and no file."""

import json
import subprocess
import sys

import pytest
from PIL import Image

from storyboard import __main__ as cli
from storyboard.errors import StoryError
from tests.fakes import FlatRenderer

TEXT = "Rosa waves to Milo.\n\n  She sits on a bench. \nMilo sleeps.\n"


@pytest.fixture
def renderer(monkeypatch):
    renderer = FlatRenderer()
    monkeypatch.setattr(cli, "open_pipeline", lambda folder: renderer)
    return renderer


@pytest.fixture
def folder(tmp_path):
    """A pipeline folder with a cast, a story, and a portrait."""
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
    assert run(folder, "--seed", "7", "--steps", "4") == 0
    assert files(folder / "out") == ["01.png", "02.png", "03.png", "story.json"]
    described = json.loads((folder / "out" / "story.json").read_text(encoding="utf-8"))
    assert described["seed"] == 7
    second = described["frames"][1]
    assert set(second) == {
        "picture",
        "caption",
        "mentioned",
        "seed",
        "steps",
        "guidance",
        "seconds",
        "conditioning",
    }
    assert (second["picture"], second["caption"], second["steps"]) == ("02.png", "She sits on a bench.", 4)
    assert [frame["conditioning"] for frame in described["frames"]] == ["char-ldm", "llm", "llm"]
    assert [frame["mentioned"] for frame in described["frames"]] == [["Rosa", "Milo"], [], ["Milo"]]
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.splitlines()[1].startswith("Frame 2 of 3: 4 steps")
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_equal_seeds_give_equal_files_and_others_differ(renderer, folder):
    pictures = []
    for seed in ("1", "1", "2"):
        assert run(folder, "--seed", seed) == 0
        pictures.append((folder / "out" / "01.png").read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]


def test_a_given_portrait_is_the_one_worn(renderer, folder):
    assert run(folder, "--cast", f"rosa={folder / 'blue.png'}") == 0
    rosa = next(member for member in renderer.requests[0].cast if member.name == "Rosa")
    assert rosa.portrait.getpixel((0, 0)) == (0, 0, 255)


def refused(folder, capsys, *more: str, story: str = "story.txt") -> str:
    """Run what must fail; the one line it prints."""
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
    assert "of Rosa is not a PNG, JPEG or WEBP picture" in not_a_picture
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
