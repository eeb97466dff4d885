"""What README and docs promise, checked without running it: length, links, map, commands, front matter."""

import importlib
import importlib.util
import inspect
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
MOST_WORDS = 1500
# docs/LOG.md names commands as they were then. docs/full-size.md has its own tests.
TODAYS = [page for page in PAGES if page.name not in ("LOG.md", "full-size.md")]


def test_what_comes_along_stays_small():
    """A commit had a cache of 320 MB, because the Hub's own folder for such files is called "assets" too."""
    files = [file for file in (ROOT / "assets").rglob("*") if file.is_file()]
    assert 0 < sum(file.stat().st_size for file in files) < 120 * 10**6


def test_readme_is_one_page():
    assert len(README.split()) <= MOST_WORDS


@pytest.mark.parametrize("heading", ["Run it", "Test it"])
def test_the_command_that_comes_first_names_files_that_exist(heading):
    (command,) = re.findall(rf"^## {heading}\n\n```sh\n(.+)\n```$", README, re.MULTILINE)
    files = re.findall(r"(?<=-r )\S+|\S+\.py\b", command)
    assert "requirements.txt" in files and not [file for file in files if not (ROOT / file).is_file()]


def test_every_path_of_the_file_map_exists():
    rows = re.findall(r"^\| (`[^|]+) \|", README.split("## Where things are")[1], re.MULTILINE)
    assert len(rows) == 10
    for row in rows:
        folder = ROOT
        for path in re.findall(r"`([^`]+)`", row):
            found = (ROOT / path).exists() or (folder / path).exists()
            assert found, path
            folder = (ROOT / path).parent if (ROOT / path).exists() else folder


@pytest.mark.parametrize("package", ["storyboard", "training", "benchmarks"])
def test_the_architecture_has_every_module_and_no_other(package):
    """A row in bold names the room of the rows below it. `__init__` and the command of a room need no row."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = page.split(f"## {package}/")[1].split("\n## ")[0]
    room, named = ROOT / package, set()
    for bold, cell in re.findall(r"^\| (\*{0,2})(`[^|]+?)\*{0,2} \|", rows, re.MULTILINE):
        paths = re.findall(r"`([^`]+)`", cell)
        room = ROOT / package / paths[0] if bold else room
        named |= {room} if bold else {room / path for path in paths}
    assert not {path for path in named if not path.exists()}
    modules = {path for path in (ROOT / package).rglob("*.py") if not path.name.startswith("__")}
    assert modules <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_picture_is_there(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert re.match(r"https?://", target) or (page.parent / target).is_file(), target


def test_what_writers_are_told_to_press_is_on_the_page():
    """Writers were sent to "What this frame reads", but the page calls it something else."""
    told = (ROOT / "docs" / "any-model.md").read_text(encoding="utf-8")
    page = (ROOT / "storyboard" / "ui" / "static" / "language" / "english.js").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)", told))
    assert len(named) > 8 and {one for one in named if f'"{re.sub("[0-9]", "%1", one)}' not in page} == set()


def test_training_tables_and_layers_are_one_click_away():
    for page in ("results", "training", "architecture", "full-size", "LOG"):
        assert f"](docs/{page}.md)" in README


def commands(page: Path) -> list[tuple[str, str]]:
    """Returns each module that a page runs, with the rest of its command."""
    text = re.sub(r"\\\n", " ", page.read_text(encoding="utf-8"))
    return re.findall(r"python -m ((?:training|storyboard)[\w.]*)([^\n`#|]*)", text)


@pytest.mark.parametrize("page", TODAYS, ids=lambda page: page.name)
def test_every_module_that_is_run_exists(page):
    for module, _ in commands(page):
        assert importlib.util.find_spec(module), module


FLAGS = sorted(
    {
        (module, words.split()[0] if words.split() and module == "training.pretrain" else "", flag)
        for page in TODAYS
        for module, words in commands(page)
        if module.startswith("training.")
        and module != "training.evaluate.systems"  # its help is its docstring
        for flag in re.findall(r"(?<=\s)--[\w-]+", words)
    }
)


@pytest.mark.parametrize(("module", "part"), sorted({entry[:2] for entry in FLAGS}))
def test_every_flag_that_is_named_exists(module, part, capsys, monkeypatch):
    words = [*filter(None, [part]), "--help"]
    monkeypatch.setattr(sys, "argv", [module, *words])
    is_folder = importlib.util.find_spec(module).submodule_search_locations is not None
    main = importlib.import_module(f"{module}.__main__" if is_folder else module).main
    with pytest.raises(SystemExit):
        # Some take their arguments, all others read sys.argv.
        main(*[words] * len(inspect.signature(main).parameters))
    known = set(re.findall(r"--[\w-]+", capsys.readouterr().out))
    assert {flag for *command, flag in FLAGS if tuple(command) == (module, part)} <= known


def test_the_space_runs_a_gradio_that_the_requirements_allow():
    front = README.split("---")[1]
    version = re.search(r"sdk_version: (\d+)\.(\d+)", front)
    floor = re.search(r"^gradio>=(\d+)\.(\d+),<7", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert version and floor
    assert tuple(map(int, version.groups())) >= tuple(map(int, floor.groups()))
    assert "app_file: app.py" in front and (ROOT / "app.py").is_file()
