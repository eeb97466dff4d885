"""The story as a PDF: 1, 2, 4, 6 or 9 frames a page, each with its sentence; title and page numbers.

Imports neither torch nor Gradio. Text is real text in embedded fonts, so it can be searched and copied. Lengths are in
points, 72 an inch.
"""

from __future__ import annotations

import itertools
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TextDirection
from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.exports.fonts import FontChain, Typeface
from storyboard.exports.lettering import (
    ASCENT,
    LEADING,
    Line,
    break_lines,
    fitting,
    height,
    start_of,
)
from storyboard.exports.panels import Panel, panels_of
from storyboard.story.values import Story

GRIDS = {1: (1, 1), 2: (1, 2), 4: (2, 2), 6: (2, 3), 9: (3, 3)}  # frames a page: columns, rows
PAPERS = {"a4": (595.28, 841.89), "letter": (612.0, 792.0)}
MARGIN = 42.0
GUTTER = 16.0
HEADER = 30.0
FOOTER = 24.0
TITLE_SIZES = (16.0, 14.0, 12.0, 10.0, 8.0)
CAPTION_SIZES = (18.0, 16.0, 14.0, 13.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0)
LARGEST_CAPTION = {1: 18.0, 2: 16.0, 4: 14.0, 6: 13.0, 9: 12.0}  # by frames a page
BESIDE = 0.8  # size of dialogue and notes, as a part of the caption's size
CAPTION_SHARE = 0.4  # the part of a cell's height that a sentence may take
FOOTER_SIZE = 8.0


def write_pdf(
    story: Story, pictures: PictureStore, path: Path, fonts: FontChain, per_page: int = 4, paper: str = "a4"
) -> None:
    """Writes the PDF. StoryError for a story without frames. Frames that are not drawn yet get an empty box."""
    panels = panels_of(story)
    with tempfile.TemporaryDirectory() as folder:
        said = [line for panel in panels for line in panel.beside]
        texts = [story.title, *(panel.text for panel in panels), *said, "0123456789/ \u2026"]
        sheet = _Sheet(paper, _subsets(texts, fonts, Path(folder)))
        sheet.pdf.set_title(story.title or "A story")
        sheet.pdf.set_creator("StoryGPT-V Storyboard")
        pages = _shared_out(panels, per_page)
        for number, page in enumerate(pages, start=1):
            sheet.pdf.add_page()
            _header_and_footer(sheet, story.title, f"{number} / {len(pages)}", fonts)
            _page(sheet, page, pictures, fonts)
        sheet.pdf.output(str(path))


