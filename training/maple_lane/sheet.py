"""Contact sheets: stories with captions, every portrait, random people. They are only for looking at the world."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFont

from storyboard.people import build, draw_person, sample_look
from storyboard.people.names import sample_name

from .cast import CAST
from .open_stories import sample_open_story
from .scene import draw, draw_portrait
from .stories import MapleStory
from .words import free_captions

_PAPER, _INK, _PALE = (252, 246, 234), (58, 44, 52), (163, 106, 84)
_GROUND = (251, 243, 228)  # the ground of portraits
_CELL, _GAP, _LINE = 256, 14, 16
_ROW = _CELL + 5 * _LINE
_FRAMES = 4  # frames in a row
_PORTRAIT = 132


def save_sheet(path: Path, stories: Sequence[MapleStory]) -> None:
    """Saves a sheet with a row for every four frames, then the portraits.

    The plain caption is in dark letters, and the referential caption is in pale letters.
    """
    rows = [tale.frames[i : i + _FRAMES] for tale in stories for i in range(0, len(tale.frames), _FRAMES)]
    most = max(len(who.outfits) for who in CAST)
    width = _FRAMES * (_CELL + _GAP) + _GAP
    image = Image.new(
        "RGB", (width, len(rows) * (_ROW + _GAP) + most * (_PORTRAIT + _LINE + 6) + 2 * _GAP), _PAPER
    )
    canvas, font = ImageDraw.Draw(image), ImageFont.load_default(13)
    for r, row in enumerate(rows):
        for c, frame in enumerate(row):
            x, y = _GAP + c * (_CELL + _GAP), _GAP + r * (_ROW + _GAP)
            image.paste(Image.fromarray(draw(frame.scene, _CELL)), (x, y))
            y += _CELL + 3
            for text, colour in ((frame.plain, _INK), (frame.referential, _PALE)):
                for line in _wrap(canvas, text, font):
                    canvas.text((x, y), line, fill=colour, font=font)
                    y += _LINE
    _paste_portraits(image, canvas, ImageFont.load_default(11), _GAP + len(rows) * (_ROW + _GAP))
    image.save(path)


def save_open_sheet(path: Path, split: str, stories: int = 10) -> None:
    """Saves a sheet of open stories, a row for each, with the free caption of each frame."""
    told = [sample_open_story(seed, _FRAMES, split) for seed in range(stories)]
    width = _FRAMES * (_CELL + _GAP) + _GAP
    image = Image.new("RGB", (width, stories * (_ROW + _GAP) + _GAP), _PAPER)
    canvas, font = ImageDraw.Draw(image), ImageFont.load_default(13)
    for row, tale in enumerate(told):
        for column, (frame, free) in enumerate(zip(tale.frames, free_captions(tale), strict=True)):
            x, y = _GAP + column * (_CELL + _GAP), _GAP + row * (_ROW + _GAP)
            image.paste(Image.fromarray(draw(frame.scene, _CELL)), (x, y))
            for number, line in enumerate(_wrap(canvas, free.text, font)):
                canvas.text((x, y + _CELL + 3 + number * _LINE), line, fill=_INK, font=font)
    _save_small(image, path)


def save_people_sheet(path: Path, split: str, count: int = 60, columns: int = 10) -> None:
    """Saves a sheet of random people of a split, in rows, with a name below each person."""
    step, size = 134, 188
    rows = -(-count // columns)
    image = Image.new("RGB", (columns * step + 2 * _GAP, rows * (size + _LINE) + 2 * _GAP), _GROUND)
    canvas, font = ImageDraw.Draw(image), ImageFont.load_default(13)
    rng = Random(f"people/{split}")
    taken: set[str] = set()
    for number in range(count):
        look = sample_look(number, split)
        name = sample_name(look, rng, split, taken)
        taken.add(name)
        x, y = _GAP + number % columns * step, _GAP + number // columns * (size + _LINE)
        left = (size - step) // 2
        image.paste(Image.fromarray(draw_person(build(look), size)[:, left : left + step]), (x, y))
        canvas.text((x + step / 2, y + size + 11), name, fill=_INK, font=font, anchor="ms")
    _save_small(image, path)


def _save_small(image: Image.Image, path: Path) -> None:
    """Saves a picture with few colours, so that the file stays small."""
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def _paste_portraits(
    image: Image.Image,
    canvas: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    top: int,
) -> None:
    step = (image.width - 2 * _GAP) // len(CAST)
    for c, who in enumerate(CAST):
        for r, outfit in enumerate(who.outfits):
            x, y = _GAP + c * step, top + r * (_PORTRAIT + _LINE + 6)
            image.paste(Image.fromarray(draw_portrait(who.name, outfit, _PORTRAIT)), (x, y))
            canvas.text(
                (x, y + _PORTRAIT + 2), f"{who.name}, {who.wardrobe[outfit].words}", fill=_INK, font=font
            )


def _wrap(
    canvas: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if canvas.textlength(longer, font=font) <= _CELL:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
