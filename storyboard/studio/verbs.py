"""The verbs that change a story, each defined once: the method that does it, and the checks of its fields.

The page's calls, the API and MCP all go through this table. A value from outside is an `object` until a check here has
accepted it. If it does not fit, the check raises a StoryError of one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from storyboard.errors import StoryError
from storyboard.story.values import MAX_FRAMES
from storyboard.studio.maker import a_look
from storyboard.studio.session import StorySession
from storyboard.text.board_notes import BoardNotes, notes_of
from storyboard.text.script import MAX_SCRIPT
from storyboard.text.wordings import MAX_WORDINGS, Wording, check_wording

MAX_TEXT = 10_000  # texts from outside are cut at so many characters; the limit of a sentence is far lower

Check = Callable[[object], Any]


def a_text(what: str, limit: int = MAX_TEXT) -> Check:
    """Returns the check of a text, which errors call `what`. The text is cut at `limit` characters."""

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise StoryError(f"{what} has to be text, not {type(value).__name__}; write it again.")
        return value[:limit]

    return check


def names_in(what: str) -> Check:
    """Returns the check of a list of names, which errors call `what`."""

    def check(value: object) -> list[str]:
        if not isinstance(value, (list, tuple)) or len(value) > 100:
            raise StoryError(f"{what} has to be a list of at most 100 names; choose again.")
        return [a_text(what)(name) for name in value]

    return check


def sentences(value: object) -> list[str]:
    if not isinstance(value, (list, tuple)) or len(value) > MAX_FRAMES:
        raise StoryError(f"A script has to be a list of at most {MAX_FRAMES} sentences; split it.")
    return [a_text("A sentence")(caption) for caption in value]


def an_id(value: object) -> str:
    if not isinstance(value, str) or len(value) > 100:
        raise StoryError(
            "That is no part of this story; look at the story as it is now and choose one of its own."
        )
    return value


def yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise StoryError("A frame is locked or not; choose one of the two, true or false.")
    return value


def optional(check: Check) -> Check:
    """Returns the check that accepts None, and otherwise applies `check`."""
    return lambda value: None if value is None else check(value)


def as_it_is(value: object) -> Any:
    """Returns the value unchecked. For values that the edit itself checks: a number, or one of a few words."""
    return value


def some_wordings(value: object) -> tuple[Wording, ...]:
    """Returns wordings from a list of objects with `written` and `drawn`."""
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_WORDINGS:
        raise StoryError(f"Words drawn otherwise have to be a list of at most {MAX_WORDINGS}; send it again.")
    check = a_text("Words and what is drawn in their place")
    pairs = [one if isinstance(one, dict) else {} for one in value]
    return tuple(check_wording(check(one.get("written")), check(one.get("drawn"))) for one in pairs)


def some_boards(value: object) -> tuple[BoardNotes, ...]:
    """Returns the board notes of sentences, in their order.

    `value` is a list of objects with `shot`, `dialogue`, `notes` and `seconds`.
    """
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_FRAMES:
        raise StoryError(f"What is noted of frames has to be a list of at most {MAX_FRAMES}; send it again.")
    return tuple(notes_of(one if isinstance(one, dict) else {}) for one in value)


a_name = a_text("The name")
a_script = a_text("The script", MAX_SCRIPT)
a_file_name = optional(a_text("The name of the file"))


@dataclass(frozen=True)
class Verb:
    """`does` is a method of StorySession. `fields` are its arguments, in its order, each with its check."""

    does: Callable[..., Any]
    fields: Mapping[str, Check]

    def do(self, session: StorySession, values: Mapping[str, object]) -> Any:
        """Returns what the method returns. A field that is not in `values` is None."""
        return self.does(session, *(check(values.get(field)) for field, check in self.fields.items()))


def _verb(does: Callable[..., Any], **fields: Check) -> Verb:
    return Verb(does, fields)


EDITS: dict[str, Verb] = {
    "rename_story": _verb(StorySession.rename, title=a_text("The title")),
    "set_look": _verb(StorySession.set_look, look=a_text("The look")),
    "set_crop": _verb(StorySession.set_crop, crop=a_text("The frame")),
    "set_checking": _verb(StorySession.set_checking, checking=a_text("How pictures are checked")),
    "set_quality": _verb(StorySession.set_quality, quality=a_text("The quality")),
    "set_style": _verb(
        StorySession.set_style,
        words=a_text("The style"),
        negative=a_text("What no picture is to show"),
        aspect=a_text("The shape"),
    ),
    "remove_style_picture": _verb(StorySession.remove_style_picture),
    "add_frame": _verb(
        StorySession.add,
        caption=a_text("The sentence"),
        after=optional(an_id),
        before=optional(an_id),
        wordings=some_wordings,
    ),
    "add_script": _verb(
        StorySession.add_many,
        captions=sentences,
        after=optional(an_id),
        before=optional(an_id),
        boards=some_boards,
    ),
    # A waiting or running drawing of the old sentence goes on. base: the sentence that the writer started from; if the
    # frame has another sentence by now, that one stays.
    "edit_frame": _verb(
        StorySession.edit,
        frame=an_id,
        caption=a_text("The sentence"),
        base=optional(a_text("The sentence before")),
    ),
    "duplicate_frame": _verb(StorySession.duplicate, frame=an_id),
    "move_frame": _verb(StorySession.move, frame=an_id, number=as_it_is),
    "remove_frame": _verb(StorySession.remove, frame=an_id),
    "lock_frame": _verb(StorySession.lock, frame=an_id, locked=yes_or_no),
    "note_frame": _verb(
        StorySession.note,
        frame=an_id,
        shot=optional(a_text("The shot")),
        dialogue=optional(a_text("The dialogue")),
        notes=optional(a_text("The notes")),
        seconds=as_it_is,
    ),
    "see_frames": _verb(StorySession.see, frame=an_id, sees=as_it_is),
    "keep_seed": _verb(StorySession.keep_seed, frame=an_id, seed=as_it_is),
    "use_portrait": _verb(StorySession.use_portrait, frame=an_id, name=a_name, portrait=optional(an_id)),
    "include_name": _verb(StorySession.include, frame=an_id, name=a_name, how=as_it_is),
    "rebind": _verb(
        StorySession.rebind,
        frame=an_id,
        occurrence=as_it_is,
        names=optional(names_in("Whom a pronoun stands for")),
    ),
    "set_place": _verb(StorySession.set_place, frame=an_id, place=optional(a_text("The place"))),
    # drawn: None means that the words are drawn as they are written.
    "draw_as": _verb(
        StorySession.draw_as,
        frame=an_id,
        written=a_text("The words"),
        drawn=optional(a_text("What is drawn")),
    ),
    "choose_take": _verb(StorySession.choose_take, frame=an_id, take=an_id),
    "undo": _verb(StorySession.undo),
    "redo": _verb(StorySession.redo),
    "edit_character": _verb(
        StorySession.edit_character,
        name=a_name,
        new_name=a_name,
        pronoun=as_it_is,
        aliases=names_in("The aliases"),
    ),
    "make_character": _verb(
        StorySession.make_character,
        name=a_name,
        pronoun=as_it_is,
        aliases=optional(names_in("The aliases")),
        look=a_look,
    ),
    "change_look": _verb(StorySession.change_look, name=a_name, look=a_look),
    "remove_character": _verb(StorySession.remove_character, name=a_name),
    "describe_portrait": _verb(
        StorySession.describe_portrait, name=a_name, portrait=an_id, words=a_text("What somebody looks like")
    ),
    "choose_portrait": _verb(StorySession.choose_portrait, name=a_name, portrait=an_id),
}
