"""How fast this program is beside the authors' control flow on the same weights: `python -m benchmarks`.

Both arms of every measurement take turns in one process, so that a busy machine slows both; ratios are what counts.
Knows everything, and nothing knows it.
"""

import os

from storyboard.models.threads import prepare_threads

GIVEN = dict(os.environ)  # what programs of other commits are started with
prepare_threads()  # before anything here imports torch
