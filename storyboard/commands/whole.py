"""Commands on a whole story: `draw` turns a text file into a folder, `export` turns a story into files of any kind.

Both work in a temporary folder beside the output folder, and move the finished files in at the end. So an error or
Ctrl+C leaves the output folder as it was.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storyboard.commands import drawing
from storyboard.disk.pictures import PictureStore
from storyboard.disk.uploads import read_upload
from storyboard.errors import StoryError
from storyboard.exports import LETTERLESS, ExportOptions, export_story, missing_letters
from storyboard.exports.archive import story_files, story_from_folder
from storyboard.exports.project import ENDING, read_project, write_project
from storyboard.story.values import MAX_FRAMES, Character, Portrait, Story, new_id, new_story
from storyboard.studio.cast import load_cast
from storyboard.studio.model_name import model_name
from storyboard.studio.session import StorySession
from storyboard.text.sentences import check_caption

MAX_STORY_BYTES = 2**20


def draw(options: argparse.Namespace) -> None:
    """Draws a text file, one sentence a line, into numbered pictures, story.json and a project file."""
    sentences = read_sentences(options.story)
    with into(options.out) as (workshop, finished):
        pictures = PictureStore(workshop / "pictures")
        cast = load_cast(options.pipeline, pictures)
        story = cast_story(cast, options.cast, options.seed, pictures, options.title)
        check_sentences(story, sentences)
        renderer, model = drawing.open_pipeline(options.pipeline), model_name(options.pipeline)
        session = StorySession(story, renderer, pictures, steps=options.steps, explain=True, model=model)
        for number, sentence in enumerate(sentences, start=1):
            frame = session.add(sentence)
            drawing.finish(session.draw(frame.id), f"Frame {number} of {len(sentences)}")
        for name, data in story_files(session.story, pictures, model, named=False):
            (finished / name).write_bytes(data)
        write_project(session.story, pictures, finished / f"story{ENDING}")


def export(options: argparse.Namespace) -> None:
    """Exports a project file, or the story.json of an earlier export, as files of the requested kinds."""
    settings = ExportOptions(
        per_page=options.per_page,
        paper=options.paper,
        seconds=options.seconds,
        model=model_name(options.pipeline),
    )
    with into(options.out) as (workshop, finished):
        pictures = PictureStore(workshop / "pictures")
        story = read_story(options.story, pictures)
        for kind in options.kinds:
            for path in export_story(story, pictures, kind, finished, settings):
                print(options.out / path.name)
        missing = missing_letters(story) if set(options.kinds) - set(LETTERLESS) else ()
    if missing:
        print(
            f"storyboard: no font here has {' '.join(missing)}, so these were left out; name a folder of fonts that do"
            " in STORYBOARD_FONTS.",
            file=sys.stderr,
        )


def read_story(path: Path, pictures: PictureStore) -> Story:
    """Returns the story in a project file, or in a story.json with its pictures in the same folder."""
    if path.suffix == ".json":
        return story_from_folder(path, pictures)
    return read_project(path, pictures, drawing.tell)


def read_sentences(path: Path) -> list[str]:
    """Returns the story's sentences, one a line.

    StoryError for a file that cannot be read, or has no sentences or too many.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_STORY_BYTES + 1)
        if len(data) > MAX_STORY_BYTES:
            raise StoryError(
                f"{path} is over {MAX_STORY_BYTES // 2**20} MB; give a text of one sentence a line."
            )
        sentences = [line for line in data.decode("utf-8-sig").splitlines() if line.strip()]
    except OSError as error:
        raise StoryError(
            f"{path} cannot be read ({error.strerror}); give the path of a text file."
        ) from error
    except UnicodeDecodeError as error:
        raise StoryError(f"{path} is not UTF-8 text; save it as UTF-8, one sentence a line.") from error
    if not sentences:
        raise StoryError(f"{path} has no sentences; write one a line.")
    if len(sentences) > MAX_FRAMES:
        raise StoryError(
            f"{path} has {len(sentences)} sentences; a story has at most {MAX_FRAMES}, so split it."
        )
    return sentences


def cast_story(
    cast: tuple[Character, ...],
    uploads: list[tuple[str, Path]],
    seed: int,
    pictures: PictureStore,
    title: str = "",
) -> Story:
    """Returns an empty story in which every character of `uploads` wears the given picture."""
    story = new_story(cast, seed=seed, title=title)
    for name, path in uploads:
        character = story.character(name)
        picture = read_upload(path, what=f"The portrait {path} of {character.name}")
        portrait = Portrait(id=new_id(), label=path.stem[:40], picture=pictures.put(picture))
        story = story.with_character(character.with_portrait(portrait).choosing(portrait.id))
    return story


def check_sentences(story: Story, sentences: list[str]) -> None:
    """Raises StoryError for the first sentence that cannot be drawn.

    It is called before a model is loaded, so that a mistake is found at once and not after an hour.
    """
    for number, sentence in enumerate(sentences, start=1):
        check_caption(sentence, number, story.names, sentences[: number - 1])


@contextmanager
def into(out: Path) -> Iterator[tuple[Path, Path]]:
    """Gives a folder to work in and a folder for finished files.

    Finished files are moved into `out` unless there is an error.
    """
    out = _checked_out(out)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as folder:
        finished = Path(folder) / "finished"
        finished.mkdir()
        yield Path(folder), finished
        _move_into(finished, out)


def _move_into(finished: Path, out: Path) -> None:
    """Moves the finished files into `out`, and replaces files of the same names. The story's own files come last."""
    try:
        out.mkdir(exist_ok=True)
        for file in sorted(finished.iterdir()):  # sorted, so "story." comes after all numbers
            os.replace(file, out / file.name)
    except OSError as error:
        raise StoryError(
            f"The files cannot be written to {out} ({error.strerror}); give another --out."
        ) from error


def _checked_out(out: Path) -> Path:
    out = out.absolute()
    if out.exists() and not out.is_dir():
        raise StoryError(f"{out} is a file; give --out a folder.")
    if not out.parent.is_dir() or not os.access(out.parent, os.W_OK):
        raise StoryError(
            f"{out.parent} is no folder that can be written to; create it or give another --out."
        )
    return out
