"""The verbs for programs on whole stories: begin, list, rename, delete, import, export and undo.

Imports neither torch nor Gradio.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from storyboard.errors import StoryError
from storyboard.exports import KINDS, PER_PAGE, ExportOptions
from storyboard.library import SHELF as SHELF_FORM
from storyboard.renderer import ASPECTS
from storyboard.story.values import CHECKINGS, CROPS, LOOKS, QUALITIES
from storyboard.studio.verb_table.answers import Files, InShort
from storyboard.studio.verb_table.arguments import SHELF, STORY, a_file
from storyboard.studio.verb_table.edits import edit_told_in_short
from storyboard.studio.verb_table.verb import Argument, Verb, shown_value

ON_SHELF = SHELF.optional()
TITLE = Argument("title", str, "what the story is called; it may be empty")
LISTED_FROM = ("title", "opening", "frames", "updated")


def _create(studio: Any, title: str, shelf: str | None) -> str:
    story_id = studio.create(_shelf(shelf))
    if title:
        studio.change(story_id, "rename_story", title=title)
    return story_id


def _get(studio: Any, story_id: str) -> Any:
    return studio.session(story_id).story


def _list(studio: Any, shelf: str, deleted: bool) -> Mapping[str, Any]:
    entries = studio.stories(_shelf(shelf), deleted)
    return {
        "stories": [
            {"id": one.story_id} | {name: getattr(one, name) for name in LISTED_FROM} for one in entries
        ]
    }


def _duplicate(studio: Any, story_id: str, shelf: str | None) -> str:
    return studio.duplicate_story(story_id, _shelf(shelf))


def _delete(studio: Any, story_id: str) -> Mapping[str, Any]:
    studio.delete_story(story_id)
    return {"deleted": story_id}


def _restore(studio: Any, story_id: str) -> Any:
    studio.restore_story(story_id)
    return InShort()


def _import(studio: Any, project: Path, shelf: str | None) -> Mapping[str, Any]:
    notices: list[str] = []
    story_id = studio.import_project(project, _shelf(shelf), notices.append)
    return {"story_id": story_id, "notices": notices}


def _export(studio: Any, story_id: str, kind: str, per_page: int, folder: Path) -> Files:
    return Files(*studio.export(story_id, kind, per_page, folder))


def _style(
    studio: Any, story_id: str, words: str | None, negative: str | None, aspect: str | None
) -> InShort:
    now = studio.session(story_id).story.style
    given = {"words": words, "negative": negative, "aspect": aspect}
    left_out = {name: getattr(now, name) for name, value in given.items() if value is None}
    studio.change(story_id, "set_style", **given | left_out)
    return InShort()


def _style_picture(studio: Any, story_id: str, picture: Path) -> InShort:
    studio.set_style_picture(story_id, picture)
    return InShort()


def _shelf(shelf: str | None) -> str | None:
    if shelf is not None and not SHELF_FORM.fullmatch(shelf):
        raise StoryError(
            f"{shown_value(shelf)} is no shelf; give 10 to 64 letters, digits, - and _ that nobody can guess."
        )
    return shelf


CREATED = "The story's id, which every other call needs. Keep it: without a shelf it is the only way back."
STORY_VERBS = (
    Verb(
        "create_story",
        "Begin an empty story with the whole cast, who can then be named in its sentences.",
        (
            Argument("title", str, "what the story is called; it may be left empty", default=""),
            ON_SHELF,
        ),
        _create,
        "adds",
        CREATED,
        answer=str,
    ),
    Verb(
        "get_story",
        "Look at a story as it is now: its cast with the portraits they wear, the places that the model knows, and its "
        "frames in order, each with its sentence, the address of its picture, all its takes, whom its pronouns were "
        "read as, where it is and how that is known, what may be wrong with the picture, and whether it is out of date "
        "and why.",
        (STORY,),
        _get,
        "reads",
        "The story.",
    ),
    Verb(
        "list_stories",
        "List the stories of a shelf, the latest first.",
        (
            SHELF,
            Argument("deleted", bool, "those that restore_story can bring back, instead", default=False),
        ),
        _list,
        "reads",
        "The stories: id, title, first sentence, number of frames, and when each was changed.",
        in_app=True,
    ),
    edit_told_in_short("rename_story", "Give a story another title.", (TITLE,)),
    Verb(
        "duplicate_story",
        "Copy a story with all its takes.",
        (STORY, ON_SHELF),
        _duplicate,
        "adds",
        "The copy's id.",
        in_app=True,
        answer=str,
    ),
    Verb(
        "delete_story",
        "Delete a story and stop what is drawn of it; restore_story brings it back for some days.",
        (STORY,),
        _delete,
        "replaces",
        "The id of the story that went.",
        in_app=True,
    ),
    Verb(
        "restore_story",
        "Bring a deleted story back.",
        (STORY,),
        _restore,
        "adds",
        "The story in short.",
        in_app=True,
    ),
    Verb(
        "import_story",
        "Take in a project file, made by export_story here or elsewhere, as a new story.",
        (a_file("project", "the .storyboard file"), ON_SHELF),
        _import,
        "adds",
        "The story's id, and what could not be read of the file.",
        in_app=True,
    ),
    Verb(
        "export_story",
        "Make files of a story to keep or show: a pdf has sentences under the pictures, a sheet all frames on one PNG, "
        "a comic its pages as PNG, a zip every picture and story.json; a gif moves, an mp4 is a film with its "
        "subtitles; a project is the whole story, to open elsewhere.",
        (
            STORY,
            Argument("kind", Literal[KINDS], "what to make"),
            Argument("per_page", Literal[PER_PAGE], "frames a page of a PDF", default=ExportOptions.per_page),
        ),
        _export,
        "reads",
        "The files, each under an address that works for an hour, and letters that no font here has, left out.",
        waits="exporting",
        makes_files=True,
    ),
    edit_told_in_short(
        "set_look",
        "Choose how all pictures of a story are shown and exported; none is drawn anew.",
        (Argument("look", Literal[LOOKS], "in colours, in grey, or as if in ink"),),
    ),
    edit_told_in_short(
        "set_crop",
        "Choose the shape that is marked on all pictures of a story and cut out of them in films; none is drawn anew.",
        (Argument("crop", Literal[tuple(CROPS)], "none leaves pictures whole"),),
    ),
    edit_told_in_short(
        "set_quality",
        "Choose how the pictures to come are drawn: in fewer or in more steps.",
        (Argument("quality", Literal[tuple(QUALITIES)], "a draft is quick, a fine one slow"),),
    ),
    Verb(
        "set_style",
        "Choose how the pictures to come look, where the model can be told that; what is left out stays.",
        (
            STORY,
            Argument("words", str, "what every picture is, as in soft watercolour").optional(),
            Argument("negative", str, "what no picture is to show or to be").optional(),
            Argument("aspect", Literal[tuple(ASPECTS)], "their shape").optional(),
        ),
        _style,
        "sets",
        "The story in short.",
    ),
    Verb(
        "set_style_picture",
        "Give an example of how the pictures to come look, where the model can be shown one.",
        (STORY, a_file("picture", "a PNG, JPEG, WEBP, HEIC or AVIF picture in that style")),
        _style_picture,
        "sets",
        "The story in short.",
    ),
    edit_told_in_short("remove_style_picture", "Do without the example of the style."),
    edit_told_in_short(
        "set_checking",
        "Choose what is done about a picture that may be wrong.",
        (
            Argument(
                "checking",
                Literal[CHECKINGS],
                "off: nothing is said; ask: it is said; always: it is drawn again unasked",
            ),
        ),
    ),
    edit_told_in_short(
        "undo", "Take the latest change of a story back; pictures stay.", effect="replaces", in_app=True
    ),
    edit_told_in_short("redo", "Do once more what undo took back last.", effect="replaces", in_app=True),
)
