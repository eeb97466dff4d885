"""Gathers the base parts of full-size training: `python -m training.released.base --base SD15 --llm OPT --out PARTS`.

Stable Diffusion, CLIP and a language model, as published, are brought into the layout that both stages read and extend.
Pickled language models are converted in a process of their own. The folder appears whole or not at all.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from storyboard.errors import StoryError
from training.configs.arguments import parsed
from training.released import language as language_models
from training.released.parts import load_base
from training.released.unpickle import to_safetensors

FROM_BASE = ("vae", "unet", "scheduler", "tokenizer", "text_encoder", "image_encoder", "image_processor")


@dataclass
class BaseArguments:
    base: str = field(metadata={"help": "Stable Diffusion 1.5: a folder, or its id on the Hub"})
    llm: str = field(metadata={"help": "OPT or Llama: a folder, or a Hub id"})
    out: str = field(metadata={"help": "the folder of parts to write; it must not exist yet"})
    clip: str = field(
        default="openai/clip-vit-large-patch14", metadata={"help": "CLIP ViT-L/14: a folder, or a Hub id"}
    )


def gather(args: BaseArguments) -> None:
    """Writes the folder. If something does not fit, raises StoryError and writes nothing."""
    out = Path(args.out).absolute()
    if out.exists():
        raise StoryError(f'"{out}" exists; give a new folder with --out, or remove that one.')
    if not out.parent.is_dir():
        raise StoryError(f'There is no folder "{out.parent}" to write in; create it, or give another --out.')
    language = language_models.choose(args.llm)
    base = load_base(args.base, args.clip)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
        scratch, parts = Path(folder) / "llm", Path(folder) / "parts"
        scratch.mkdir()
        pickled = language_models.pickled_weights(language, scratch)
        if pickled:
            to_safetensors(pickled)
        for name in FROM_BASE:
            getattr(base, name).save_pretrained(parts / name)
        language_models.load(language, scratch).save_pretrained(parts / "language_model")
        language.tokenizer.save_pretrained(parts / "language_tokenizer")
        os.replace(parts, out)


def main(argv: list[str] | None = None) -> None:
    args = parsed(BaseArguments, argv)
    gather(args)
    print(f"Wrote {args.out}.")


if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"base: {error}")
