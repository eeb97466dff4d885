"""What every export shows of a story: its frames in order, each with its picture and its sentence.

Imports neither torch nor Gradio, and knows no file format.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass

from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.story.looks import finished
from storyboard.story.values import CROPS, Frame, Story, Take
from storyboard.text.board_notes import BoardNotes

MAX_SLUG = 40  # characters
TICK = 0.5  # seconds; times are in steps of it
SHORTEST, LONGEST = 2.5, 10.0
LETTERS_A_SECOND = 15  # a comfortable speed for subtitles; a Han character counts as HAN_WEIGHT letters
HAN_WEIGHT = 3


@dataclass(frozen=True)
class Panel:
    """A frame as it is on the board: its number (from 1), its sentence, and the take shown, None before the first.

    `look` is the story's look, in which the picture is shown.
    """

    number: int
    caption: str
    take: Take | None
    look: str = "colour"
    board: BoardNotes = BoardNotes()
    crop: str = "none"

    @property
    def text(self) -> str:
        """The sentence as it is printed, with its number, and the shot and seconds before it."""
        return f"{self.number}. {self.board.heading + ': ' if self.board.heading else ''}{self.caption}"

    @property
    def beside(self) -> tuple[str, ...]:
        """The lines of its dialogue and of its notes."""
        return (*self.board.dialogue.splitlines(), *self.board.notes.splitlines())

    @property
    def seconds(self) -> float:
        """How long it is shown: as the writer says, or else as long as reading it takes."""
        return self.board.seconds or reading_time(f"{self.caption} {self.board.dialogue}".strip())

    def marked(self, pictures: PictureStore) -> Image.Image | None:
        """Returns the picture as RGB, with everything outside the story's crop dimmed; None before the first take.

        StoryError if the picture's file is gone.
        """
        return None


@dataclass(frozen=True)
class DrawnPanel(Panel):
    """A panel that has a picture."""

    take: Take

    def open(self, pictures: PictureStore) -> Image.Image:
        """Returns the picture as RGB. StoryError if its file is gone."""
        return finished(pictures.open(self.take.picture), self.look)

    def marked(self, pictures: PictureStore) -> Image.Image:
        """Returns the picture as `open` does, with everything outside the story's crop dimmed."""
        picture = self.open(pictures)
        if not CROPS[self.crop]:
            return picture
        marked = Image.blend(picture, Image.new("RGB", picture.size, "white"), 0.6)
        box = frame_in(picture.size, self.crop)
        marked.paste(picture.crop(box), box[:2])
        return marked

    def cut(self, pictures: PictureStore) -> Image.Image:
        """Returns the picture as `open` does, with everything outside the story's crop cut off."""
        picture = self.open(pictures)
        return picture.crop(frame_in(picture.size, self.crop))


def panels_of(story: Story) -> tuple[Panel, ...]:
    """Returns a panel for every frame. StoryError for a story without frames."""
    if not story.frames:
        raise StoryError("The story has no frames yet; write a sentence before you export it.")
    return tuple(_panel(story, frame, number) for number, frame in enumerate(story.frames, start=1))


def drawn_panels(story: Story) -> tuple[DrawnPanel, ...]:
    """Returns a panel for every frame that has a picture. StoryError if no frame has one."""
    drawn = tuple(panel for panel in panels_of(story) if isinstance(panel, DrawnPanel))
    if not drawn:
        raise StoryError("None of the story's frames is drawn yet; draw one before you export it.")
    return drawn


def _panel(story: Story, frame: Frame, number: int) -> Panel:
    shown = (story.look, frame.board, story.crop)
    if frame.take is None:
        return Panel(number, frame.caption, None, *shown)
    return DrawnPanel(number, frame.caption, frame.take, *shown)


def frame_in(size: tuple[int, int], crop: str) -> tuple[int, int, int, int]:
    """Returns the largest box of that shape in the middle of a picture: left, top, right and bottom in pixels."""
    width, height = size
    across, down = CROPS[crop] or size
    wide, tall = min(width, round(height * across / down)), min(height, round(width * down / across))
    left, top = (width - wide) // 2, (height - tall) // 2
    return left, top, left + wide, top + tall


def reading_time(caption: str) -> float:
    """Returns how many seconds it takes to read a sentence and look at its picture."""
    letters = sum(HAN_WEIGHT if "\u2e80" <= letter <= "\u9fff" else 1 for letter in caption)
    return min(LONGEST, max(SHORTEST, math.ceil((1 + letters / LETTERS_A_SECOND) / TICK) * TICK))


def slug(text: str, otherwise: str) -> str:
    """Returns `text` as part of a file name: letters and digits of any script, in lower case, joined by hyphens.

    Returns `otherwise` if the text has none.
    """
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text).lower())
    kept = ""
    for word in words:
        if len(kept) + len(word) >= MAX_SLUG:
            break
        kept = f"{kept}-{word}" if kept else word
    return kept or (words[0][:MAX_SLUG] if words else otherwise)


def file_stem(story: Story) -> str:
    """Returns the name of an exported file without its suffix, made from the title."""
    return slug(story.title, "story")
