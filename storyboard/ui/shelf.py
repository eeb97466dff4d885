"""What the page may ask about whole stories: which one to open, and this browser's list of them.

Knows neither Gradio nor models. A shelf is the id a browser keeps; a story is reached by its own id, so a link opens it
anywhere and puts it on that browser's shelf. Of a story that belongs to somebody signed in, a link opens a copy.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from storyboard.errors import StoryError
from storyboard.exports.project import read_project
from storyboard.library import Entry
from storyboard.story.values import new_id
from storyboard.studio.studio import Studio
from storyboard.ui.view import board_view

EXAMPLE = "example-"  # how the ids of examples begin: one that nobody has changed ends with the app
COPIED = (
    "This story belongs to somebody else; what you see is a copy of your own, kept from its first change on."
)
Example = Callable[
    [Studio, object], str | None
]  # puts a finished story on a shelf; its id, or None without one


def open_story(example: Example) -> Callable[[Studio, dict], dict]:
    """The call that opens the story a message names.

    Where it names none: the example for a first visit, else a new one. Where the named one is gone: a new one. Where it
    is somebody else's own: a copy, kept from its first change.
    Returns that call.
    """

    def open_story(studio: Studio, message: dict) -> dict:
        wanted, shelf = message.get("story"), _shelf(message)
        found = not message.get("fresh") and studio.has(wanted)
        copied = found and studio.belongs_to_another(wanted)
        if copied:
            wanted = studio.show_copy(wanted, shelf)
        unchanged = not found and isinstance(wanted, str) and wanted.startswith(EXAMPLE)
        first = unchanged or (message.get("first") is True and not wanted)
        shown = example(studio, shelf) if first else None
        story = wanted if found else shown or studio.create(shelf)
        if found and shelf is not None:
            studio.put_on_shelf(shelf, story)
        answer = {
            "view": board_view(studio, story),
            "not_found": bool(wanted) and not found and not shown,
            "example": bool(shown),
        }
        notices = [*(studio.library.notices if studio.library else ()), *([COPIED] if copied else ())]
        if notices:
            answer["notice"] = " ".join(notices)
        return answer

    return open_story


def list_stories(studio: Studio, message: dict) -> dict:
    shelf = _shelf(message)
    if shelf is None:
        return {"stories": [], "deleted": []}
    return {
        "stories": [_line(entry) for entry in studio.stories(shelf)],
        "deleted": [_line(entry) for entry in studio.stories(shelf, deleted=True)],
    }


def rename_story(studio: Studio, message: dict) -> None:
    studio.change(message.get("of"), "rename_story", title=message.get("title"))


def duplicate_story(studio: Studio, message: dict) -> dict:
    return {"opened": studio.duplicate_story(message.get("of"), _shelf(message))}


def delete_story(studio: Studio, message: dict) -> None:
    studio.delete_story(message.get("of"))


def restore_story(studio: Studio, message: dict) -> None:
    studio.restore_story(message.get("of"))


SHELF_CALLS = (list_stories, rename_story, duplicate_story, delete_story, restore_story)


def no_example(studio: Studio, shelf: object) -> None:
    """For an app that has no finished story to show."""


def example_from(path: Path) -> Example:
    """The story of the project file at `path` for every first visit; none where there is no file.

    Nothing is written for a visit: the file is read once, and a visitor's copy is saved with its first change.
    Returns a function that shows it to a visitor and gives its id.
    """
    read = functools.cache(read_project)

    def example(studio: Studio, shelf: object) -> str | None:
        if not path.is_file():
            return None
        try:
            return studio.show(read(path, studio.pictures), f"{EXAMPLE}{new_id()}", shelf)
        except StoryError:
            return None  # an example is a welcome, not worth an error before the first word

    return example


def _shelf(message: dict) -> str | None:
    shelf = message.get("shelf")
    return shelf if isinstance(shelf, str) else None


def _line(entry: Entry) -> dict:
    return {
        "id": entry.story_id,
        "title": entry.title,
        "opening": entry.opening,
        "frames": entry.frames,
        "picture": entry.thumbnail,
        "updated": entry.updated,
    }
