"""Verbs on a project file: the same studio as in the app, opened on one story for the time of a command.

A command reads the file, changes the story, and replaces the file in one step. So an error or Ctrl+C leaves the file as
it was. Pictures appear under their names inside the file.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from storyboard.commands import drawing
from storyboard.commands.whole import cast_story, into
from storyboard.disk.durable import part_of, settle
from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.exports.project import read_project, write_project
from storyboard.models.place_words import load_places
from storyboard.renderer import FrameRequest, Preview, Rendered, Renderer
from storyboard.story.as_json import story_to_json
from storyboard.story.inputs import inputs_of
from storyboard.story.job import Job
from storyboard.story.values import Story
from storyboard.story.where import where_frames_are
from storyboard.studio.cast import load_cast
from storyboard.studio.described import describe, place_of
from storyboard.studio.model_name import model_name
from storyboard.studio.studio import Studio
from storyboard.studio.verb_table.verb import Verb


def create_story(options: argparse.Namespace) -> None:
    """Writes a project file with the pipeline's cast and no frames.

    StoryError if there is a file of that name already.
    """
    project = Path(options.where)
    if options.shelf is not None:
        raise StoryError("A project file stands on no shelf; leave --shelf out.")
    if project.exists():
        raise StoryError(f"{project} is already there; give the new story another name.")
    with _store(project) as pictures:
        cast = load_cast(options.pipeline, pictures)
        _write(cast_story(cast, options.cast, options.seed, pictures, options.title or ""), pictures, project)


def get_story(options: argparse.Namespace) -> None:
    """Prints the whole story as JSON, as the file has it.

    The places of its frames, and the reasons why pictures are out of date, are added.
    """
    project = Path(options.where)
    with _store(project) as pictures:
        story = read_project(project, pictures, drawing.tell)
    described, inputs, places = story_to_json(story), inputs_of(story), load_places(options.pipeline)
    described["places"] = list(dict.fromkeys(places.values()))
    for frame, entry, where in zip(
        story.frames, described["frames"], where_frames_are(inputs, places), strict=True
    ):
        entry |= place_of(where) | {"stale_because": inputs.stale_cause(frame)}
    print(json.dumps(described, indent=2, ensure_ascii=False))


def do(
    verb: Verb,
    project: Path,
    values_for: Callable[[list[tuple[str, list[str]]]], dict[str, Any]],
    options: argparse.Namespace,
) -> Any:
    """Does a verb to the story of a project file, and waits for what it draws.

    Writes the file unless the verb only reads.

    Returns the verb's answer. `values_for` gives its arguments, from the ids of frames and their takes.
    """
    with (
        into(options.out) if verb.makes_files else nullcontext((None, None)) as (_, finished),
        _store(project) as pictures,
    ):
        story = read_project(project, pictures, drawing.tell)
        frames = [(frame.id, [take.id for take in frame.takes]) for frame in story.frames]
        values = values_for(frames)
        late, drawn_by = _Late(options.pipeline), model_name(options.pipeline)
        places, steps = load_places(options.pipeline), getattr(options, "steps", None)
        made = Studio(late, (), pictures, steps=steps, drawn_by=drawn_by, places=places)
        with closing(made) as studio:
            values["story_id"] = studio.adopt(story)
            told = verb.do(studio, values, **({"folder": finished} if verb.makes_files else {}))
            drawing.finish_all(studio, values["story_id"])
            after = studio.session(values["story_id"]).story
            told = after.frame(told.frame_id) if isinstance(told, Job) else told
            answer = describe(
                studio, values["story_id"], told, _naming(finished, getattr(options, "out", None))
            )
            if verb.effect != "reads":
                _write(after, pictures, project)
    return answer


def without_a_story(verb: Verb, values: dict[str, Any], options: argparse.Namespace) -> Any:
    """Does a verb that works on no story and leaves files in `--out`. Returns its answer."""
    with into(options.out) as (_, finished):
        told = verb.do(None, values, folder=finished)
        # Its answer is about files only, so no studio is needed.
        return describe(None, None, told, _naming(finished, options.out))  # type: ignore[arg-type]


def _naming(finished: Path | None, out: Path | None) -> Callable[[Path], str]:
    """Returns a function that names files.

    New files are named by where they will be, pictures by their name in the project file.
    """
    return lambda path: str(out / path.name) if out and path.parent == finished else f"pictures/{path.name}"


class _Late:
    """A renderer that loads its pipeline for the first picture only.

    Most mistakes are found before that, and some verbs draw nothing.
    """

    doing = notice = ""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pipeline: Renderer | None = None

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        self._pipeline = self._pipeline or drawing.open_pipeline(self._folder)
        return self._pipeline.render(request, cancelled)


@contextmanager
def _store(project: Path) -> Iterator[PictureStore]:
    """Gives a picture store for the time of one command, in a temporary folder beside the project file."""
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
