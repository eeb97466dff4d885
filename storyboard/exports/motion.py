"""The story as something that plays: GIF and MP4 with the sentences under the pictures, and subtitles (.srt).

Imports neither torch nor Gradio. Every drawn frame is shown for as long as the writer says, or for the time that
reading its sentence takes. Times are in seconds in steps of TICK, so that film and subtitles agree exactly. Lengths are
in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.exports.fonts import FontChain
from storyboard.exports.lettering import draw_lines, fitting, height
from storyboard.exports.panels import TICK, DrawnPanel, drawn_panels
from storyboard.story.values import Story

FILM_SIZE = (1280, 720)  # picture and sentence together; every player and site accepts this size
GIF_WIDTH = 480
GIF_HEIGHT = 480
RATE = 5  # the film's frames per second: enough that players can seek
TEXT_SIZES = (0.045, 0.04, 0.035, 0.03, 0.026, 0.022)  # parts of the shorter side of the film
TEXT_HEIGHT = 0.3  # the largest height of the text, as a part of that side
INK = "#f5f1ea"
GROUND = "#1d1a17"


@dataclass(frozen=True)
class Shot:
    """A panel, and the times in seconds at which it appears on the screen and goes."""

    panel: DrawnPanel
    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


def shots_of(story: Story, seconds: float | None = None) -> tuple[Shot, ...]:
    """Returns the drawn frames in order, each shown for `seconds`.

    If that is None, each panel says how long it is shown.
    """
    shots: list[Shot] = []
    now = 0.0
    for panel in drawn_panels(story):
        shown = max(TICK, round((panel.seconds if seconds is None else seconds) / TICK) * TICK)
        shots.append(Shot(panel, now, now + shown))
        now += shown
    return tuple(shots)


def write_gif(
    story: Story, pictures: PictureStore, path: Path, fonts: FontChain, seconds: float | None = None
) -> None:
    """Writes an endless animation. StoryError if nothing is drawn."""
    shots = shots_of(story, seconds)
    # Octrees take a hundredth of the time of Pillow's default, and choose nearly as good colours (docs/LOG.md).
    first, *others = (
        still.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        for still in _pictures(shots, pictures, fonts, GIF_WIDTH, GIF_HEIGHT)
    )
    first.save(
        path,
        format="GIF",
        save_all=True,
        append_images=others,
        duration=[round(shot.seconds * 1000) for shot in shots],
        loop=0,
        disposal=1,
    )


def write_mp4(
    story: Story, pictures: PictureStore, path: Path, fonts: FontChain, seconds: float | None = None
) -> None:
    """Writes a film that every browser plays. StoryError if nothing is drawn, or if the film cannot be written."""
    shots = shots_of(story, seconds)
    stills = _pictures(shots, pictures, fonts, FILM_SIZE[0], FILM_SIZE[1], fixed=True)
    first = next(stills)
    writer = imageio_ffmpeg.write_frames(
        str(path),
        first.size,
        fps=1 / TICK,
        codec="libx264",
        macro_block_size=2,
        output_params=[
            "-r",
            str(RATE),
            "-preset",
            "veryfast",
            "-tune",
            "stillimage",
            "-movflags",
            "+faststart",
        ],
    )
    try:
        writer.send(None)
        for shot, still in zip(shots, _chain(first, stills), strict=True):
            data = still.tobytes()
            for _ in range(round(shot.seconds / TICK)):
                writer.send(data)
    except OSError as error:
        raise StoryError(
            "The film could not be written; free some disk space, or export a GIF instead."
        ) from error
    finally:
        writer.close()


def write_srt(story: Story, path: Path, seconds: float | None = None) -> None:
    """Writes the sentences as SubRip subtitles, with the same times as in the film."""
    entries = [
        f"{number}\n{_time(shot.start)} --> {_time(shot.end)}\n{shot.panel.caption}\n"
        for number, shot in enumerate(shots_of(story, seconds), start=1)
    ]
    path.write_text("\n".join(entries), encoding="utf-8", newline="\n")


def _time(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02},{milliseconds % 1000:03}"


def _chain(first: Image.Image, others: Iterator[Image.Image]) -> Iterator[Image.Image]:
    yield first
    yield from others


def _pictures(
    shots: tuple[Shot, ...],
    pictures: PictureStore,
    fonts: FontChain,
    width: int,
    tallest: int,
    fixed: bool = False,
) -> Iterator[Image.Image]:
    """Yields every shot as an RGB picture: the frame, and the sentence below it. All have the same size.

    The frame is at most `tallest` high. With `fixed`, the whole picture has exactly that height, and the frame gets the
    room that the words leave.
    """
    shown = shots[0].panel.cut(pictures)
    side = min(width, tallest)
    pad = side // 24
    sizes = [share * side for share in TEXT_SIZES]
    texts = [fitting(shot.panel.caption, width - 2 * pad, TEXT_HEIGHT * side, sizes, fonts) for shot in shots]
    words = math.ceil(max(height(lines, size) for lines, size in texts))
    below = words + 2 * (pad // 2)
    tall = tallest - below if fixed else min(tallest, round(shown.height * width / shown.width))
    total = tall + below
    for shot, (lines, size) in zip(shots, texts, strict=True):
        still = Image.new("RGB", (width, total + total % 2), GROUND)
        picture = shot.panel.cut(pictures)
        scale = min(width / picture.width, tall / picture.height)
        fitted = picture.resize(
            (max(1, round(picture.width * scale)), max(1, round(picture.height * scale))),
            Image.Resampling.LANCZOS,
        )
        still.paste(fitted, ((width - fitted.width) // 2, (tall - fitted.height) // 2))
        top = tall + pad // 2 + (words - height(lines, size)) / 2
        draw_lines(still, lines, (pad, top, width - 2 * pad), size, INK, align="centre")
        yield still
