"""`python -m training.align_llm`: see `train.py`."""

import sys

from storyboard.errors import StoryError
from training.align_llm.train import main

if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"align_llm: {error}")
