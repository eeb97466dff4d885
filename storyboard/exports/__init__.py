"""A story as files to keep and to show, and back. `export_story` writes every kind; each kind has its own module.

Imports neither torch nor Gradio. The libraries for fonts, PDF and film are imported by the first export that needs
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.exports.panels import file_stem
from storyboard.story.values import Story
from storyboard.text.board_notes import MAX_SECONDS, MIN_SECONDS

KINDS = ("pdf", "sheet", "comic", "zip", "gif", "mp4", "fountain", "csv", "project")
LETTERLESS = ("zip", "fountain", "csv", "project")  # these draw no text, so no letter can be missing
PER_PAGE = (1, 2, 4, 6, 9)
PAPERS = ("a4", "letter")


@dataclass(frozen=True)
class ExportOptions:
    """How a story is exported. StoryError for a value that no export has."""

    per_page: int = 4  # frames per page of a PDF
    paper: str = "a4"
    seconds: float | None = None  # seconds per frame of a GIF or film; None: each panel says
    model: str = ""  # written into PNGs of frames whose takes do not say which model drew them

    def __post_init__(self) -> None:
        if isinstance(self.per_page, bool) or self.per_page not in PER_PAGE:
            raise StoryError("A page of a PDF has 1, 2, 4, 6 or 9 frames; choose one of these.")
        if self.paper not in PAPERS:
            raise StoryError("The paper of a PDF is a4 or letter; choose one of these.")
        seconds = self.seconds
        if seconds is not None and not (
            isinstance(seconds, (int, float)) and MIN_SECONDS <= seconds <= MAX_SECONDS
        ):
            raise StoryError(
                f"A frame is shown for {MIN_SECONDS} to {MAX_SECONDS:g} seconds; choose that long."
            )


def export_story(
    story: Story,
    pictures: PictureStore,
    kind: str,
    folder: Path,
    options: ExportOptions = ExportOptions(),  # noqa: B008  frozen
) -> tuple[Path, ...]:
    """Writes the story as `kind` into `folder`, under a name made from its title.

    Returns the files, the main one first.

    A film comes with its subtitles, and a long comic has several pages. StoryError if there is nothing to show, or if
    the disk does not take it.
    """
    if kind not in KINDS:
        raise StoryError(f"There is no such kind of export; choose one of: {', '.join(KINDS)}.")
    try:
        return _WRITERS[kind](story, pictures, str(folder / file_stem(story)), options)
    except OSError as error:
        raise StoryError(
            f"The export could not be written ({error.strerror or error}); free some disk space."
        ) from error


def missing_letters(story: Story) -> tuple[str, ...]:
    """Returns the letters of the story that no font here has. All exports except LETTERLESS leave them out."""
    from storyboard.exports.fonts import installed_fonts

    boards = [frame.board for frame in story.frames]
    beside = [
        text
        for board in boards
        for text in (board.shot, *board.dialogue.split("\n"), *board.notes.split("\n"))
    ]
    texts = [story.title, *(frame.caption for frame in story.frames), *beside]
    return tuple(dict.fromkeys(letter for text in texts for letter in installed_fonts().missing(text)))


def _pdf(story: Story, pictures: PictureStore, stem: str, options: ExportOptions) -> tuple[Path, ...]:
    from storyboard.exports.fonts import installed_fonts
    from storyboard.exports.paper import write_pdf

    path = Path(f"{stem}-{options.per_page}-a-page.pdf")
    write_pdf(story, pictures, path, installed_fonts(), options.per_page, options.paper)
    return (path,)


def _sheet(story: Story, pictures: PictureStore, stem: str, options: ExportOptions) -> tuple[Path, ...]:
    from storyboard.exports.fonts import installed_fonts
    from storyboard.exports.sheets import write_contact_sheet

    path = Path(f"{stem}-sheet.png")
    write_contact_sheet(story, pictures, path, installed_fonts())
    return (path,)


def _comic(story: Story, pictures: PictureStore, stem: str, options: ExportOptions) -> tuple[Path, ...]:
    from storyboard.exports.fonts import installed_fonts
    from storyboard.exports.sheets import write_comic

    return write_comic(story, pictures, Path(f"{stem}-comic.png"), installed_fonts())


def _zip(story: Story, pictures: PictureStore, stem: str, options: ExportOptions) -> tuple[Path, ...]:
    from storyboard.exports.archive import write_zip

    path = Path(f"{stem}.zip")
    write_zip(story, pictures, path, options.model)
    return (path,)


def _gif(story: Story, pictures: PictureStore, stem: str, options: ExportOptions) -> tuple[Path, ...]:
    from storyboard.exports.fonts import installed_fonts
    from storyboard.exports.motion import write_gif

    path = Path(f"{stem}.gif")
    write_gif(story, pictures, path, installed_fonts(), options.seconds)
    return (path,)


def _mp4(story: Story, pictures: PictureStore, stem: str, options: ExportOptions) -> tuple[Path, ...]:
    from storyboard.exports.fonts import installed_fonts
    from storyboard.exports.motion import write_mp4, write_srt

    film, subtitles = Path(f"{stem}.mp4"), Path(f"{stem}.srt")
    write_mp4(story, pictures, film, installed_fonts(), options.seconds)
    write_srt(story, subtitles, options.seconds)
    return (film, subtitles)


def _fountain(story: Story, pictures: PictureStore, stem: str, options: ExportOptions) -> tuple[Path, ...]:
    from storyboard.exports.boards import write_fountain

    path = Path(f"{stem}.fountain")
    write_fountain(story, path)
    return (path,)


def _csv(story: Story, pictures: PictureStore, stem: str, options: ExportOptions) -> tuple[Path, ...]:
    from storyboard.exports.boards import write_csv

    path = Path(f"{stem}.csv")
    write_csv(story, path)
    return (path,)


def _project(story: Story, pictures: PictureStore, stem: str, options: ExportOptions) -> tuple[Path, ...]:
    from storyboard.exports.project import ENDING, write_project

    path = Path(f"{stem}{ENDING}")
    write_project(story, pictures, path)
    return (path,)


_WRITERS = {
    "pdf": _pdf,
    "sheet": _sheet,
    "comic": _comic,
    "zip": _zip,
    "gif": _gif,
    "mp4": _mp4,
    "fountain": _fountain,
    "csv": _csv,
    "project": _project,
}
