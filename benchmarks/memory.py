"""Measures a story's memory, P7: the bytes of its tensors, compared with what Story-LDM would keep.

Story-LDM's memory is attention over the features of all earlier frames. So for each of these it keeps the keys and
values of every self-attention layer of the UNet.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from benchmarks.arms import Told, open_carried
from storyboard.pipeline import StoryPipeline


@torch.inference_mode()
def measured(folder: Path, frames: int) -> dict[str, dict[str, float]]:
    """Returns P7: the bytes that each frame of a story adds. frames: the length of the story."""
    pipeline = open_carried(folder)
    story, conditions = Told.of(pipeline, frames), pipeline._conditions
    conditions.of(story.request(2), "llm")
    few = _held(pipeline)
    found = conditions.of(story.request(frames), "llm")
    (context,) = conditions._contexts._contexts[-1:]
    cache = (_held(pipeline) - few) / (frames - 2)
    (feature,) = {len(row) for row in conditions._features._kept._results.values() if row.dim() == 1}
    idle = (feature + found.condition.numel()) * found.condition.element_size()
    pixels = attention_bytes(pipeline)
    return {
        "P7 memory a frame": {
            "read_bytes": cache,
            "idle_bytes": idle,
            "pixel_attention_bytes": pixels,
            "read_ratio": pixels / cache,
            "idle_ratio": pixels / idle,
            "positions": len(context),
        }
    }


def _held(pipeline: StoryPipeline) -> int:
    """Returns the bytes of keys and values in the latest context."""
    cache = pipeline._conditions._contexts._contexts[-1]._cache
    return sum(
        kept.numel() * kept.element_size() for layer in cache.layers for kept in (layer.keys, layer.values)
    )


def attention_bytes(pipeline: StoryPipeline) -> int:
    """Returns the bytes of keys and values of all self-attention layers for one picture.

    The second half of a batch with guidance does not count.
    """
    unet, sizes = pipeline.unet, []

    def add(module: nn.Module, args: tuple, out: torch.Tensor) -> None:
        sizes.append(out.numel() * out.element_size())

    hooks = [
        getattr(module, kind).register_forward_hook(add)
        for name, module in unet.named_modules()
        if name.endswith(".attn1")
        for kind in ("to_k", "to_v")
    ]
    noise = torch.randn(pipeline._latent_shape(1))
    unet(noise, torch.tensor(1), encoder_hidden_states=torch.zeros(1, 1, unet.config.cross_attention_dim))
    for hook in hooks:
        hook.remove()
    return sum(sizes)
