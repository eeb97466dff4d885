"""The name of the model that drew a picture: the name of the pipeline's folder, and a short hash of its weights.

Imports neither torch nor Gradio. Of a pipeline it knows only that its weights are safetensors files in its folder.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

WHOLE = 256 * 2**20  # of files with more bytes, only SAMPLES evenly spread pieces of PIECE bytes are hashed
SAMPLES = 64
PIECE = 2**20
DIGITS = 12


def model_name(folder: Path) -> str:
    """Returns the folder's name with a hash of its weights, such as "maple-lane 3f2a9c41d0e7".

    Returns only the name if the folder has no weights or they cannot be read. Training changes numbers all over a file,
    so samples of a large file tell weights apart as well as the whole file does.
    """
    name = folder.resolve().name
    try:
        weights = sorted(folder.rglob("*.safetensors"))
        return f"{name} {_hash(folder, weights)}" if weights else name
    except OSError:  # loading the pipeline reports an unreadable file
        return name


def _hash(folder: Path, weights: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in weights:
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            digest.update(size.to_bytes(8, "big"))
            whole = size <= WHOLE
            steps = (
                range(0, size, PIECE) if whole else range(0, size - PIECE, (size - PIECE) // (SAMPLES - 1))
            )
            for start in steps:
                file.seek(start)
                digest.update(file.read(PIECE))
    return digest.hexdigest()[:DIGITS]
