"""Runs the commands with which docs/spaces.md deploys a Space, exactly as written, against a Hub of the tests."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import RepoCard

from tests import hub_server

ROOT = Path(__file__).parents[1]
SPACE = "nana/storyboard"
# The client checks a changed card first with the real Hub, which cannot be reached here.
PYTHON = """import sys
from huggingface_hub import RepoCard
RepoCard.validate = lambda *_, **__: None
exec(sys.argv[1])
"""


@pytest.fixture
def checkout(tmp_path):
    """Returns a checkout with the files that matter to a Space, and with other files that should not be deployed."""
    for name in ("README.md", "app.py", "requirements.txt", "assets/readme-board.png"):
        (tmp_path / "checkout" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "checkout" / name).write_bytes((ROOT / name).read_bytes())
    for name in (".venv/bin/x", "runs/a/log.jsonl", "tests/__pycache__/x.pyc", ".ruff_cache/0/x"):
        (tmp_path / "checkout" / name).parent.mkdir(parents=True)
        (tmp_path / "checkout" / name).write_bytes(b"x")
    return tmp_path / "checkout"


def commands() -> list[list[str]]:
    """Returns the commands of the page after signing in."""
    (block,) = re.findall(r"## Deploy\n\n```sh\n(.+?)```", (ROOT / "docs/spaces.md").read_text("utf-8"), re.S)
    lines = block.replace("OWNER/NAME", SPACE).splitlines()
    assert lines[0] == "hf auth login"
    return [shlex.split(line) for line in lines[1:]]


def test_a_space_is_deployed_as_the_page_says_and_once_more(checkout, tmp_path):
    with hub_server.hub() as hub:
        settings = {"HF_ENDPOINT": hub.url, "HF_TOKEN": hub_server.TOKEN, "HF_HOME": str(tmp_path / "home")}
        settings |= {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1"}
        create, *update = commands()
        for program, *words in (create, *update, *update):
            if program == "python":
                begin, words = [sys.executable, "-c", PYTHON], words[1:]
            else:
                begin = [str(Path(sys.executable).with_name(program))]
            ran = subprocess.run(
                [*begin, *words], env=os.environ | settings, cwd=checkout, capture_output=True, text=True
            )
            assert ran.returncode == 0, ran.stderr
        files = hub.repositories[SPACE].files
    assert set(files) == {
        *(".gitattributes", "README.md", "app.py", "requirements.txt", "assets/readme-board.png")
    }
    card, ours = RepoCard(files["README.md"].decode()), RepoCard.load(ROOT / "README.md")
    told = card.data.to_dict()
    thumbnail = told.pop("thumbnail")
    assert told == ours.data.to_dict() and card.text.strip() == ours.text.strip()
    assert thumbnail.removeprefix(f"https://huggingface.co/spaces/{SPACE}/resolve/main/") in files
