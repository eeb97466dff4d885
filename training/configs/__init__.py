"""Sizes, one JSON file each, how the parts of a size are built, and what commands are told. Knows no data."""
