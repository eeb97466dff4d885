"""The story as pictures: a contact sheet of all frames, and comic pages with the sentences in boxes.

Imports neither torch nor Gradio. Lengths are in pixels.
"""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageDraw

from storyboard.disk.pictures import PictureStore
from storyboard.exports.fonts import FontChain
from storyboard.exports.lettering import draw_lines, fitting, height
from storyboard.exports.panels import DrawnPanel, Panel, drawn_panels, panels_of
from storyboard.story.values import Story

INK = "#1d1a17"
PAPER = "#ffffff"
EMPTY = "#eeeae4"

SHEET_WIDTH = 1600
SHEET_GAP = 28
SHEET_TEXT = (24, 21, 18, 16, 14, 12)  # the sizes that a sentence may have, largest first
SHEET_TITLE = (48, 40, 32, 26)
MAX_COLUMNS = 8

COMIC_WIDTH = 1600
COMIC_HEIGHT = 2200  # at most
COMIC_GAP = 24
COMIC_BORDER = 5
COMIC_TEXT = (34, 30, 27, 24, 21, 18, 16, 14, 12)
CAPTION_PAPER = "#fff6d8"
CAPTION_SHARE = 0.45  # the part of a panel's height that a caption box may cover
# For each number of panels on a page, how many panels each row has.
ROWS = {1: (1,), 2: (2,), 3: (1, 2), 4: (2, 2), 5: (2, 3), 6: (1, 2, 3), 7: (2, 3, 2), 8: (3, 2, 3)}


def write_contact_sheet(story: Story, pictures: PictureStore, path: Path, fonts: FontChain) -> None:
    """Writes all frames in a grid, each above its numbered sentence. StoryError for a story without frames."""
    panels = panels_of(story)
    columns = min(MAX_COLUMNS, max(1, round(math.sqrt(len(panels) * 1.2))))
    width = (SHEET_WIDTH - (columns + 1) * SHEET_GAP) // columns
    inner = SHEET_WIDTH - 2 * SHEET_GAP
    title, title_size = fitting(story.title, inner, 80, SHEET_TITLE, fonts)
    bands = [panels[start : start + columns] for start in range(0, len(panels), columns)]
    drawn = [_band(band, pictures, width, fonts) for band in bands]
    top = SHEET_GAP + (math.ceil(height(title, title_size)) + SHEET_GAP if title else 0)
    sheet = Image.new("RGB", (SHEET_WIDTH, top + sum(band.height + SHEET_GAP for band in drawn)), PAPER)
    draw_lines(sheet, title, (SHEET_GAP, SHEET_GAP, inner), title_size, INK)
    for band in drawn:
        sheet.paste(band, (0, top))
        top += band.height + SHEET_GAP
    sheet.save(path, format="PNG")


def _band(panels: tuple[Panel, ...], pictures: PictureStore, width: int, fonts: FontChain) -> Image.Image:
    """Returns one row of the contact sheet."""
    shown = [_fitted(panel.marked(pictures), width) for panel in panels]
    tall = max(picture.height for picture in shown)
    texts = [fitting(panel.text, width, width * 1.5, SHEET_TEXT, fonts) for panel in panels]
    words = max(height(lines, size) for lines, size in texts)
    band = Image.new("RGB", (SHEET_WIDTH, tall + 12 + math.ceil(words)), PAPER)
    for index, (picture, (lines, size)) in enumerate(zip(shown, texts, strict=True)):
        left = SHEET_GAP + index * (width + SHEET_GAP)
        band.paste(picture, (left, tall - picture.height))
        draw_lines(band, lines, (left, tall + 12, width), size, INK)
    return band


def _fitted(picture: Image.Image | None, width: int) -> Image.Image:
    if picture is None:
        return Image.new("RGB", (width, width), EMPTY)
    return picture.resize(
        (width, max(1, round(picture.height * width / picture.width))), Image.Resampling.LANCZOS
    )


