"""Stage 2 (paper §3.3): the frozen language model aligned with Char-LDM, and what it learns from.

`prompts.py` knows Maple Lane's cached stories, `clips.py` those of a dataset folder, `cache.py` writes the former.
"""
