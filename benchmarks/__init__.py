"""Compares the speed of this program with the authors' control flow on the same weights: `python -m benchmarks`.

Both arms of every measurement take turns in one process, so a busy machine slows both. The ratios count. Knows
everything, and nothing knows it.
"""

import os

from storyboard.models.threads import prepare_threads

GIVEN = dict(os.environ)  # the environment for programs of other commits
prepare_threads()  # before anything here imports torch
