"""Opens a pipeline folder to draw as fast as this machine can: device, precision, and what calls the UNet.

On a CPU that is ONNX Runtime in float32 if it is installed, otherwise torch. On CUDA it is torch in bfloat16. The same
functions do both, so a test on a CPU covers what a GPU runs. Knows how a pipeline is set up, but not how it draws.
"""

from __future__ import annotations

from pathlib import Path

import torch

from storyboard.models.language_model import Tell, silent
from storyboard.models.onnx_unet import open_onnx
from storyboard.pipeline.story_pipeline import StoryPipeline
from storyboard.renderer import Engine

# These parts stay in full precision: they do little of the work, and decide at a threshold or in single pixels.
WHOLE = ("vae", "judge", "image_encoder", "visual_encoder")


def open_fastest(
    folder: Path, engine: Engine = "auto", tell: Tell = silent, device: str | None = None
) -> StoryPipeline:
    """Returns the pipeline of a folder, on CUDA if there is a GPU. device: another device, as torch names it.

    StoryError as in `StoryPipeline.from_pretrained`.
    """
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    pipeline = StoryPipeline.from_pretrained(folder, tell=tell, dtype=precisions(place))
    return quickened(pipeline.to(place), engine, tell)


def precisions(device: torch.device) -> torch.dtype | dict[str, torch.dtype]:
    """Returns the precision of a pipeline's parts, as `from_pretrained` takes it: bfloat16 if a GPU supports it."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return mixed(torch.bfloat16)
    return torch.float32


def mixed(dtype: torch.dtype) -> dict[str, torch.dtype]:
    """Returns `dtype` for all parts except those in WHOLE, which get float32."""
    return {"default": dtype, **dict.fromkeys(WHOLE, torch.float32)}


def quickened(pipeline: StoryPipeline, engine: Engine = "auto", tell: Tell = silent) -> StoryPipeline:
    """Returns the pipeline with the engine that calls its UNet. Without ONNX Runtime, "auto" uses torch."""
    if engine == "compiled":
        pipeline.network = torch.compile(pipeline.unet)
    elif engine == "auto":
        pipeline.network = open_onnx(pipeline.unet, tell)
    return pipeline
