"""What the page may ask of the studio about a story: one call a verb, each a message in and an answer out.

Knows neither Gradio nor models. A message is a dictionary whose values nobody has checked: the studio does, and
refuses with a StoryError. What a call returns is added to the answer, beside the view.
"""

from __future__ import annotations

from collections.abc import Callable

from storyboard.studio.studio import Studio
from storyboard.ui.hints import Hints
from storyboard.ui.view import frame_details as details_of

SHOWN = 40  # letters before the place where a sentence is cut

Call = Callable[[Studio, dict], dict | None]

# The calls that only pass on what the message has, in the order the studio's verb takes it after the story.
PASSED_ON: dict[str, tuple[Callable, tuple[str, ...]]] = {
    "move_frame": (Studio.move, ("frame", "number")),
    "remove_frame": (Studio.remove, ("frame",)),
    "lock_frame": (Studio.lock, ("frame", "locked")),
    "see_frames": (Studio.see, ("frame", "sees")),
    "keep_seed": (Studio.keep_seed, ("frame", "seed")),
    "use_portrait": (Studio.use_portrait, ("frame", "name", "portrait")),
    "include_name": (Studio.include, ("frame", "name", "how")),
    "rebind": (Studio.rebind, ("frame", "occurrence", "names")),
    "set_look": (Studio.set_look, ("look",)),
    "set_quality": (Studio.set_quality, ("quality",)),
    "choose_take": (Studio.choose_take, ("frame", "take")),
    "draw_frame": (Studio.draw, ("frame",)),
    "draw_missing": (Studio.draw_missing, ()),
    "draw_stale": (Studio.draw_stale, ()),
    "retry_failed": (Studio.retry_failed, ()),
    "resume": (Studio.resume, ()),
    "stop_frame": (Studio.stop, ("frame",)),
    "cancel_job": (Studio.cancel, ("job",)),
    "cancel_all": (Studio.cancel_all, ()),
    "choose_portrait": (Studio.choose_portrait, ("name", "portrait")),
    "edit_character": (Studio.edit_character, ("name", "new_name", "pronoun", "aliases")),
    "remove_character": (Studio.remove_character, ("name",)),
}


def _passing_on(name: str) -> Call:
    verb, fields = PASSED_ON[name]

    def call(studio: Studio, message: dict) -> None:
        verb(studio, message["story"], *(message.get(field) for field in fields))

    call.__name__ = name
    return call


def add_frame(studio: Studio, message: dict) -> dict:
    frame, _ = studio.add(
        message["story"], message.get("caption"), message.get("after"), message.get("before")
    )
    return {"frame": frame.id}


def add_script(studio: Studio, message: dict) -> dict:
    frames = studio.add_many(
        message["story"],
        message.get("captions"),
        message.get("after"),
        message.get("before"),
        draw=message.get("draw") is True,
    )
    return {"frames": [frame.id for frame in frames]}


def edit_frame(studio: Studio, message: dict) -> None:
    studio.edit(message["story"], message.get("frame"), message.get("caption"), message.get("base"))
    if message.get("draw") is True:
        studio.draw(message["story"], message.get("frame"))


def duplicate_frame(studio: Studio, message: dict) -> dict:
    return {"frame": studio.duplicate(message["story"], message.get("frame")).id}


def reroll_frame(studio: Studio, message: dict) -> None:
    studio.draw(message["story"], message.get("frame"), reroll=True)


def draw_variants(studio: Studio, message: dict) -> None:
    studio.draw(message["story"], message.get("frame"), variants=message.get("count", 0))


def undo(studio: Studio, message: dict) -> dict:
    return {"phrase": studio.undo(message["story"])}


def redo(studio: Studio, message: dict) -> dict:
    return {"phrase": studio.redo(message["story"])}


def changes() -> tuple[Call, ...]:
    """Every call that may change the story; each is to be answered with the view after it."""
    passed_on = map(_passing_on, PASSED_ON)
    return (
        *passed_on,
        *(add_frame, add_script, edit_frame, duplicate_frame, reroll_frame, draw_variants, undo, redo),
    )


def frame_details(studio: Studio, message: dict) -> dict:
    """What the picture of a frame was drawn with."""
    story = studio.session(message["story"]).story
    return {"details": details_of(story, story.frame(message.get("frame")))}


def split_script(studio: Studio, message: dict) -> dict:
    """A pasted script as the frames it would become."""
    return {"frames": studio.split(message["story"], message.get("text"))}


def frames_touched(studio: Studio, message: dict) -> dict:
    """The numbers of the frames that another portrait of a character would make out of date."""
    touched = studio.frames_touched(message["story"], message.get("name"), portrait=True)
    story = studio.session(message["story"]).story
    return {"numbers": [story.frame_number(frame) for frame in touched]}


# Calls that only look.
QUESTIONS: tuple[Call, ...] = (frame_details, split_script, frames_touched)


def look_at_words(hints: Hints) -> Call:
    """The call that says what of a sentence its picture will not show, and whom it shows unasked."""

    def look_at_words(studio: Studio, message: dict) -> dict:
        caption = message.get("caption")
        names = studio.session(message["story"]).story.names
        spellings = [one for name, aliases in names.items() for one in (name, *aliases)]
        if not isinstance(caption, str):
            return {"unknown": [], "read": "", "uninvited": False}
        return {
            "unknown": list(hints.unknown_words(caption, spellings)),
            "read": hints.read_part(caption)[-SHOWN:],
            "uninvited": hints.shows_somebody_uninvited(caption, names),
        }

    return look_at_words
