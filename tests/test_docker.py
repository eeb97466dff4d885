"""What can be checked of the Dockerfile without Docker: everything that it copies exists, and is enough to start."""

import fnmatch
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()


def of(instruction):
    """Returns the text after each use of an instruction."""
    return [line.partition(" ")[2].strip() for line in LINES if line.startswith(f"{instruction} ")]


def copied():
    """Returns each copied path of the checkout and its target, both relative."""
    found = []
    for words in (line.split() for line in of("COPY")):
        *sources, target = words
        for source in sources:
            matches = [path.relative_to(ROOT) for path in ROOT.glob(source)]
            assert matches, source
            inside = target.endswith("/")
            found += [(path, Path(target) / path.name if inside else Path(target)) for path in matches]
    return found


def let_through(path):
    """Returns whether .dockerignore lets the build have a path. The last line that fits decides."""
    through = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#") and fnmatch.fnmatch(path.as_posix(), line.removeprefix("!")):
            through = line.startswith("!")
    return through


def test_every_path_is_there_and_not_ignored():
    assert len(copied()) >= 8 and [path for path, _ in copied() if not let_through(path)] == []
    assert not let_through(Path("runs")) and not let_through(Path(".git"))


def test_every_requirements_file_is_copied_before_it_is_installed():
    there = {path.name for path, _ in copied()}
    wanted = re.findall(r"-r (\S+)", " ".join(of("RUN")))
    assert "requirements.txt" in wanted and set(wanted) <= there


def test_it_runs_as_nobody_special_and_keeps_stories_and_models_in_volumes():
    assert of("USER") == ["1000"] and LINES.index("USER 1000") < LINES.index(
        'ENTRYPOINT ["python", "app.py"]'
    )
    settings = dict(word.split("=", 1) for line in of("ENV") for word in line.split())
    (volumes,) = of("VOLUME")
    assert settings["STORYBOARD_LIBRARY"] in volumes and settings["HF_HOME"] in volumes
    assert settings["GRADIO_SERVER_PORT"] in of("EXPOSE")[0] and "pip install" not in of("ENTRYPOINT")[0]


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """Returns a folder with what the image would have under /app."""
    app = tmp_path_factory.mktemp("image") / "app"
    for source, target in copied():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, app / target, symlinks=True)
        else:
            (app / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, app / target)
    return app


def test_what_is_copied_is_enough_for_the_app_and_its_pipeline(image, tmp_path):
    script = (
        "import sys; from storyboard.ui import serve\n"
        "serve.launch_page = lambda page, studio, **options: print('ready', studio.model)\n"
        "sys.exit(serve.main([]))"
    )
    settings = {
        "PYTHONPATH": str(image),
        "STORYBOARD_LIBRARY": str(tmp_path / "stories"),
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=image, env=os.environ | settings, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "ready maple-lane\n"), done.stderr
    assert (tmp_path / "stories" / "pictures").is_dir()
