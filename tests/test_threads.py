"""As many threads as the cores allow, which sleep while they wait. Every entry sets this before torch is imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from storyboard.models.threads import prepare_threads, usable_cores

ROOT = Path(__file__).parent.parent


@pytest.fixture
def groups(tmp_path):
    """Makes control groups: `groups({"a/cpu.max": "..."}, own="/a")` returns the arguments of `usable_cores`."""

    def make(files, own="/"):
        for name, content in files.items():
            (tmp_path / "cgroup" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "cgroup" / name).write_text(content)
        (tmp_path / "self").write_text(f"1:name=systemd:/x\n0::{own}\n")
        return tmp_path / "cgroup", tmp_path / "self"

    return make


def test_a_container_has_the_cores_of_its_quota_and_not_the_machines(groups, monkeypatch):
    """A container with two cores on a host with 64 cores ran 64 threads."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert usable_cores(*groups({})) == 64
    assert usable_cores(*groups({"cpu.max": "max 100000"})) == 64
    assert usable_cores(*groups({"cpu.max": "200000 100000"})) == 2
    assert usable_cores(*groups({"cpu.max": "max 100000", "a/cpu.max": "150000 100000"}, "/a/b")) == 2
    assert usable_cores(*groups({"a/cpu.max": "rubbish"}, "/a/b")) == 64
    old = {"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}
    assert usable_cores(*groups(old)) == 4
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    assert usable_cores(*groups(old)) == 1


def test_what_somebody_set_stays(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    prepare_threads()
    found = [os.environ[name] for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OMP_WAIT_POLICY")]
    assert found == ["3", "3", "ACTIVE"]


RUN = "import runpy, sys; sys.argv = ['it', {!r}, 'nowhere']; runpy.{}({!r}, run_name='__main__')"
ENTRIES = {
    "app.py": RUN.format("--pipeline", "run_path", "app.py"),
    "storyboard": RUN.format("get-story", "run_module", "storyboard"),
    "training": "import training",
}
SAY = "lambda: print(*map(os.environ.get, ('OMP_WAIT_POLICY', 'OMP_NUM_THREADS')), 'torch' in sys.modules)"


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_says_it_before_torch_is_there(entry):
    """No entry said so: on a busy machine two spinning threads took 3.7 s for the work that one does in 0.11 s."""
    probe = f"import atexit, os, sys\natexit.register({SAY})\n{ENTRIES[entry]}"
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "MKL_"))}
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, env=plain, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["PASSIVE", str(usable_cores()), "False"], done.stderr
