"""The command `python -m training.data.conditions`. `training.align_llm.clips` does the work."""

import sys

from storyboard.errors import StoryError
from training.align_llm.clips import main

if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(str(error))
