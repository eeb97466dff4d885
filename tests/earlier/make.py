"""`python -m tests.earlier.make`: small libraries and project files as earlier commits wrote them, by their own code.

Each becomes a ZIP in this folder, named after its commit. To be run in a checkout with its history, after the form of
libraries, stories or hashes of inputs has changed: the commit before goes into COMMITS.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from benchmarks.history import check_out

HERE = Path(__file__).parent
COMMITS = {
    "23b796b": "the first with a library: version 2, whole stories",
    "8a3dc26": "looks and qualities",
    "1599b25": "the words bind some pronouns",
    "19f2c39": "the same, after a week",
    "b2939be": "portraits keep their look",
    "fa9c7de": "version 3: what is to go is noted",
    "bc3c768": "version 4: frames in rows of their own",
    "b58cee1": "pronouns weighed by clauses",
    "b232ed6": "nouns for people",
    "f3253d5": "verdicts",
    "9c738ec": "places",
    "32e45ae": "people who are counted",
    "e467fc1": "styles",
    "ad66c04": "prompts, and looks in words",
    "31cfb10": "boards",
    "67a4556": "who is there by the words",
    "d5e4099": "version 5: an account owns what it begins",
}


def make(commit: str) -> Path:
    """Run write_story.py in `commit`. Returns the ZIP."""
    with tempfile.TemporaryDirectory() as place:
        code, made = Path(place) / "code", Path(place) / "made"
        made.mkdir()
        check_out(commit, code, "storyboard", "tests")
        program = (HERE / "write_story.py").read_text()
        found = {"PYTHONPATH": str(code)}
        subprocess.run([sys.executable, "-c", program, made], cwd=code, env=found, check=True)
        path = HERE / f"{commit}.zip"
        with zipfile.ZipFile(path, "w") as file:
            for one in sorted(made.rglob("*")):
                if one.is_file():
                    member = zipfile.ZipInfo(one.relative_to(made).as_posix())
                    file.writestr(member, one.read_bytes(), zipfile.ZIP_DEFLATED, 9)
        return path


if __name__ == "__main__":
    for one in sys.argv[1:] or COMMITS:
        print(make(one), flush=True)
