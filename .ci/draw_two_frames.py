"""Starts the app as a user does and draws two frames through its API: the README's first command, headless."""

import io
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from gradio_client import Client
from PIL import Image

# Seconds from starting the app to its first frame. The first start on a machine prepares the language model, half a
# minute of one core; later ones take a third of this.
PATIENCE = 120
SENTENCES = ("Rosa and Milo read in the park.", "They wave.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str, app: subprocess.Popen, deadline: float) -> None:
    while time.monotonic() < deadline:
        if app.poll() is not None:
            raise SystemExit(f"the app ended with code {app.returncode} before it answered")
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise SystemExit(f"the app did not answer within {PATIENCE} s")


def main() -> None:
    started = time.monotonic()
    port = free_port()
    root = Path(__file__).parents[1]
    app = subprocess.Popen([sys.executable, str(root / "app.py"), "--port", str(port)], cwd=root)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, app, started + PATIENCE)
        client = Client(url, verbose=False)
        story = client.predict(api_name="/create_story")
        pictures = []
        for number, sentence in enumerate(SENTENCES, start=1):
            frame = client.predict(story, sentence, api_name="/add_frame")
            picture = urllib.request.urlopen(frame["picture"]).read()
            size = Image.open(io.BytesIO(picture)).size
            after = time.monotonic() - started
            print(
                f"frame {number}: {frame['conditioning']}, {frame['seconds']} s, {size}, {after:.0f} s after start"
            )
            pictures.append(picture)
            if number == 1 and after > PATIENCE:
                raise SystemExit(f"the first frame came after {after:.0f} s; {PATIENCE} s are promised")
        assert pictures[0] != pictures[1] and frame["mentioned"] == [], frame
        assert len(client.predict(story, api_name="/get_story")["frames"]) == 2
    finally:
        app.terminate()
        app.wait(20)


if __name__ == "__main__":
    main()
