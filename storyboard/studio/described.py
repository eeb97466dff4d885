"""What verbs return to programs: JSON values only, with pictures and files as addresses.

Imports neither torch nor Gradio. Each door (API, MCP, command line) has its own `Address`: a URL of the app, or a name
inside a project file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from storyboard.people import describe_look
from storyboard.story.as_json import head_to_json
from storyboard.story.inputs import StoryInputs, inputs_of
from storyboard.story.takes_as_json import verdict_to_json
from storyboard.story.values import Character, Frame, Story, Take
from storyboard.story.where import where_frames_are
from storyboard.studio.studio import Studio
from storyboard.studio.verb_table.answers import Details, Files, InShort, Portrayed
from storyboard.text.captions import Pronoun

Address = Callable[[Path], str]  # gives the address under which a picture or file can be fetched


class Answer(dict[str, Any]):
    """What a verb tells, as JSON values. `shown`: the file of the one picture it is about, or None.

    Programs fetch the picture from its address; an assistant gets the file itself.
    """

    def __init__(self, values: dict[str, Any], shown: Path | None = None) -> None:
        super().__init__(values)
        self.shown = shown


def describe(studio: Studio, story_id: object, told: Any, address: Address) -> Any:
    """Returns the result of a verb as JSON values. `story_id` is None for a verb that works on no story."""
    if isinstance(told, Portrayed):
        look = told.look
        shown = {"look": look.to_json(), "words": describe_look(look), "picture": address(told.picture)}
        return Answer(shown, told.picture)
    if isinstance(told, Files):
        files = [{"name": path.name, "address": address(path)} for path in told.paths]
        return {"files": files, "left_out": list(told.left_out)}
    if isinstance(told, Character):
        return describe_character(studio, told, address)
    if not isinstance(told, (Story, Frame, InShort, Details)):
        return told
    story = studio.session(story_id).story
    if isinstance(told, Story):
        return describe_story(studio, told, address)
    if isinstance(told, InShort):
        return _in_short(studio, story, told)
    if isinstance(told, Details):
        return _details(studio, story, told.frame, address)
    return describe_frame(studio, inputs_of(story), told, address)


def describe_story(studio: Studio, story: Story, address: Address) -> dict[str, Any]:
    """Returns the story, its cast, the places that the model knows, and its frames in order."""
    inputs = inputs_of(story)
    return _head(studio, story) | {
        "cast": [describe_character(studio, character, address) for character in story.cast],
        "places": list(dict.fromkeys(studio.places.values())),
        "frames": [
            _frame(studio, inputs, frame, where, address)
            for frame, where in zip(story.frames, where_frames_are(inputs, studio.places), strict=True)
        ],
    }


def describe_frame(studio: Studio, inputs: StoryInputs, frame: Frame, address: Address) -> Answer:
    """Returns a frame, the take on the board, and all its takes.

    Values that only a take has are None before the first take.
    """
    before = inputs.story.frame_number(frame.id) - 1
    where = next(islice(where_frames_are(inputs, studio.places), before, None))
    return _frame(studio, inputs, frame, where, address)


def describe_character(studio: Studio, character: Character, address: Address) -> Answer:
    """Returns a cast member, the portrait that they wear, its look, and whether the model has learned to draw them."""
    told: dict[str, Any] = {
        "name": character.name,
        "pronoun": character.pronoun,
        "aliases": list(character.aliases),
        "portrait": character.portrait.label,
        "picture": address(studio.pictures.path(character.portrait.picture)),
        "portraits": [portrait.label for portrait in character.portraits],
        "portrait_ids": [portrait.id for portrait in character.portraits],
        "look": character.portrait.look and character.portrait.look.to_json(),
        "words": character.portrait.words,
    }
    if studio.cast:  # without a cast there is no pipeline that could have learned anybody
        told["learned"] = studio.has_learned(character.portrait)
    return Answer(told, studio.pictures.path(character.portrait.picture))


def wrong_with(take: Take) -> dict[str, Any] | None:
    """Returns what the pipeline's judge finds wrong with a picture. None means nothing is wrong, or no judge looked."""
    return verdict_to_json(take.verdict) if take.verdict and take.verdict.faults else None


