"""`--serve`: drawing by replicas instead of in this program. Ray is imported only if it is asked for."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import socket
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from storyboard.errors import StoryError
from storyboard.library import Library
from storyboard.served import Cluster, LocalRay, Opens, ServedRenderer

LOCAL = "local"
MOST_REPLICAS = 256
REMEDY = "pip install 'storygpt-v-storyboard[serve]', or in a checkout: pip install -r requirements-serve.txt"


def add_replicas(parser: ArgumentParser) -> None:
    """Adds the flags that say where pictures are drawn."""
    machines = parser.add_argument_group("several machines", "see docs/machines.md")
    machines.add_argument(
        "--serve",
        type=_where,
        metavar="ray://HOST:PORT|local",
        help="draw in a Ray cluster, or with Ray on this machine, instead of in this program",
    )
    machines.add_argument(
        "--replicas", type=_replicas, metavar="N", help="how many pictures it draws at a time; default: 1"
    )


class Replicas:
    """Where a studio's pictures are drawn: by replicas, or in this program if `where` is None. Close it at the end."""

    def __init__(self, where: str | None, replicas: int = 1) -> None:
        self.workers = replicas
        self._where = where
        self._made: list[ServedRenderer] = []

    @classmethod
    def of(cls, options: Namespace) -> Replicas:
        """Returns it as the flags say. StoryError if they do not go together, or if Ray is not installed."""
        if options.serve is None and options.replicas is not None:
            raise StoryError("--replicas goes with --serve; say where they are, or leave it out.")
        if options.serve is not None and importlib.util.find_spec("ray") is None:
            raise StoryError(f"Drawing with Ray needs one more package; run: {REMEDY}")
        return cls(options.serve, options.replicas or 1)

    def renderer(self, opens: Opens, library: Library) -> ServedRenderer | None:
        """Returns a renderer that draws by replicas of `opens`; None if this program draws itself."""
        if self._where is None:
            return None
        local = LocalRay() if self._where == LOCAL else None
        # Only one app at a time has a library open, so the library identifies the app, also after a restart.
        app = hashlib.blake2b(f"{socket.gethostname()} {library.folder.resolve()}".encode(), digest_size=6)
        where = self._where
        cluster = Cluster(
            local.address if local else lambda: where, f"storyboard-{app.hexdigest()}", opens, self.workers
        )
        self._made.append(ServedRenderer(cluster, local))
        return self._made[-1]

    def close(self) -> None:
        """Releases the replicas."""
        while self._made:
            self._made.pop().close()


def _where(text: str) -> str:
    if text != LOCAL and not re.fullmatch(r"ray://[^\s/:]+:\d{1,5}", text):
        raise ArgumentTypeError(f'{text!r} is neither "local" nor like ray://HOST:10001')
    return text


def _replicas(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_REPLICAS:
        raise ArgumentTypeError(f"{text!r} is no whole number from 1 to {MOST_REPLICAS}")
    return int(text)
