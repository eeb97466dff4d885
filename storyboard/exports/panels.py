"""What every export shows of a story: its frames in order, each with its picture and its sentence.

Knows neither torch nor gradio, and no file format.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.story.looks import finished
from storyboard.story.values import Story, Take

MAX_SLUG = 40  # characters


@dataclass(frozen=True)
class Panel:
    """A frame as it stands on the board: its number from 1, its sentence, and the take shown, None before the first.

    `look` is the story's, which its picture is shown in.
    """

    number: int
    caption: str
    take: Take | None
    look: str = "colour"

    @property
    def text(self) -> str:
        """The sentence with its number, as it is printed."""
        return f"{self.number}. {self.caption}"

    def open(self, pictures: PictureStore) -> Image.Image | None:
        """The picture as RGB, None before the first. StoryError where its file is gone."""
        return finished(pictures.open(self.take.picture), self.look) if self.take else None


def panels_of(story: Story) -> tuple[Panel, ...]:
    """Every frame. StoryError for a story without frames."""
    if not story.frames:
        raise StoryError("The story has no frames yet; write a sentence before you export it.")
    return tuple(
        Panel(number, frame.caption, frame.take, story.look)
        for number, frame in enumerate(story.frames, start=1)
    )


def drawn_panels(story: Story) -> tuple[Panel, ...]:
    """The frames that have a picture. StoryError where none has."""
    drawn = tuple(panel for panel in panels_of(story) if panel.take)
    if not drawn:
        raise StoryError("None of the story's frames is drawn yet; draw one before you export it.")
    return drawn


def slug(text: str, otherwise: str) -> str:
    """`text` as part of a file name: letters and digits of any script, in small letters, joined by hyphens."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text).lower())
    kept = ""
    for word in words:
        if len(kept) + len(word) >= MAX_SLUG:
            break
        kept = f"{kept}-{word}" if kept else word
    return kept or (words[0][:MAX_SLUG] if words else otherwise)


def file_stem(story: Story) -> str:
    """The name of an exported file without its ending, from the title."""
    return slug(story.title, "story")