def reading_of(
    inputs: StoryInputs, frame: Frame, occurrence: int, pronoun: Pronoun
) -> tuple[tuple[str, ...], float, str | None]:
    """Returns the names that a pronoun of the sentence stands for, how sure that is (0..1), and who decided it.

    Returns (), 0 and None if that is unknown.
    """
    for by, bindings in (("writer", frame.bindings), ("words", inputs.by_words(frame))):
        for binding in bindings:
            if (binding.occurrence, binding.word) == (occurrence, pronoun.word):
                return binding.names, binding.confidence, by
    take: Take | None = frame.take
    if take is not None and take.caption == frame.caption:
        for reading in take.readings:
            if reading.start == pronoun.start and reading.by != "writer":
                return reading.names, reading.confidence, reading.by
    return (), 0.0, None


def place_of(where: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns the place of a frame, who says it, and the frame that it is carried on from.

    Values are None if unknown.
    """
    return {
        "place": where and where["place"],
        "place_by": where and where["by"],
        "place_from": where and where["from"],
    }


def _head(studio: Studio, story: Story) -> dict[str, Any]:
    session = studio.session(story.id)
    return {
        **head_to_json(story),
        "can_undo": session.can_undo,
        "can_redo": session.can_redo,
    }


def _in_short(studio: Studio, story: Story, told: InShort) -> dict[str, Any]:
    stale = studio.stale_frames(story)
    frames = [
        {
            "id": frame.id,
            "number": number,
            "caption": frame.caption,
            "drawn": frame.take is not None,
            "locked": frame.locked,
            "stale": frame.id in stale,
        }
        for number, frame in enumerate(story.frames, start=1)
    ]
    phrase = {} if told.phrase is None else {"phrase": told.phrase}
    return phrase | _head(studio, story) | {"cast": [one.name for one in story.cast], "frames": frames}


def _details(studio: Studio, story: Story, frame: Frame, address: Address) -> Answer:
    take = frame.take
    numbers = {one.id: number for number, held in enumerate(story.frames, 1) for one in held.takes}

    def pictures(pairs: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
        return [{"name": name, "picture": address(studio.pictures.path(key))} for name, key in pairs]

    more = {
        "attention": pictures(take.attention) if take else [],
        "drawn_with": pictures(take.portraits) if take else [],
        # The numbers of the frames whose pictures were read; None for a frame that is gone.
        "read": [numbers.get(one) for one in take.read] if take else [],
    }
    told = describe_frame(studio, inputs_of(story), frame, address)
    return Answer(told | more, told.shown)


def _frame(
    studio: Studio, inputs: StoryInputs, frame: Frame, where: Mapping[str, Any] | None, address: Address
) -> Answer:
    take, story = frame.take, inputs.story
    stale = frame.id in studio.stale_frames(story)
    told = {
        "id": frame.id,
        "number": story.frame_number(frame.id),
        "caption": frame.caption,
        **_of_take(studio, take, address),
        "takes": [_take(studio, one, address) for one in frame.takes],
        "pronouns": _pronouns(inputs, frame),
        **place_of(where),
        "wordings": [{"written": one.written, "drawn": one.drawn} for one in frame.wordings],
        "board": asdict(frame.board),
        "locked": frame.locked,
        "sees": frame.sees,
        "kept_seed": frame.seed,
        "included": list(frame.included),
        "excluded": list(frame.excluded),
        "portraits": dict(frame.portraits),
        "stale": stale,
        "stale_because": inputs.stale_cause(frame) if stale else None,
    }
    return Answer(told, studio.pictures.path(take.picture) if take else None)


def _of_take(studio: Studio, take: Take | None, address: Address) -> dict[str, Any]:
    return {
        "picture": address(studio.pictures.path(take.picture)) if take else None,
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
        "checked": take is not None and take.verdict is not None,
        "wrong": wrong_with(take) if take else None,
    }


def _take(studio: Studio, take: Take, address: Address) -> dict[str, Any]:
    return {
        "id": take.id,
        "caption": take.caption,
        "seed": take.seed,
        "picture": address(studio.pictures.path(take.picture)),
        "wrong": wrong_with(take),
    }


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
