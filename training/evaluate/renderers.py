"""Loads the pipeline of a folder, whatever its kind: StoryGPT-V, or a system that it is compared with.

Uses neither stories nor scores.
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
    """Returns the class of the pipeline in a folder. FileNotFoundError if the folder holds none."""
    kind = json.loads((folder / "model_index.json").read_text("utf-8"))["_class_name"]
    # A list names code in the folder. Only StoryGPT-V's folders have such code.
    return BASELINES.get(kind, StoryPipeline) if isinstance(kind, str) else StoryPipeline


def load_renderer(folder: Path, device: torch.device | str | None = None) -> Renderer:
    """Returns the folder's pipeline in float32, by default on the GPU if there is one."""
    built = renderer_class(folder)
    usual = "cuda" if torch.cuda.is_available() else "cpu"
    if issubclass(built, StoryPipeline):
        return built.from_pretrained(folder, dtype=torch.float32, reader="needed").to(device or usual)
    return built.from_pretrained(folder, dtype=torch.float32).to(device or usual)
