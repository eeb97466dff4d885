"""Measures making a GIF of a long story, with our choice of colours and with Pillow's own."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from unittest.mock import patch

from PIL import Image

from benchmarks.arms import take_turns
from benchmarks.editing import drawn_story
from storyboard.disk.pictures import PictureStore
from storyboard.exports.fonts import installed_fonts
from storyboard.exports.motion import write_gif
from storyboard.studio.cast import load_cast


def measured(pipeline: Path, repeats: int, frames: int) -> dict[str, float]:
    """Returns the times for a GIF of `frames` frames, which show the cast's portraits in turn."""
    with tempfile.TemporaryDirectory() as folder:
        pictures = PictureStore(Path(folder) / "pictures")
        cast = load_cast(pipeline, pictures)
        portraits = [portrait.picture for one in cast for portrait in one.portraits]
        story, path = drawn_story(cast, frames, portraits), Path(folder) / "story.gif"
        ours = partial(write_gif, story, pictures, path, installed_fonts())

        def theirs() -> None:
            with patch.object(Image.Image, "quantize", lambda self, *_, **__: self):
                ours()

        return take_turns(ours, theirs, repeats).told()
