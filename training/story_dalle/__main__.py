"""`python -m training.story_dalle vq ...` trains the picture tokens; `... transformer ...` trains what writes the
tokens.
"""

import sys
from importlib import import_module

from storyboard.errors import StoryError

PARTS = ("vq", "transformer")


def main(argv: list[str]) -> None:
    if not argv or argv[0] not in PARTS:
        raise SystemExit(f"usage: python -m training.story_dalle {{{'|'.join(PARTS)}}} [--help]")
    import_module(f"training.story_dalle.train_{argv[0]}").main(argv[1:])


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (StoryError, OSError) as error:
        sys.exit(f"story_dalle: {error}")
