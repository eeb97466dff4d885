"""Ray on this machine alone, as a separate program that begins and ends with the app. Knows nothing of drawing."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
from pathlib import Path

from storyboard.models.threads import usable_cores

HERE = "127.0.0.1"
STORE_BYTES = 200 * 2**20  # size of Ray's object store, for requests and pictures in transit
END_SECONDS = 20
ROOT = Path(__file__).parents[2]  # the folder of the packages, for a checkout that is not installed


class LocalRay:
    """Starts Ray when its address is first asked for, and again if it has ended.

    Ray listens on a network address of this machine and does what it is told there. So it gets a secret token first,
    and asks every caller for it. Make this object before Ray is imported, because the import reads the token.
    """

    def __init__(self, cores: int | None = None) -> None:
        """cores: how many cores its replicas may use together; None for all cores that this process may use."""
        self.node = ""  # HOST:PORT, which further nodes on this machine may join
        self._cores = cores or usable_cores()
        self._program: subprocess.Popen | None = None
        self._port = 0
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))

    def address(self) -> str:
        """Returns the address for Ray's client. Starts Ray if it is not running."""
        if self._program is None or self._program.poll() is not None:
            port, self._port = _free_ports(2)
            self.node = f"{HERE}:{port}"
            head = {"port": port, "ray-client-server-port": self._port, "include-dashboard": "false"}
            self._program = start_node(["--head", "--disable-usage-stats"], self._cores, head)
        return f"ray://{HERE}:{self._port}"

    def close(self) -> None:
        """Ends Ray."""
        if self._program is not None:
            end_node(self._program)


def start_node(words: list[str], cores: int, flags: dict[str, object]) -> subprocess.Popen:
    """Starts a node of Ray. Returns its process, for `end_node`.

    cores: how many cores the node offers. words, flags: as `ray start` takes them.
    """
    flags = flags | {
        "node-ip-address": HERE,
        "dashboard-agent-listen-port": 0,
        "include-log-monitor": "false",
        "num-cpus": cores,
        "object-store-memory": STORE_BYTES,
    }
    program = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start", "--block"]
    paths = filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))
    return subprocess.Popen(
        [*program, *words, *(f"--{name}={value}" for name, value in flags.items())],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ray ends its whole process group, which the app must not be in
    )


def end_node(program: subprocess.Popen) -> None:
    """Ends a node of Ray, by force if it takes longer than END_SECONDS."""
    program.terminate()
    try:
        program.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()


def _free_ports(count: int) -> list[int]:
    servers = [socket.create_server((HERE, 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in servers]
    for server in servers:
        server.close()
    return ports
