"""The app's connection to a cluster, kept up by a thread: what it says while there is none, and again when there is.

Ray is imported in that thread alone. Ray's client is what connects: it leaves the app alive when the cluster is lost.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from storyboard.served.opens import Opens

if TYPE_CHECKING:
    from storyboard.served.door import Strength

LOOK_SECONDS = 2.0  # between two looks at the replicas
AGAIN_SECONDS = 2.0  # before another try to connect
SILENCE_SECONDS = 120.0  # without an answer, after which a cluster counts as lost
END_SECONDS = 30.0  # that the app's end waits for a cluster that may be gone
GRACE_SECONDS = "5"  # in which Ray's client mends a connection by itself

log = logging.getLogger(__name__)


class Cluster:
    """Connects to what `address` gives ("ray://HOST:PORT"), deploys `replicas` of `opens` there, and stays.

    name: of the replicas' application, one for each running app. door: what draws there, None while nothing does.
    drawing: how many replicas do now. doing, notice: as of a Renderer. failure: why no drawing will ever come of this,
    else "".
    """

    def __init__(self, address: Callable[[], str], name: str, opens: Opens, replicas: int) -> None:
        self.door: Any = None
        self.drawing = 0
        self.doing = "Connecting to the Ray cluster"
        self.notice = ""
        self.failure = ""
        self._address = address
        self._name = name
        self._opens = opens
        self._replicas = replicas
        self._own_notice: str | None = None  # the pipeline's, once a replica has told it
        self._deployed = False
        self._lost = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="cluster", daemon=True)
        self._thread.start()

    def lost(self, door: Any) -> None:
        """Say that a door no longer answers."""
        if door is self.door:
            self._lost.set()

    def close(self) -> None:
        """Let the replicas go and leave the cluster."""
        self._over.set()
        self._lost.set()
        self._thread.join(END_SECONDS)

    def _keep(self) -> None:
        while not self._over.is_set():
            try:
                self._lost.clear()
                door = self._connected()
                while not self._over.is_set():
                    self._look(door)
                    self.door = door
                    if self._lost.wait(LOOK_SECONDS):
                        break
                if self._over.is_set():
                    answer(door.leave.remote())
                else:
                    self._say_away("its connection was lost")
            except Exception as error:  # whatever Ray throws has to reach the writer, not end a silent thread
                log.info("the Ray cluster is lost", exc_info=error)
                told = (
                    getattr(error, "cause", None) or error
                )  # of what failed in the door, without its traceback
                self._say_away(str(told).strip().partition("\n")[0] or type(told).__name__)
            self.door = None
            _disconnect()
            self._over.wait(AGAIN_SECONDS)

    def _connected(self) -> Any:
        """A door in the cluster, whose replicas are there or on their way."""
        os.environ.setdefault("RAY_CLIENT_RECONNECT_GRACE_PERIOD", GRACE_SECONDS)
        import ray

        from storyboard.served.door import Door

        ray.init(self._address(), log_to_driver=False, logging_level=logging.ERROR)
        made: Any = Door  # an actor's class, by Ray's decorator
        door = made.remote(self._name)
        if not (self._deployed and answer(door.has_replicas.remote())):
            answer(door.deploy.remote(self._opens, self._replicas))
            self._deployed = True
        return door

    def _look(self, door: Any) -> None:
        """Say how the replicas are."""
        now: Strength = answer(door.strength.remote())
        self.drawing = now.drawing
        if now.drawing and self._own_notice is None:
            self._own_notice = answer(door.notice.remote())
        self.doing = "" if now.drawing else f"{self._replicas} replicas are loading the pipeline"
        why = now.trouble or "their logs in the cluster say why."
        self.failure = f"No replica could open the pipeline: {why}" if now.failed else ""
        few = now.drawing and now.drawing < self._replicas
        fewer = f"{now.drawing} of {self._replicas} replicas draw. {now.trouble}".strip() if few else ""
        self.notice = " ".join(filter(None, (fewer, self._own_notice)))

    def _say_away(self, why: str) -> None:
        self.drawing, self.doing = 0, ""
        short = why.rstrip(".")[:200]
        notice = f"The Ray cluster does not answer ({short}); frames wait, and are drawn once it is back."
        if notice != self.notice:
            log.warning("%s", notice)
        self.notice = notice


def answer(reference: Any) -> Any:
    """Returns what a call of the door gives. Raises what it raised, and TimeoutError after a long silence."""
    return reference.future().result(SILENCE_SECONDS)


def _disconnect() -> None:
    import ray

    try:
        ray.shutdown()
    except Exception as error:  # there may be nobody left to say goodbye to
        log.debug("leaving the Ray cluster", exc_info=error)
