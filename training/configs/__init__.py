"""Sizes (one JSON file each), how the parts of a size are built, and the arguments of commands. Knows no data."""
