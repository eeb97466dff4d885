"""A pipeline folder opened to draw as fast as this machine can: device, precision, and what calls the UNet.

On a CPU that is ONNX Runtime in float32 where it is installed, else torch. On CUDA it is torch in bfloat16. The same
functions do both, so a CPU tests what a GPU runs. Knows how a pipeline is set up, not how it draws.
"""

from __future__ import annotations

from pathlib import Path

import torch

from storyboard.models.language_model import Tell, silent
from storyboard.models.onnx_unet import open_onnx
from storyboard.pipeline.story_pipeline import StoryPipeline
from storyboard.renderer import Engine

# What does little of the work and decides at a threshold or in single pixels stays in full precision.
WHOLE = ("vae", "judge", "image_encoder", "visual_encoder")


def open_fastest(
    folder: Path, engine: Engine = "auto", tell: Tell = silent, device: str | None = None
) -> StoryPipeline:
    """Returns the pipeline of a folder, on CUDA where there is one. device: another one, as torch names it.

    StoryError as `StoryPipeline.from_pretrained`.
    """
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    pipeline = StoryPipeline.from_pretrained(folder, tell=tell, dtype=precisions(place))
    return quickened(pipeline.to(place), engine, tell)


def precisions(device: torch.device) -> torch.dtype | dict[str, torch.dtype]:
    """Returns the precision of a pipeline's parts, as `from_pretrained` takes it: bfloat16 where a GPU has it."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return mixed(torch.bfloat16)
    return torch.float32


def mixed(dtype: torch.dtype) -> dict[str, torch.dtype]:
    """Returns `dtype` for all parts but those that stay WHOLE."""
    return {"default": dtype, **dict.fromkeys(WHOLE, torch.float32)}


def quickened(pipeline: StoryPipeline, engine: Engine = "auto", tell: Tell = silent) -> StoryPipeline:
    """Returns the pipeline, with what calls its UNet in place. ONNX Runtime is left aside where it cannot be had."""
    if engine == "compiled":
        pipeline.network = torch.compile(pipeline.unet)
    elif engine == "auto":
        pipeline.network = open_onnx(pipeline.unet, tell)
    return pipeline
