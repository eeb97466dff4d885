"""What a replica opens to draw with, as values that are sent to it.

Does not import Ray, and imports torch only when something is opened.
"""

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
        """Returns the renderer. `tell` takes lines about loading. StoryError if it cannot be opened on this machine."""
        ...


@dataclass(frozen=True)
class PipelineFolder:
    """A pipeline folder that every machine has under the same path.

    folder: None for the bundled pipeline, which each machine has with the program.
    drawn_by: the name of the model as `model_name` gives it, so that no machine draws with other weights.
    """

    folder: Path | None
    drawn_by: str
    engine: Engine = "auto"

    @classmethod
    def of(cls, folder: Path, drawn_by: str, engine: Engine = "auto") -> PipelineFolder:
        """Returns the value for a folder of this machine."""
        bundled = folder.resolve() == bundled_pipeline()
        return cls(None if bundled else folder.resolve(), drawn_by, engine)

    def open(self, tell: Callable[[str], None]) -> Renderer:
        """Returns the renderer, as `Opens.open` does.

        StoryError also for a folder with other weights than the app's.
        """
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
    """Any text-to-image model, with the LoRAs and adapters that are put on it."""

    wanted: Wanted

    def open(self, tell: Callable[[str], None]) -> Renderer:
        """Returns the renderer, as `Opens.open` does."""
        from storyboard.pipeline.any_model import open_model  # torch
        from storyboard.pipeline.sturdy import SturdyRenderer

        return SturdyRenderer(open_model(self.wanted, tell))
