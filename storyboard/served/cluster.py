"""The app's connection to a Ray cluster. A thread keeps it up, and connects again after a loss.

Only that thread imports Ray. It uses Ray's client, because with the client the app survives the loss of the cluster.
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

LOOK_SECONDS = 2.0  # time between two looks at the replicas
AGAIN_SECONDS = 2.0  # time before another try to connect
SILENCE_SECONDS = 120.0  # after so long without an answer, a cluster counts as lost
END_SECONDS = 30.0  # so long the end of the app waits for a cluster that may be gone
GRACE_SECONDS = "5"  # so long Ray's client tries to repair a connection by itself

log = logging.getLogger(__name__)


class Cluster:
    """A connection to the cluster at the address that `address` returns ("ray://HOST:PORT").

    It deploys `replicas` replicas of `opens` there, and connects again when the cluster was lost.

    name: the name of the replicas' application; every running app needs its own.
    door: the actor that draws there, None while there is no connection.
    drawing: how many replicas can draw now.
    doing, notice: as in a Renderer.
    failure: why nothing can ever be drawn with this cluster, "" while something may.
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
        self._own_notice: str | None = None  # the pipeline's own notice, once a replica has sent it
        self._deployed = False
        self._lost = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="cluster", daemon=True)
        self._thread.start()

    def lost(self, door: Any) -> None:
        """Tells the cluster that a door no longer answers."""
        if door is self.door:
            self._lost.set()

    def close(self) -> None:
        """Releases the replicas and leaves the cluster."""
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
            # Any error of Ray must reach the writer instead of ending this thread silently.
            except Exception as error:
                log.info("the Ray cluster is lost", exc_info=error)
                # For an error inside the door, its cause has the message without the traceback.
                told = getattr(error, "cause", None) or error
                self._say_away(str(told).strip().partition("\n")[0] or type(told).__name__)
            self.door = None
            _disconnect()
            self._over.wait(AGAIN_SECONDS)

    def _connected(self) -> Any:
        """Returns a door in the cluster. Its replicas are there, or are being started."""
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
        """Asks the door how the replicas are, and updates what the app is told."""
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
    """Returns the result of a call of the door.

    Raises what the call raised, and TimeoutError after SILENCE_SECONDS.
    """
    return reference.future().result(SILENCE_SECONDS)


def _disconnect() -> None:
    import ray

    try:
        ray.shutdown()
    except Exception as error:  # the cluster may be gone already
        log.debug("leaving the Ray cluster", exc_info=error)
