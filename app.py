"""StoryGPT-V Storyboard as an app: `python app.py`, then open the address it prints. A Space runs this file too.

Everything it does is `storyboard serve`, for a checkout that is not installed.
"""

import sys

from storyboard.ui.serve import main

if __name__ == "__main__":
    sys.exit(main(program="app.py"))
