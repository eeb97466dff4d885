"""The pipeline of a folder, of whatever kind it is: StoryGPT-V's, or that of a system it is compared with.

Knows neither stories nor scores.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch

from storyboard.pipeline import StoryPipeline
from storyboard.renderer import Renderer
from training.ar_ldm.pipeline import ArLdmPipeline
from training.examples.baseline import BaselinePipeline
from training.story_dalle.pipeline import StoryDallePipeline
from training.story_ldm.pipeline import StoryLdmPipeline

BASELINES: dict[str, type[BaselinePipeline]] = {
    built.__name__: built for built in (StoryLdmPipeline, ArLdmPipeline, StoryDallePipeline)
}


def renderer_class(folder: Path) -> type[StoryPipeline | BaselinePipeline]:
    """Returns the kind of pipeline the folder holds. FileNotFoundError where it holds none."""
    kind = json.loads((folder / "model_index.json").read_text("utf-8"))["_class_name"]
    # A list names code that the folder carries, as StoryGPT-V's alone does.
    return BASELINES.get(kind, StoryPipeline) if isinstance(kind, str) else StoryPipeline


def load_renderer(folder: Path, device: torch.device | str | None = None) -> Renderer:
    """Returns the folder's pipeline in float32, by default on the device there is."""
    built = renderer_class(folder)
    usual = "cuda" if torch.cuda.is_available() else "cpu"
    if issubclass(built, StoryPipeline):
        return built.from_pretrained(folder, dtype=torch.float32, reader="needed").to(device or usual)
    return built.from_pretrained(folder, dtype=torch.float32).to(device or usual)
