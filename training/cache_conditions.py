"""The command `python -m training.cache_conditions`. `training.align_llm.cache` does the work."""

import sys

from storyboard.errors import StoryError
from training.align_llm.cache import main

if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(f"cache_conditions: {error}")
