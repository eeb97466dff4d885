"""What the page may ask of the studio about a story: one call per verb, each with a message in and an answer out.

Knows neither Gradio nor models. A message is a dictionary of unchecked values. The studio checks them, and raises a
StoryError for bad ones. The verbs that change a story, and their fields, are those of `studio/verbs.py`. The result of
a call is added to the answer, which also has the view.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from storyboard.people import Look, describe_look
from storyboard.story.inputs import inputs_of
from storyboard.story.values import MAX_FRAMES, Story
from storyboard.studio.maker import hidden_fields, look_of_seed, look_with, portrait_of
from storyboard.studio.studio import Studio
from storyboard.studio.verbs import EDITS, MAX_TEXT, an_id, some_wordings
from storyboard.text.captions import clean_text, mentioned_names
from storyboard.text.sentences import find_outsiders
from storyboard.text.wordings import reworded, still_fitting
from storyboard.ui.gist import gist_of
from storyboard.ui.hints import Hints
from storyboard.ui.view import data_url
from storyboard.ui.view import frame_details as details_of

NOTHING_SAID = {
    "unknown": [],
    "read": "",
    "uninvited": False,
    "strangers": [],
    "outsiders": [],
    "closest": [],
}
SHOWN = 40  # so many letters are shown before the place where a sentence is cut

Call = Callable[[Studio, dict], dict | None]

# The calls that only draw or stop drawing, with the fields that the studio's method takes after the story, in order.
DRAWING: dict[str, tuple[Callable, tuple[str, ...]]] = {
    "draw_frame": (Studio.draw, ("frame",)),
    "draw_missing": (Studio.draw_missing, ()),
    "draw_stale": (Studio.draw_stale, ()),
    "retry_failed": (Studio.retry_failed, ()),
    "resume": (Studio.resume, ()),
    "stop_frame": (Studio.stop, ("frame",)),
    "cancel_job": (Studio.cancel, ("job",)),
    "cancel_all": (Studio.cancel_all, ()),
}


def _drawing(name: str) -> Call:
    method, fields = DRAWING[name]

    def call(studio: Studio, message: dict) -> None:
        method(studio, message["story"], *(message.get(field) for field in fields))

    call.__name__ = name
    return call


def _editing(name: str) -> Call:
    """Returns the call of one of `EDITS`. The message has its fields under the same names."""

    def call(studio: Studio, message: dict) -> dict | None:
        result = studio.change(message["story"], name, **_fields(name, message))
        return ANSWERS[name](result) if name in ANSWERS else None

    call.__name__ = name
    return call


def _fields(name: str, message: dict) -> dict[str, Any]:
    return {field: message.get(field) for field in EDITS[name].fields}


# What a page needs to know about an edit in addition to the view after it.
ANSWERS: dict[str, Callable] = {
    "make_character": lambda character: {"name": character.name},
    "duplicate_frame": lambda frame: {"frame": frame.id},
    "undo": lambda phrase: {"phrase": phrase},
    "redo": lambda phrase: {"phrase": phrase},
}


def add_frame(studio: Studio, message: dict) -> dict:
    frame, _ = studio.add(message["story"], **_fields("add_frame", message))
    return {"frame": frame.id}


def add_script(studio: Studio, message: dict) -> dict:
    draw = message.get("draw") is True
    frames = studio.add_many(message["story"], **_fields("add_script", message), draw=draw)
    return {"frames": [frame.id for frame in frames]}


def edit_frame(studio: Studio, message: dict) -> None:
    studio.change(message["story"], "edit_frame", **_fields("edit_frame", message))
    if message.get("draw") is True:
        studio.draw(message["story"], message.get("frame"))


def reroll_frame(studio: Studio, message: dict) -> None:
    studio.draw(message["story"], message.get("frame"), reroll=True)


def draw_best(studio: Studio, message: dict) -> None:
    studio.draw(message["story"], message.get("frame"), best=True)


def draw_variants(studio: Studio, message: dict) -> None:
    studio.draw(message["story"], message.get("frame"), variants=message.get("count", 0))


def changes() -> tuple[Call, ...]:
    """Returns every call that may change the story; each is answered with the view after it."""
    own = (add_frame, add_script, edit_frame, reroll_frame, draw_best, draw_variants)
    # A story can also be renamed in the list of stories, where it need not be open; `shelf.py` has that call.
    elsewhere = {"rename_story", *(call.__name__ for call in own)}
    return (*(_editing(name) for name in EDITS if name not in elsewhere), *map(_drawing, DRAWING), *own)


def frame_details(studio: Studio, message: dict) -> dict:
    """Returns what the picture of a frame was drawn with, as {"details"}."""
    story = studio.session(message["story"]).story
    return {"details": details_of(story, story.frame(an_id(message.get("frame"))))}


def frames_touched(studio: Studio, message: dict) -> dict:
    """Returns the numbers of the frames that another portrait of a character would make out of date, as {"numbers"}."""
    touched = studio.frames_touched(message["story"], message.get("name"), portrait=True)
    story = studio.session(message["story"]).story
    return {"numbers": [story.frame_number(frame) for frame in touched]}


def preview_look(studio: Studio, message: dict) -> dict:
    """Returns a look after these changes and its portrait, as `shown_look` does; nothing is kept.

    Choices that do not go with a change are corrected.
    """
    return shown_look(look_with(message.get("look"), message.get("changes")))


def random_look(studio: Studio, message: dict) -> dict:
    """Returns a random look, which follows from a seed, as `shown_look` does."""
    return shown_look(look_of_seed(message.get("seed")))


def shown_look(look: Look) -> dict:
    """Returns a look, its portrait and its words for the maker of people, as {"look", "picture", "words", "hidden"}."""
    return {
        "look": look.to_json(),
        "picture": data_url(portrait_of(look), "PNG"),
        "words": describe_look(look),
        "hidden": hidden_fields(look),
    }


def split_script(studio: Studio, message: dict) -> dict:
    """Returns the frames that a script, pasted or from a file, would become.

    These are the frames for which there is room, their board notes, and what else the page says about the script.
    """
    script = studio.read_script(message["story"], message.get("text"), file=message.get("file"))
    first = message.get("first")
    skipped = first - 1 if isinstance(first, int) and 0 < first <= len(script.frames) else 0
    room = MAX_FRAMES - len(studio.session(message["story"]).story.frames)
    return {
        "frames": script.frames[skipped : skipped + room],
        "boards": [asdict(board) for board in script.boards[skipped : skipped + room]],
        "kind": script.kind,
        "scenes": script.scenes,
        "total": len(script.frames),
        "room": room,
        "notices": script.notices,
    }


# Calls that only ask.
QUESTIONS: tuple[Call, ...] = (frame_details, frames_touched, preview_look, random_look, split_script)


def look_at_words(hints: Hints) -> Call:
    """Returns the call that gives the gist of a sentence, and says what the picture will not show of it.

    Its message has: after, before: the frame beside which the sentence will be, otherwise it will be the last one.
    wordings: what is already drawn in place of words of it.
    """

    def look_at_words(studio: Studio, message: dict) -> dict:
        caption = message.get("caption")
        story = studio.session(message["story"]).story
        inputs, names = inputs_of(story), story.names
        spellings = [one for name, aliases in names.items() for one in (name, *aliases)]
        if not isinstance(caption, str):
            return dict(NOTHING_SAID)
        caption = caption[:MAX_TEXT]
        drawn_as = still_fitting(some_wordings(message.get("wordings")) or (), caption)
        drawn = reworded(caption, drawn_as)
        return {
            "unknown": list(hints.unknown_words(drawn, spellings)),
            "read": hints.read_part(drawn)[-SHOWN:],
            "uninvited": hints.shows_somebody_uninvited(caption, names),
            "strangers": [
                name
                for name in mentioned_names(caption, names)
                if not studio.has_learned(story.character(name).portrait)
            ],
            "outsiders": list(find_outsiders(inputs.read(clean_text(caption)))),
            "closest": [
                {"written": one.written, "drawn": one.drawn}
                for one in hints.lexicon.closest(inputs.read(clean_text(drawn)), hints.calling)
            ],
            "gist": gist_of(inputs, hints, caption, _number(story, message), drawn_as),
        }

    return look_at_words


def _number(story: Story, message: dict) -> int:
    """Returns which frame of the story a sentence would be, counted from 1."""
    after, before = message.get("after"), message.get("before")
    for beside, further in ((after, 1), (before, 0)):
        if isinstance(beside, str) and story.has_frame(beside):
            return story.frame_number(beside) + further
    return len(story.frames) + 1
