"""Commands on the frames of a project file: the verbs of the page and the API, each one run of the program.

A command reads the file, changes the story and writes the file anew in one step, so an error or Ctrl+C leaves it as
it was. Frames and takes are named by their numbers, from 1, as the page shows them.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from storyboard.commands import drawing
from storyboard.commands.whole import cast_story
from storyboard.disk.durable import part_of, settle
from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.exports.project import read_project, write_project
from storyboard.renderer import FrameRequest, Preview, Rendered, Renderer
from storyboard.story.as_json import story_to_json
from storyboard.story.inputs import inputs_of
from storyboard.story.values import Frame, Story
from storyboard.studio.cast import load_cast
from storyboard.studio.model_name import model_name
from storyboard.studio.session import StorySession


def create_story(options: argparse.Namespace) -> None:
    """A project file with the pipeline's cast and no frames yet. StoryError where there is a file of that name."""
    if options.project.exists():
        raise StoryError(f"{options.project} is already there; give the new story another name.")
    with _store(options.project) as pictures:
        cast = load_cast(options.pipeline, pictures)
        story = cast_story(cast, options.cast, options.seed, pictures, options.title)
        _write(story, pictures, options.project)


def get_story(options: argparse.Namespace) -> None:
    """Print the whole story as JSON, and which frames are out of date."""
    with _store(options.project) as pictures:
        story = read_project(options.project, pictures, drawing.tell)
    described, inputs = story_to_json(story), inputs_of(story)
    for frame, entry in zip(story.frames, described["frames"], strict=True):
        entry["stale_because"] = inputs.stale_cause(frame)
    print(json.dumps(described, indent=2, ensure_ascii=False))


def add_frame(options: argparse.Namespace) -> None:
    """Add a frame to the end, or after another one, and draw it."""
    with editing(options) as session:
        after = _frame(session.story, options.after).id if options.after else None
        _draw(session, session.add(options.sentence, after=after))


def edit_frame(options: argparse.Namespace) -> None:
    """Give a frame another sentence and draw it again."""
    with editing(options) as session:
        frame = _frame(session.story, options.frame)
        _draw(session, session.edit(frame.id, options.sentence))


def draw_frame(options: argparse.Namespace) -> None:
    """Draw a frame as it stands now."""
    with editing(options) as session:
        _draw(session, _frame(session.story, options.frame))


def reroll_frame(options: argparse.Namespace) -> None:
    """Draw a frame once more with another seed."""
    with editing(options) as session:
        frame = _frame(session.story, options.frame)
        drawing.finish(session.reroll(frame.id), f"Frame {options.frame}")


def choose_take(options: argparse.Namespace) -> None:
    """Bring back an earlier take of a frame."""
    with editing(options) as session:
        frame = _frame(session.story, options.frame)
        if not 1 <= options.take <= len(frame.takes):
            raise StoryError(
                f"Frame {options.frame} has {len(frame.takes)} takes and no take {options.take}; choose one of them."
            )
        session.choose_take(frame.id, frame.takes[options.take - 1].id)


def rebind(options: argparse.Namespace) -> None:
    """Say whom a pronoun of a frame stands for; without names, leave it to the model again."""
    with editing(options) as session:
        frame = _frame(session.story, options.frame)
        session.rebind(frame.id, options.occurrence - 1, options.names or None)


class _Late:
    """A renderer that loads its pipeline with the first picture: most mistakes are found before, and some verbs
    draw nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pipeline: Renderer | None = None

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        self._pipeline = self._pipeline or drawing.open_pipeline(self._folder)
        return self._pipeline.render(request, cancelled)


@contextmanager
def editing(options: argparse.Namespace) -> Iterator[StorySession]:
    """The story of a project file, written back at the end unless there was an error."""
    with _store(options.project) as pictures:
        story = read_project(options.project, pictures, drawing.tell)
        steps = getattr(options, "steps", None)
        model = model_name(options.pipeline)
        session = StorySession(
            story, _Late(options.pipeline), pictures, steps=steps, explain=True, model=model
        )
        yield session
        _write(session.story, pictures, options.project)


@contextmanager
def _store(project: Path) -> Iterator[PictureStore]:
    """A picture store for the time of one command, beside the project file."""
    folder = project.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise StoryError(f"{folder} is no folder that can be written to; create it or give another file.")
    with tempfile.TemporaryDirectory(prefix=f".{project.name}-", dir=folder) as workshop:
        yield PictureStore(Path(workshop) / "pictures")


def _write(story: Story, pictures: PictureStore, project: Path) -> None:
    part = part_of(project)
    try:
        write_project(story, pictures, part)
        settle(part, project)
    except OSError as error:
        raise StoryError(f"{project} cannot be written ({error.strerror}); free some disk space.") from error
    finally:
        part.unlink(missing_ok=True)


def _draw(session: StorySession, frame: Frame) -> None:
    drawing.finish(session.draw(frame.id), f"Frame {session.story.frame_number(frame.id)}")


def _frame(story: Story, number: int) -> Frame:
    if not 1 <= number <= len(story.frames):
        raise StoryError(
            f"The story has {len(story.frames)} frames and no frame {number}; choose one of them."
        )
    return story.frames[number - 1]
