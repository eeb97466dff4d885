"""A renderer for replicas that also writes down which process draws, for tests that end a process or ask who drew."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from storyboard.renderer import FrameRequest, Preview, Rendered, Renderer
from storyboard.served import Opens


@dataclass(frozen=True)
class Watched:
    """Opens what `opens` opens. diary: a file that gets a line for each event: process, seed, word."""

    opens: Opens
    diary: Path

    def open(self, tell: Callable[[str], None]) -> Renderer:
        return _Watching(self.opens.open(tell), self.diary)


class _Watching:
    doing = ""

    def __init__(self, renderer: Renderer, diary: Path) -> None:
        self._renderer = renderer
        self._diary = diary
        self.notice = renderer.notice

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        ended = "stopped"
        try:
            for event in self._renderer.render(request, cancelled):
                self._write(request, "step" if isinstance(event, Preview) else "drawn")
                ended = "drawn" if isinstance(event, Rendered) else ended
                yield event
        finally:
            if ended == "stopped":
                self._write(request, ended)

    def _write(self, request: FrameRequest, word: str) -> None:
        with open(self._diary, "a", encoding="utf-8") as file:
            file.write(f"{os.getpid()} {request.seed} {word}\n")


def entries(diary: Path, seed: int, word: str) -> list[int]:
    """Returns the processes that wrote `word` for the frame with that seed, in order."""
    lines = [line.split() for line in diary.read_text(encoding="utf-8").splitlines()]
    return [int(process) for process, of, said in lines if (int(of), said) == (seed, word)]
