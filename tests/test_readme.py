"""README's promises that can be checked without running them: its file map, its commands, its front matter."""

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_path_of_the_file_map_exists():
    rows = re.findall(r"^\| (`[^|]+) \|", README.split("## Where things are")[1], re.MULTILINE)
    assert rows
    for row in rows:
        folder = ROOT
        for path in re.findall(r"`([^`]+)`", row):
            found = (ROOT / path).exists() or (folder / path).exists()
            assert found, path
            folder = (ROOT / path).parent if (ROOT / path).exists() else folder


def test_every_module_that_is_run_exists():
    modules = set(re.findall(r"python -m ((?:training|storyboard)[\w.]*)", README))
    assert modules
    for module in modules:
        assert importlib.util.find_spec(module), module


def test_every_picture_exists():
    for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / picture).is_file(), picture


def test_the_space_runs_a_gradio_that_the_requirements_allow():
    front = README.split("---")[1]
    version = re.search(r"sdk_version: (\d+)\.(\d+)", front)
    floor = re.search(r"^gradio>=(\d+)\.(\d+),<7", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert version and floor
    assert tuple(map(int, version.groups())) >= tuple(map(int, floor.groups()))
    assert "app_file: app.py" in front and (ROOT / "app.py").is_file()
