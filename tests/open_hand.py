"""Runs the page's own tests with a tiny model as "any text-to-image model", instead of the flat renderer.

The command is STORYBOARD_HAND=open python -m pytest -m browser tests/test_page_*.py. It leaves out the tests with the
mark `own_hand`: they need something that such a model lacks, namely a judge, a map of where it looked, or places and
words that it has learned.
"""

from __future__ import annotations

import os
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from storyboard.renderer import FrameRequest, Preview, Rendered, Renderer
from storyboard.ui.hints import Hints
from tests.fakes import in_memory

STEPS = 3


def is_asked_for() -> bool:
    """Returns whether the environment asks for it."""
    return os.environ.get("STORYBOARD_HAND") == "open"


def opened(folder: Path) -> tuple[HeldHand, Hints]:
    """Returns a tiny Stable Diffusion with an IP-Adapter, made once in `folder`, and what the page offers with it."""
    from storyboard.models.hub import Wanted
    from storyboard.pipeline.any_model import open_model  # needs torch, which the page's tests do not
    from storyboard.ui.any_model import hints_of
    from tests import tiny_hub

    model, adapter = folder / "stable-diffusion", folder / "adapter"
    if not folder.exists():
        tiny_hub.ip_adapter(adapter, tiny_hub.stable_diffusion(model))
    hand = open_model(Wanted(str(model), str(adapter), steps=STEPS), lambda line: None)
    return HeldHand(hand), replace(hints_of(Namespace(ip_adapter=adapter)), steps=STEPS)


class HeldHand:
    """A renderer that waits after each preview while there is a `gate`, and raises `failure` there."""

    doing = notice = ""
    steps = STEPS

    def __init__(self, hand: Renderer) -> None:
        self._hand = hand
        self.failure: BaseException | None = None
        self.gate: threading.Event | None = None
        self.started = threading.Event()
        self.requests: list[FrameRequest] = []

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        self.requests.append(in_memory(request))
        for event in self._hand.render(request, cancelled):
            yield event
            if isinstance(event, Preview):
                self.started.set()
                while self.gate is not None and not self.gate.wait(0.005) and not cancelled():
                    pass
                if cancelled():
                    return
                if self.failure is not None:
                    raise self.failure
