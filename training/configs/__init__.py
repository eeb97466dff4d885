"""Sizes, one JSON file each, and how the parts of a size are built. Knows nothing of data or losses."""
