"""The verbs for programs on the frames of a story and on scripts, except drawing.

Imports neither torch nor Gradio.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, get_args

from storyboard.story.edits import Presence
from storyboard.story.values import MAX_FRAMES
from storyboard.studio.verb_table.answers import Details, Files, InShort
from storyboard.studio.verb_table.arguments import (
    AFTER,
    BEFORE,
    BOARDS,
    FRAME,
    NAME,
    PORTRAIT,
    STORY,
    TAKE,
    a_file,
)
from storyboard.studio.verb_table.edits import (
    edit,
    edit_of_a_frame,
    edit_told_in_short,
    the_frame,
    the_result,
)
from storyboard.studio.verb_table.people import portrait_id
from storyboard.studio.verb_table.verb import Argument, Verb


def _read_script(studio: Any, story_id: str, text: str, file_name: str | None) -> Mapping[str, Any]:
    script = studio.read_script(story_id, text, file=file_name)
    return {
        "sentences": list(script.frames),
        "boards": [asdict(board) for board in script.boards],
        "kind": script.kind,
        "room": MAX_FRAMES - len(studio.session(story_id).story.frames),
        "notices": list(script.notices),
    }


def _add_script(
    studio: Any, story_id: str, sentences: list[str], boards: Any, draw: bool, **place: str | None
) -> InShort:
    studio.add_many(story_id, sentences, place["after_id"], place["before_id"], boards, draw)
    return InShort()


def _use_portrait(studio: Any, story_id: str, frame_id: str, name: str, portrait: str | None) -> Any:
    worn = portrait and portrait_id(studio, story_id, name, portrait)
    studio.change(story_id, "use_portrait", frame=frame_id, name=name, portrait=worn)
    return studio.session(story_id).story.frame(frame_id)


def _rebind(studio: Any, story_id: str, frame_id: str, occurrence: int, names: list[str]) -> Any:
    studio.change(story_id, "rebind", frame=frame_id, occurrence=occurrence, names=names or None)
    return studio.session(story_id).story.frame(frame_id)


def _import(studio: Any, story_id: str, picture: Path) -> Any:
    return studio.import_frame(story_id, picture)


def _export(studio: Any, story_id: str, frame_id: str, folder: Path) -> Files:
    return Files((studio.export_frame(story_id, frame_id, folder),))


def _details(studio: Any, story_id: str, frame_id: str) -> Details:
    return Details(studio.session(story_id).story.frame(frame_id))


FRAME_VERBS = (
    Verb(
        "read_script",
        "See which sentences a script becomes, one a frame; nothing is added: hand them to add_script.",
        (
            STORY,
            Argument("text", str, "Fountain, Final Draft, subtitles, a table, a list or plain text"),
            Argument("file_name", str, "what the file was called, if it was one").optional(),
        ),
        _read_script,
        "reads",
        "The sentences and what is noted beside them, what kind of script it was read as, and for how many frames the "
        "story has room.",
    ),
    Verb(
        "add_script",
        "Add several frames in one step, all or none.",
        (
            STORY,
            Argument("sentences", list[str], "one for every frame, in order"),
            BOARDS.optional(),
            AFTER,
            BEFORE,
            Argument("draw", bool, "draw them too; this does not wait: see progress", default=False),
        ),
        _add_script,
        "adds",
        "The story in short.",
        draws=True,
    ),
    edit(
        "duplicate_frame",
        "Copy a frame behind it, with its settings and its picture.",
        (FRAME,),
        "adds",
        "The copy.",
        the_result,
    ),
    edit_told_in_short(
        "move_frame",
        "Move a frame to another place of its story.",
        (FRAME, Argument("number", int, "its number from now on, counted from 1")),
    ),
    edit_told_in_short(
        "remove_frame",
        "Take a frame out of its story; undo brings it back with all its takes.",
        (FRAME,),
        "replaces",
    ),
    edit_of_a_frame(
        "lock_frame",
        "Keep a frame out of everything that is drawn in bulk, or no longer.",
        (FRAME, Argument("locked", bool, "false unlocks it", default=True)),
    ),
    edit_of_a_frame(
        "note_frame",
        "Note the shot, the dialogue, anything else, and how long a frame is seen; what is left out stays.",
        (
            FRAME,
            Argument("shot", str, 'how it is taken: "close-up"; "" takes it away').optional(),
            Argument("dialogue", str, 'what is said in it, a line each: "Rosa: Hello!"').optional(),
            Argument("notes", str, "anything else that stands beside it").optional(),
            Argument(
                "seconds", float, "how long it is seen, 0.5 to 60; 0 is as long as it takes to read"
            ).optional(),
        ),
    ),
    edit_of_a_frame(
        "see_frames",
        "Say how many frames before it a frame is read with.",
        (FRAME, Argument("sees", int, "0 begins a new scene; left out, all are read").optional()),
    ),
    edit_of_a_frame(
        "keep_seed",
        "Draw a frame under one seed from now on, or no longer.",
        (FRAME, Argument("seed", int, "the seed; left out, none is kept").optional()),
    ),
    Verb(
        "use_portrait",
        "Say what somebody wears in one frame alone.",
        (STORY, FRAME, NAME, PORTRAIT.optional(text="the portrait; left out, what they wear everywhere")),
        _use_portrait,
        "sets",
        "The frame.",
    ),
    edit(
        "include_name",
        "Show somebody in a frame, keep them out, or leave it to the sentence.",
        (FRAME, NAME, Argument("how", Literal[get_args(Presence)], "auto leaves it to the sentence")),
        "sets",
        "The frame.",
        the_frame,
    ),
    edit_of_a_frame(
        "choose_take",
        "Bring back an earlier picture of a frame, with the sentence it was drawn from. Nothing is drawn.",
        (FRAME, TAKE),
    ),
    Verb(
        "rebind",
        "Say whom a pronoun of a frame's sentence stands for. Nothing is drawn: call draw_frame next.",
        (
            STORY,
            FRAME,
            Argument(
                "occurrence",
                int,
                "which pronoun of the sentence, counted from 0, as get_story lists them",
                kind="pronoun",
            ),
            Argument("names", list[str], "names from the cast; an empty list leaves it to the model again"),
        ),
        _rebind,
        "sets",
        "The frame, which is out of date if its picture showed somebody else.",
    ),
    edit(
        "set_place",
        "Say where a frame is, whatever its sentence says. Nothing is drawn: call draw_frame next.",
        (
            FRAME,
            Argument(
                "place", str, "one of the places in get_story; left out, it is up to the story again"
            ).optional(),
        ),
        "sets",
        "The frame, which is out of date if its picture showed another place.",
        the_frame,
    ),
    edit(
        "draw_as",
        "Say what is drawn in place of words of a frame's sentence, which stays as it is. Nothing is drawn: call "
        "draw_frame next.",
        (
            FRAME,
            Argument("written", str, "words of the sentence"),
            Argument(
                "drawn", str, "what is drawn in their place; left out, those words themselves"
            ).optional(),
        ),
        "sets",
        "The frame, which is out of date if its picture was drawn from other words.",
        the_frame,
    ),
    Verb(
        "import_frame",
        "Add a picture made here, which says itself how it was made, as a frame at the end.",
        (STORY, a_file("picture", "the PNG of export_frame or of a zip")),
        _import,
        "adds",
        "The frame.",
    ),
    Verb(
        "export_frame",
        "Make a PNG of a frame's picture that says how it was made.",
        (STORY, FRAME),
        _export,
        "reads",
        "The file, under an address that works for an hour.",
        waits="exporting",
        makes_files=True,
    ),
    Verb(
        "frame_details",
        "Look at everything a frame's picture was drawn with: portraits, frames read, where the model looked for whom.",
        (STORY, FRAME),
        _details,
        "reads",
        "The frame with these details; they are empty where it has no picture.",
    ),
)
