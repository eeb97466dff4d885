"""`python -m training.train_char_ldm`: see `train.py`."""

import sys

from storyboard.errors import StoryError
from training.train_char_ldm.train import main

if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"train_char_ldm: {error}")
