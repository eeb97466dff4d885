"""Pipeline in, parts out: `python -m training.disassemble --pipeline assets/maple-lane`, the reverse of assemble.

It allows training to continue from a finished pipeline with `--continued` when the parts that made it no longer exist.
Weights are widened to float32. What no pipeline contains (the plain LDM, optimiser states) cannot be restored.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch

from storyboard.errors import StoryError
from storyboard.pipeline import StoryPipeline
from training.align_llm.train import TRAINED
from training.configs.arguments import parsed
from training.configs.parts import save_part

STAGE_1 = ("unet", "fuser", "image_encoder")
# When a stage is not continued, it begins with a fresh tower and mapper. Here the finished ones take their place.
SHARED = ("vae", "scheduler", "tokenizer", "text_encoder", "image_encoder", "image_processor")
LANGUAGE = ("language_model", "language_tokenizer", "visual_mapper")
NAMED = ("condition_mapper", "image_tokens")  # the parts that align a language model which is only named


@dataclass
class DisassembleArguments:
    pipeline: str = field(default="assets/maple-lane", metadata={"help": "the pipeline folder to take apart"})
    parts: str = field(
        default="runs/maple-lane/parts", metadata={"help": "folder of parts to write; it must not exist"}
    )
    reader: Literal["carried", "needed"] = field(
        default="carried",
        metadata={
            "help": "whose stage 2: that of the language model the folder carries, or that of the one it needs by name"
        },
    )


def disassemble(pipeline: StoryPipeline, parts: Path) -> None:
    """Writes every part to where the training steps look for it. StoryError if `parts` exists already."""
    if parts.exists():
        raise StoryError(f"{parts} exists; move it away, or give another --parts.")
    places = [*SHARED, *(f"char_ldm/{name}" for name in STAGE_1)]
    if pipeline.named_reader is not None:
        places += [f"aligned/{name}" for name in NAMED]
    elif pipeline.language_model is not None:
        places += [*LANGUAGE, *(f"aligned/{name}" for name in TRAINED)]
    for place in places:
        save_part(parts, place, getattr(pipeline, place.rpartition("/")[2]))


def main(argv: list[str] | None = None) -> None:
    args = parsed(DisassembleArguments, argv)
    disassemble(
        StoryPipeline.from_pretrained(args.pipeline, reader=args.reader, dtype=torch.float32),
        Path(args.parts),
    )


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"disassemble: {error}")