def _shared_out(panels: tuple[Panel, ...], per_page: int) -> list[tuple[Panel, ...]]:
    """Returns the panels of each page: as few pages as possible, all about equally full.

    So no last page has a single small frame.
    """
    count = -(-len(panels) // per_page)
    ends = [len(panels) * number // count for number in range(count + 1)]
    return [panels[start:end] for start, end in itertools.pairwise(ends)]


class _Sheet:
    """A PDF measured in points from the top left, with the typefaces of a font chain."""

    def __init__(self, paper: str, files: dict[Typeface, Path]) -> None:
        self.width, self.height = PAPERS[paper]
        self.pdf = FPDF(unit="pt", format=(self.width, self.height))
        self.pdf.set_auto_page_break(False)
        self.pdf.set_margin(0)
        self.pdf.c_margin = 0
        self.pdf.alias_nb_pages(None)  # type: ignore[arg-type]  # a sentence may say "{nb}"
        self._families = {face: f"font{index}" for index, face in enumerate(files)}
        for face, file in files.items():
            self.pdf.add_font(self._families[face], fname=file)

    def lines(
        self,
        lines: tuple[Line, ...],
        left: float,
        top: float,
        width: float,
        size: float,
        centred: bool = False,
    ) -> None:
        for number, line in enumerate(lines):
            x = left + start_of(line, width / size, centred) * size
            baseline = top + (number * LEADING + ASCENT) * size
            for run in line.runs:
                self.pdf.set_font(self._families[run.typeface], size=size)
                direction = TextDirection.RTL if run.rtl else TextDirection.LTR
                self.pdf.set_text_shaping(True, direction=direction, script=run.script)
                # FPDF puts the baseline of a cell's text 0.3 of the size below the cell's middle.
                self.pdf.set_xy(x, baseline - 0.8 * size)
                self.pdf.cell(w=run.width * size, h=size, text=run.text)
                x += run.width * size


def _subsets(texts: list[str], fonts: FontChain, folder: Path) -> dict[Typeface, Path]:
    """Returns, for every typeface that these texts need, a file with only their letters.

    Embedding whole fonts takes seconds.
    """
    letters: dict[Typeface, set[str]] = {}
    for text in texts:
        for cluster, face in fonts.assign(text):
            if face is not None:
                letters.setdefault(face, set()).update(cluster)
    files = {}
    for index, (face, characters) in enumerate(letters.items()):
        file = folder / f"{index}.ttf"
        file.write_bytes(face.subset(characters))
        files[face] = file
    return files


def _header_and_footer(sheet: _Sheet, title: str, place: str, fonts: FontChain) -> None:
    width = sheet.width - 2 * MARGIN
    lines, size = fitting(title, width, HEADER - 6, TITLE_SIZES, fonts)
    sheet.pdf.set_text_color(20)
    sheet.lines(lines, MARGIN, MARGIN, width, size)
    sheet.pdf.set_text_color(110)
    lines = break_lines(place, width / FOOTER_SIZE, fonts)
    sheet.lines(lines, MARGIN, sheet.height - MARGIN - FOOTER_SIZE, width, FOOTER_SIZE, centred=True)
    sheet.pdf.set_text_color(20)


@dataclass(frozen=True)
class _Caption:
    """A sentence, with its dialogue and notes under it in smaller letters."""

    lines: tuple[Line, ...]
    size: float
    beside: tuple[Line, ...] = ()

    @property
    def small(self) -> float:
        return _small(self.size)

    @property
    def height(self) -> float:
        return height(self.lines, self.size) + height(self.beside, self.small)


def _small(size: float) -> float:
    return max(CAPTION_SIZES[-1], size * BESIDE)


def _caption(panel: Panel, width: float, room: float, sizes: list[float], fonts: FontChain) -> _Caption:
    """Returns the caption at the largest size at which all of it fits.

    If none fits, the notes are cut at the room's end.
    """
    lines, size = fitting(panel.text, width, room, sizes, fonts)
    if not panel.beside:
        return _Caption(lines, size)
    for size in sizes:
        beside = [line for text in panel.beside for line in break_lines(text, width / _small(size), fonts)]
        caption = _Caption(break_lines(panel.text, width / size, fonts), size, tuple(beside))
        if caption.height <= room:
            return caption
    kept = int((room - height(caption.lines, size)) / height(beside[:1], _small(size)))
    return replace(caption, beside=tuple(beside[: max(0, kept)])) if kept > 0 else _Caption(lines, size)


def _page(
    sheet: _Sheet,
    panels: tuple[Panel, ...],
    pictures: PictureStore,
    fonts: FontChain,
) -> None:
    """Draws the frames of a page in the smallest grid that has room for them."""
    layout = min(count for count in GRIDS if count >= len(panels))
    columns, rows = GRIDS[layout]
    sizes = [size for size in CAPTION_SIZES if size <= LARGEST_CAPTION[layout]]
    width = (sheet.width - 2 * MARGIN - (columns - 1) * GUTTER) / columns
    full = sheet.height - 2 * MARGIN - HEADER - FOOTER
    cell = (full - (rows - 1) * GUTTER) / rows
    for row in range(rows):
        row_panels = panels[row * columns : (row + 1) * columns]
        captions = [_caption(panel, width, cell * CAPTION_SHARE, sizes, fonts) for panel in row_panels]
        room = cell - max((caption.height for caption in captions), default=0) - 6
        top = MARGIN + HEADER + row * (cell + GUTTER)
        for column, (panel, caption) in enumerate(zip(row_panels, captions, strict=True)):
            left = MARGIN + column * (width + GUTTER)
            below = _picture(sheet, panel.marked(pictures), panel.caption, (left, top, width, room))
            sheet.lines(caption.lines, left, below + 6, width, caption.size)
            sheet.pdf.set_text_color(90)
            under = below + 6 + height(caption.lines, caption.size)
            sheet.lines(caption.beside, left, under, width, caption.small)
            sheet.pdf.set_text_color(20)


def _picture(
    sheet: _Sheet, picture: Image.Image | None, caption: str, box: tuple[float, float, float, float]
) -> float:
    """Puts the picture, or an empty square, into the top of the box. Returns the position of its lower edge."""
    left, top, room_across, room_down = box
    across, down = picture.size if picture else (1, 1)
    scale = min(room_across / across, room_down / down)
    width, tall = across * scale, down * scale
    x = left + (room_across - width) / 2
    if picture is None:
        sheet.pdf.set_fill_color(240)
        sheet.pdf.rect(x, top, width, tall, style="F")
    else:
        sheet.pdf.image(picture, x, top, width, tall, alt_text=caption)
    return top + tall
