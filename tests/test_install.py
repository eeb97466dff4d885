"""The package that pip builds: its dependencies and its files. It works away from the checkout."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from storyboard import __main__ as cli
from storyboard.models.folder import bundled_pipeline, check_folder
from storyboard.models.reader_folder import read_language_model

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest installs it where Python does not have it

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def required(file: Path) -> set[str]:
    """Returns the requirements of a file and of the files that it names with -r, in one spelling."""
    found = set()
    for line in file.read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].strip()
        if words.startswith("-r "):
            found |= required(file.parent / words.removeprefix("-r "))
        elif words:
            found.add(alike(words))
    return found


def alike(requirement: str) -> str:
    return requirement.replace(" ", "").replace('"', "'")


@pytest.mark.parametrize(
    ("extra", "file"),
    [
        ("", "requirements.txt"),
        ("mcp", "requirements-mcp.txt"),
        ("lora", "requirements-lora.txt"),
        ("onnx", "requirements-onnx.txt"),
        ("serve", "requirements-serve.txt"),
        ("full-size", "requirements-full-size.txt"),
        ("test", "tests/requirements.txt"),
    ],
)
def test_pip_and_a_space_install_the_same(extra, file):
    listed = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    assert {alike(entry) for entry in listed} == required(ROOT / file)


def test_there_is_no_extra_without_a_file():
    assert PROJECT["optional-dependencies"].keys() == {"mcp", "lora", "onnx", "serve", "full-size", "test"}


def test_the_language_model_is_no_extra_and_comes_without_what_its_package_needs():
    """An extra would install the package's own dependencies. They take minutes to compile and are never imported."""
    (wanted,) = required(ROOT / "requirements-language-model.txt")
    named = read_language_model(ROOT / "training" / "configs" / "smollm2-135m-instruct.json")
    assert wanted == named.package and not [entry for entry in PROJECT["dependencies"] if "smol" in entry]
    commands = [
        (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md", ".ci/run")
    ]
    installs = [re.findall(r"pip install (.*)-r requirements-language-model\.txt", text) for text in commands]
    assert [len(found) for found in installs] == [2, 1, 1]
    assert all("--no-deps" in flags for found in installs for flags in found)


def test_a_space_loads_the_language_model_before_it_starts():
    named = read_language_model(ROOT / "training" / "configs" / "smollm2-135m-instruct.json")
    front = (ROOT / "README.md").read_text(encoding="utf-8").split("---")[1]
    assert f"preload_from_hub:\n  - {named.repository} {named.file} {named.revision}\n" in front


def test_every_python_that_is_promised_is_classified():
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups()
    promised = {f"Programming Language :: Python :: 3.{minor}" for minor in range(int(low), int(high))}
    assert promised == {entry for entry in PROJECT["classifiers"] if ":: 3." in entry}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Builds the wheel that `pip install .` makes of this checkout."""
    (built,) = WheelBuilder(str(ROOT)).build(
        directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"]
    )
    return Path(built)


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """Returns a folder with what the wheel installs."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as files:
        files.extractall(folder)
    return folder


def run(installed: Path, elsewhere: Path, *words: str) -> subprocess.CompletedProcess:
    """Runs Python in another folder, with only the installed package and an empty home."""
    home = {"HOME": str(elsewhere), "USERPROFILE": str(elsewhere), "PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, *words], cwd=elsewhere, env=os.environ | home, capture_output=True, text=True
    )


def test_the_wheel_holds_the_packages_with_their_data_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as files:
        names = {name for name in files.namelist() if ".dist-info/" not in name}
    assert {name.partition("/")[0] for name in names} == {"storyboard", "training"}
    for package in ("storyboard", "training"):
        kept = (path for path in (ROOT / package).rglob("*") if path.is_file())
        wanted = {path.relative_to(ROOT).as_posix() for path in kept if "__pycache__" not in path.parts}
        assert wanted <= names
    bundled = {
        path.relative_to(ROOT) for path in (ROOT / "assets" / "maple-lane").rglob("*") if path.is_file()
    }
    assert {f"storyboard/{path.as_posix()}" for path in bundled} <= names
    assert "storyboard/assets/example-story.storyboard" in names
    assert not {name for name in names if name.endswith(".pyc") or "/readme-" in name}


def test_the_bundled_pipeline_is_found_in_a_checkout_and_installed(installed, tmp_path):
    assert bundled_pipeline() == ROOT / "assets" / "maple-lane"
    script = (
        "from storyboard.models.folder import *; check_folder(bundled_pipeline()); print(bundled_pipeline())"
    )
    done = run(installed, tmp_path, "-c", script)
    assert (done.stderr, done.stdout.strip()) == ("", str(installed / "storyboard" / "assets" / "maple-lane"))
    check_folder(bundled_pipeline())


def test_an_installed_command_tells_its_version_and_draws_from_any_folder(installed, tmp_path):
    done = run(installed, tmp_path, "-m", "storyboard", "--version")
    assert (done.returncode, done.stdout) == (0, f"storyboard {PROJECT['version']}\n"), done.stderr
    (tmp_path / "story.txt").write_text("Otto waves on the beach.\n")
    done = run(installed, tmp_path, "-m", "storyboard", "draw", "story.txt", "--out", "drawn", "--steps", "1")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "drawn" / "01.png").is_file() and (tmp_path / "drawn" / "story.storyboard").is_file()


def test_the_installed_page_is_ready_to_be_served_and_knows_the_example(installed, tmp_path):
    script = (
        "from storyboard.ui import serve\n"
        "from storyboard.models.folder import bundled_pipeline\n"
        "example = serve.example_of(bundled_pipeline())\n"
        "assert example.is_file(), example\n"
        "serve.launch_page = lambda page, studio, **options: print('ready', studio.model)\n"
        "raise SystemExit(serve.main(['--library', 'library']))"
    )
    done = run(installed, tmp_path, "-c", script)
    assert (done.returncode, done.stdout) == (0, "ready maple-lane\n"), done.stderr


def test_the_command_is_the_one_that_pip_puts_on_the_path(capsys):
    module, _, function = PROJECT["scripts"]["storyboard"].partition(":")
    assert (module, function) == (cli.__name__, cli.main.__name__)
    with pytest.raises(SystemExit, match="0"):
        cli.main(["serve", "--help"])
    told = capsys.readouterr().out
    assert told.startswith("usage: storyboard serve") and "--library" in told


def test_a_checkout_that_nobody_installed_says_so(monkeypatch, capsys):
    def missing(name):
        raise cli.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(cli.metadata, "version", missing)
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])
    assert capsys.readouterr().out == "storyboard (a checkout, not installed)\n"