def write_comic(story: Story, pictures: PictureStore, path: Path, fonts: FontChain) -> tuple[Path, ...]:
    """Writes the drawn frames as panels of comic pages, with caption boxes. Returns the files written.

    If one page is not enough, further pages get -2, -3 and so on in their names. StoryError if nothing is drawn.
    """
    panels = drawn_panels(story)
    most = max(ROWS)
    count = math.ceil(len(panels) / most)
    each = math.ceil(len(panels) / count)
    paths = []
    for number, start in enumerate(range(0, len(panels), each), start=1):
        page = _comic_page(panels[start : start + each], pictures, fonts, story.title if number == 1 else "")
        paths.append(path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}"))
        page.save(paths[-1], format="PNG")
    return tuple(paths)


def _comic_page(
    panels: tuple[DrawnPanel, ...], pictures: PictureStore, fonts: FontChain, title: str
) -> Image.Image:
    """Returns a page whose rows have equal width.

    A panel keeps the shape of its picture, so a row of two is taller than a row of three.
    """
    rows = []
    left = list(panels)
    for count in ROWS[len(panels)]:
        rows.append([(panel, panel.open(pictures)) for panel in left[:count]])
        left = left[count:]
    inner = COMIC_WIDTH - 2 * COMIC_GAP
    heading, size = fitting(title, inner, 90, SHEET_TITLE, fonts)
    top = COMIC_GAP + (math.ceil(height(heading, size)) + COMIC_GAP if heading else 0)
    heights = _row_heights(rows, COMIC_HEIGHT - top - COMIC_GAP)
    page = Image.new("RGB", (COMIC_WIDTH, top + sum(heights) + COMIC_GAP * len(rows)), PAPER)
    draw_lines(page, heading, (COMIC_GAP, COMIC_GAP, inner), size, INK, align="centre")
    for row, tall in zip(rows, heights, strict=True):
        widths = [max(1, round(picture.width / picture.height * tall)) for _, picture in row]
        x = (COMIC_WIDTH - sum(widths) - COMIC_GAP * (len(row) - 1)) // 2
        for (panel, picture), width in zip(row, widths, strict=True):
            page.paste(_comic_panel(picture, panel.caption, (width, tall), fonts), (x, top))
            x += width + COMIC_GAP
        top += tall + COMIC_GAP
    return page


def _row_heights(rows: list[list[tuple[DrawnPanel, Image.Image]]], room: int) -> list[int]:
    """Returns the heights at which every row is as wide as the page.

    All rows shrink alike if the page would be too tall.
    """
    inner = COMIC_WIDTH - 2 * COMIC_GAP
    full = [
        (inner - COMIC_GAP * (len(row) - 1)) / sum(picture.width / picture.height for _, picture in row)
        for row in rows
    ]
    scale = min(1.0, (room - COMIC_GAP * (len(rows) - 1)) / sum(full))
    return [max(1, round(tall * scale)) for tall in full]


def _comic_panel(picture: Image.Image, caption: str, size: tuple[int, int], fonts: FontChain) -> Image.Image:
    panel = picture.resize(size, Image.Resampling.LANCZOS)
    drawing = ImageDraw.Draw(panel)
    pad = 12
    room = size[0] - 2 * COMIC_BORDER - 4 * pad
    lines, em = fitting(caption, room, size[1] * CAPTION_SHARE, COMIC_TEXT, fonts)
    across = math.ceil(max((line.width for line in lines), default=0) * em)
    rtl = bool(lines) and lines[0].rtl
    left = size[0] - COMIC_BORDER - 3 * pad - across if rtl else COMIC_BORDER + pad
    top = COMIC_BORDER + pad
    if lines:
        box = (left, top, left + across + 2 * pad, top + math.ceil(height(lines, em)) + pad)
        drawing.rectangle(box, fill=CAPTION_PAPER, outline=INK, width=3)
        draw_lines(panel, lines, (left + pad, top + pad // 2, across), em, INK)
    drawing.rectangle((0, 0, size[0] - 1, size[1] - 1), outline=INK, width=COMIC_BORDER)
    return panel
