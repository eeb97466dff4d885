"""Stage 1 (paper §3.2): Char-LDM, and what it learns from."""
