"""The command `python -m training.data.conditions`; what it does is `training.align_llm.clips`'s."""

import sys

from storyboard.errors import StoryError
from training.align_llm.clips import main

if __name__ == "__main__":
    try:
        main()
    except (StoryError, OSError) as error:
        sys.exit(str(error))
