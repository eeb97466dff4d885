"""Stage 2 (paper §3.3): aligns the frozen language model with Char-LDM. This package also holds what stage 2 learns
from.

`prompts.py` reads Maple Lane's cached stories, and `clips.py` reads the clips of a dataset folder. `cache.py` writes
the cache of Maple Lane.
"""
