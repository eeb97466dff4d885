"""A story as programs get it: JSON values only, pictures and files as the addresses they can be fetched from.

Knows neither torch nor gradio.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from storyboard.story.inputs import StoryInputs, inputs_of
from storyboard.story.values import Character, Frame, Story
from storyboard.studio.studio import Studio
from storyboard.ui.view import reading_of
from storyboard.ui.where import where_frames_are


class Answer(dict[str, Any]):
    """What a verb tells: JSON values, and in `shown` the file of the one picture it is about, None where there is none.

    Programs fetch the picture from its address; an assistant is handed the file itself.
    """

    def __init__(self, values: dict[str, Any], shown: Path | None = None) -> None:
        super().__init__(values)
        self.shown = shown


def describe_story(studio: Studio, story: Story, root: str) -> dict[str, Any]:
    """The story, its cast and its frames in order. `root`: this app's address as the caller reached it."""
    inputs = inputs_of(story)
    return {
        "id": story.id,
        "title": story.title,
        "seed": story.seed,
        "look": story.look,
        "quality": story.quality,
        "cast": [describe_character(studio, character, root) for character in story.cast],
        "frames": [describe_frame(studio, inputs, frame, root) for frame in story.frames],
    }


def describe_frame(studio: Studio, inputs: StoryInputs, frame: Frame, root: str) -> Answer:
    """A frame, the take on the board and all its takes; what only a take has is None before the first."""
    take, story = frame.take, inputs.story
    stale = frame.id in studio.stale_frames(story)
    number = story.frame_number(frame.id)
    where = next(islice(where_frames_are(inputs, studio.places), number - 1, None))
    told = {
        "id": frame.id,
        "number": number,
        "caption": frame.caption,
        "picture": _picture(studio, take.picture, root) if take else None,
        "drawn_caption": take.caption if take else None,
        "resolved": take.text if take else None,
        "mentioned": list(take.mentioned) if take else None,
        "conditioning": take.conditioning if take else None,
        "seed": take.seed if take else None,
        "steps": take.steps if take else None,
        "guidance": take.guidance if take else None,
        "seconds": round(take.seconds, 3) if take else None,
        "model": take.model if take else None,
        "take": take.id if take else None,
        "takes": [
            {
                "id": one.id,
                "caption": one.caption,
                "seed": one.seed,
                "picture": _picture(studio, one.picture, root),
            }
            for one in frame.takes
        ],
        "pronouns": _pronouns(inputs, frame),
        "place": where and where["place"],
        "place_by": where and where["by"],
        "place_from": where and where["from"],
        "locked": frame.locked,
        "stale": stale,
        "stale_because": inputs.stale_cause(frame) if stale else None,
    }
    return Answer(told, studio.pictures.path(take.picture) if take else None)


def address(path: Path, root: str) -> str:
    """Where a file that the page may serve can be fetched."""
    return f"{root}/gradio_api/file={quote(path.resolve().as_posix())}"


def describe_character(studio: Studio, character: Character, root: str) -> Answer:
    """A cast member with the portrait they wear, its look, and whether the model has learned to draw them."""
    told = {
        "name": character.name,
        "pronoun": character.pronoun,
        "aliases": list(character.aliases),
        "portrait": character.portrait.label,
        "picture": _picture(studio, character.portrait.picture, root),
        "portraits": [portrait.label for portrait in character.portraits],
        "look": character.portrait.look and character.portrait.look.to_json(),
        "learned": studio.has_learned(character.portrait),
    }
    return Answer(told, studio.pictures.path(character.portrait.picture))


def _pronouns(inputs: StoryInputs, frame: Frame) -> list[dict[str, Any]]:
    described = []
    for occurrence, pronoun in enumerate(inputs.read(frame.caption).pronouns):
        names, confidence, by = reading_of(inputs, frame, occurrence, pronoun)
        described.append(
            {
                "occurrence": occurrence,
                "word": pronoun.word,
                "names": list(names),
                "confidence": round(confidence, 3),
                "by": by,
            }
        )
    return described


def _picture(studio: Studio, key: str, root: str) -> str:
    return address(studio.pictures.path(key), root)
