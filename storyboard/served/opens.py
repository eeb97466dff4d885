"""What a replica opens to draw with, as values that are sent to it. Knows neither Ray nor, before it opens, torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from storyboard.errors import StoryError
from storyboard.models.folder import bundled_pipeline, check_folder
from storyboard.models.hub import Wanted
from storyboard.renderer import Engine, Renderer
from storyboard.studio.model_name import model_name


class Opens(Protocol):
    """A value that is pickled, sent to every replica and opened there once."""

    def open(self, tell: Callable[[str], None]) -> Renderer:
        """Returns what draws. StoryError where it cannot be had on this machine; `tell` takes lines about loading."""
        ...


@dataclass(frozen=True)
class PipelineFolder:
    """A pipeline folder that every machine has under the same path.

    folder: None for the bundled one, which each machine has where the program is. drawn_by: what its pictures say drew
    them, as `model_name` tells it, so that no machine draws with other weights.
    """

    folder: Path | None
    drawn_by: str
    engine: Engine = "auto"

    @classmethod
    def of(cls, folder: Path, drawn_by: str, engine: Engine = "auto") -> PipelineFolder:
        """Returns it for a folder of this machine."""
        bundled = folder.resolve() == bundled_pipeline()
        return cls(None if bundled else folder.resolve(), drawn_by, engine)

    def open(self, tell: Callable[[str], None]) -> Renderer:
        """Returns what draws, as `Opens.open` does. StoryError too for a folder with other weights than the app's."""
        folder = self.folder or bundled_pipeline()
        check_folder(folder)
        found = model_name(folder)
        if found != self.drawn_by:
            raise StoryError(
                f'The pipeline folder "{folder}" is "{found}" on a replica\'s machine and "{self.drawn_by}" on the '
                "app's; copy it from here to there."
            )
        from storyboard.pipeline.engine import open_fastest  # torch
        from storyboard.pipeline.sturdy import SturdyRenderer

        return SturdyRenderer(open_fastest(folder, self.engine, tell))


@dataclass(frozen=True)
class HubModel:
    """Any text-to-image model, and what is put on it."""

    wanted: Wanted

    def open(self, tell: Callable[[str], None]) -> Renderer:
        """Returns what draws, as `Opens.open` does."""
        from storyboard.pipeline.any_model import open_model  # torch
        from storyboard.pipeline.sturdy import SturdyRenderer

        return SturdyRenderer(open_model(self.wanted, tell))
