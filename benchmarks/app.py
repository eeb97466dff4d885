"""Runs the app in a separate process, for measurements from outside."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

LONGEST_START = 600  # seconds until it answers


@contextmanager
def served(
    pipeline: Path, library: Path, workshop: Path, steps: int | None
) -> Iterator[tuple[str, psutil.Process]]:
    """Starts a new app, and yields its address and its process.

    At the end it is killed, so only what is on disk counts.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--pipeline", pipeline, "--library", library, "--host", "127.0.0.1", "--port", port]
    words += [] if steps is None else ["--steps", steps]
    url, log = f"http://127.0.0.1:{port}", workshop / "log.txt"
    with open(log, "wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "storyboard", "serve", *map(str, words)],
            env=os.environ | {"GRADIO_TEMP_DIR": str(workshop / "uploads")},
            stdout=told,
            stderr=told,
        )
    try:
        end = time.monotonic() + LONGEST_START
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"The app did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.2)
        yield url, psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/gradio_api/app_id", timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False
