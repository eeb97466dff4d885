"""Shards: files of tensors with a fixed number of stories each, written once, and shared among processes."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

from storyboard.disk.durable import part_of, settle
from storyboard.errors import StoryError
from training.loop.processes import make_accelerator

SHARD_STORIES = 128


def write_shard(
    shard: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str] | None = None
) -> None:
    """Writes a file of tensors. It gets its name only when it is complete."""
    part = part_of(shard)
    save_file(tensors, part, metadata)
    settle(part, shard)


def missing_shards(folder: Path, stories: int) -> list[tuple[Path, range]]:
    """Returns this process's share of the shards that are missing, each with the seeds of its stories.

    StoryError if `stories` do not fill whole shards.
    """
    if stories < 1 or stories % SHARD_STORIES:
        full = stories // SHARD_STORIES * SHARD_STORIES
        raise StoryError(
            f"--stories {stories}: a shard holds {SHARD_STORIES}; choose {full + SHARD_STORIES}"
            + (f" or {full}." if full > 0 else ".")
        )
    accelerator = make_accelerator()
    numbers = range(accelerator.process_index, stories // SHARD_STORIES, accelerator.num_processes)
    shards = [
        (
            folder / f"shard-{number:05d}.safetensors",
            range(number * SHARD_STORIES, (number + 1) * SHARD_STORIES),
        )
        for number in numbers
    ]
    return [(shard, seeds) for shard, seeds in shards if not shard.exists()]
