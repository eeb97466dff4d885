"""Stage 1 (paper §3.2): Char-LDM, and its training examples."""
