"""The app's door in the cluster: an actor that deploys the replicas and passes their streams on, one event per call.

Ray's client, with which the app survives the loss of its cluster, has no streams, so streams end in this actor. The
door ends when the app's connection ends. Knows no pages and no stories.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import ray
from ray import serve
from ray.exceptions import RayError, RayTaskError

from storyboard.errors import StoryError
from storyboard.renderer import FrameRequest, Preview, Rendered
from storyboard.served.opens import Opens
from storyboard.served.parcels import Refused, story_key
from storyboard.served.replica import Drawing

ATTEMPTS = 4  # so many replicas may be lost with one frame; the frame itself may be the reason
LOST = f"{ATTEMPTS} replicas were lost while they drew it; look into their logs, and draw it again."
STREAMS = 256  # the most calls at the same time
NOTICE_SECONDS = 1.0
HEAD = {"node:__internal_head__": 0.001}  # on the head node, the door is lost only with the whole cluster
DEPLOYMENT = Drawing.__name__


@dataclass(frozen=True)
class Strength:
    """How many replicas can draw. `trouble`: the error of a replica that could not open its pipeline, "" for none."""

    drawing: int
    trouble: str = ""
    failed: bool = False  # whether no replica could open it, so that none will come


class Stream:
    """The stream of one frame that is being drawn. If its replica is lost, another one draws the frame again.

    `next` and `close` may be called by two threads.
    """

    def __init__(self, handle: Any, request: FrameRequest) -> None:
        self._handle = handle.options(stream=True, multiplexed_model_id=story_key(request))
        self._request = request
        self._left = ATTEMPTS
        self._closed = threading.Event()
        self._begin()

    def next(self) -> Preview | Rendered | Refused | None:
        """Returns the next event, or None at the end."""
        while True:
            try:
                return None if self._closed.is_set() else next(self._events, None)
            except RayTaskError:
                raise  # an error of the program itself, which would happen on another replica too
            except RayError:
                if self._closed.is_set():
                    return None
                if not self._left:
                    return Refused(LOST)
                self._begin()

    def close(self) -> None:
        """Ends the drawing after the current step."""
        self._closed.set()
        self._events.cancel()

    def _begin(self) -> None:
        self._left -= 1
        self._events = self._handle.draw.remote(self._request)


@ray.remote(num_cpus=0, max_concurrency=STREAMS, resources=HEAD)  # type: ignore[call-overload]  # typed for tasks, not actors
class Door:
    """The door of the app called `name`. That is also the name of its replicas' application."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._streams: dict[str, Stream] = {}

    def deploy(self, opens: Opens, replicas: int) -> None:
        """Asks for so many replicas, in place of the present ones. Returns before they have opened their pipelines."""
        drawing: Any = serve.deployment(
            Drawing,
            name=DEPLOYMENT,
            num_replicas=replicas,
            max_ongoing_requests=1,
            ray_actor_options=shares([node["Resources"] for node in ray.nodes() if node["Alive"]], replicas),
        )
        if self.has_replicas():  # otherwise the old replicas would stay if the new ones cannot open
            serve.delete(self._name)
        serve.start(proxy_location="Disabled")
        target = serve.RunTarget(drawing.bind(opens), name=self._name, route_prefix=None)
        serve.run_many([target], wait_for_applications_running=False)

    def has_replicas(self) -> bool:
        """Returns whether replicas were asked for since this cluster began."""
        return self._name in serve.status().applications

    def strength(self) -> Strength:
        """Returns how many replicas can draw now, and what went wrong with others."""
        application = serve.status().applications[self._name]
        deployment = application.deployments.get(DEPLOYMENT)
        states: dict[Any, int] = deployment.replica_states if deployment else {}
        told = deployment.message if deployment else application.message
        drawing = states.get("RUNNING", 0)
        failed = application.status == "DEPLOY_FAILED" and not drawing
        return Strength(drawing, sentence_in(told), failed)

    def notice(self) -> str | None:
        """Returns the `Renderer.notice` of a replica's pipeline. Returns None if all replicas are busy drawing."""
        asked = self._handle().notice.remote()
        try:
            return asked.result(timeout_s=NOTICE_SECONDS)
        except TimeoutError:
            asked.cancel()
            return None

    def begin(self, name: str, request: FrameRequest) -> None:
        """Begins a stream under that name."""
        self._streams[name] = Stream(self._handle(), request)

    def next(self, name: str) -> Preview | Rendered | Refused | None:
        """Returns a stream's next event. Returns None at its end, or after it was closed."""
        stream = self._streams.get(name)
        event = stream.next() if stream else None
        if event is None:
            self._streams.pop(name, None)
        return event

    def close(self, name: str) -> None:
        """Ends a stream."""
        if stream := self._streams.pop(name, None):
            stream.close()

    def leave(self) -> None:
        """Releases the replicas."""
        serve.delete(self._name)

    def _handle(self) -> Any:
        return serve.get_deployment_handle(DEPLOYMENT, self._name)


def shares(nodes: Sequence[dict[str, float]], replicas: int) -> dict[str, float]:
    """Returns which part of a machine each replica takes so that all fit: a GPU or an even part of one, or else cores.

    nodes: the resources of each machine, by name, as Ray counts them. StoryError if no machine has a core.
    """
    gpus = sum(node.get("GPU", 0) for node in nodes)
    if gpus:
        return {"num_cpus": 1, "num_gpus": 1 / ceil(replicas / gpus)}
    cores = [int(node["CPU"]) for node in nodes if node.get("CPU")]
    if not cores:
        raise StoryError(
            "No machine of the Ray cluster has a core to spare; add one with: ray start --address"
        )
    return {"num_cpus": max(1, min(cores) // ceil(replicas / len(cores)))}


def sentence_in(told: str) -> str:
    """Returns the StoryError in Ray Serve's message about a replica that did not start, or ""."""
    said = re.findall(r"StoryError: (.+)", told)
    return said[-1] if said else ""
