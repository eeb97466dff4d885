"""What the page may ask about whole stories: which story to open, and this browser's list of stories.

Knows neither Gradio nor models. A shelf is the id that a browser keeps. A story is reached by its own id, so a link
opens it anywhere and puts it on that browser's shelf. If a story belongs to a signed-in user, a link opens a copy.
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

EXAMPLE = "example-"  # prefix of the ids of examples; an example that nobody changes ends with the app
COPIED = (
    "This story belongs to somebody else; what you see is a copy of your own, kept from its first change on."
)
# Puts a finished story on a shelf. Returns its id, or None if there is no such story.
Example = Callable[[Studio, object], str | None]


def open_story(example: Example) -> Callable[[Studio, dict], dict]:
    """Returns the call that opens the story which a message names.

    If the message names none, the call opens the example on a first visit, and otherwise a new story. If the named
    story is gone, it opens a new one. If the named story belongs to somebody else, it opens a copy, which is kept from
    its first change on.
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
    """Shows no story; for an app that has no example."""


def example_from(path: Path) -> Example:
    """Returns a function that shows the story of the project file at `path` to a visitor, and gives its id.

    It gives None if there is no such file. Nothing is written for a visit: the file is read once, and a visitor's copy
    is saved with its first change.
    """
    read = functools.cache(read_project)

    def example(studio: Studio, shelf: object) -> str | None:
        if not path.is_file():
            return None
        try:
            return studio.show(read(path, studio.pictures), f"{EXAMPLE}{new_id()}", shelf)
        except StoryError:
            return None  # a first visit should not begin with an error about the example

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
