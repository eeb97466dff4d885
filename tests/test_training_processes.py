"""Training over several processes: the batch is split, the run is the same."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.test_training_loop import run as new_run

STEPS = 12


def train(folder: Path, until: int) -> None:
    """One process's part of the run; what the subprocesses below execute."""
    for stats in new_run(folder, steps=STEPS, batch=8, save_minutes=1e9):
        if stats.step == until:
            break


def losses(folder: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "log.jsonl").read_text().splitlines()]


def in_two_processes(folder: Path, until: int) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    shared |= {"ACCELERATE_USE_CPU": "true", "LOCAL_WORLD_SIZE": "2"}
    command = [sys.executable, "-m", "tests.test_training_processes", str(folder), str(until)]
    root = Path(__file__).parents[1]
    running = [
        subprocess.Popen(
            command, cwd=root, env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)}
        )
        for rank in range(2)
    ]
    assert [process.wait(120) for process in running] == [0, 0]


def test_two_processes_give_the_losses_of_one(tmp_path):
    """Resuming in several processes failed: their device is "cpu:0", which torch.load does not know."""
    train(tmp_path / "one", STEPS)
    in_two_processes(tmp_path / "two", STEPS)
    expected = losses(tmp_path / "one")
    assert max(abs(a - b) for a, b in zip(expected, losses(tmp_path / "two"), strict=True)) < 1e-4
    in_two_processes(tmp_path / "two", STEPS)  # finished: resumes, and has nothing left to do


if __name__ == "__main__":
    train(Path(sys.argv[1]), int(sys.argv[2]))
