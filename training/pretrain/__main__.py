"""`python -m training.pretrain PART ...`: runs the module of the part."""

import sys
from importlib import import_module

from storyboard.errors import StoryError

PARTS = {
    "tokenizers": "tokenizer_training",
    "autoencoder": "autoencoder",
    "decoder": "decoder",
    "clip": "clip",
    "looks": "look_probe",
    "portraits": "portraits",
    "fuser": "fuser",
    "language-model": "language_model",
    "latents": "latents",
    "ldm": "ldm",
    "visual-mapper": "visual_mapper",
}


def main(argv: list[str]) -> None:
    if not argv or argv[0] not in PARTS:
        raise SystemExit(f"usage: python -m training.pretrain {{{'|'.join(PARTS)}}} [--help]")
    import_module(f"training.pretrain.{PARTS[argv[0]]}").main(argv[1:])


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (StoryError, OSError) as error:
        sys.exit(f"pretrain: {error}")
