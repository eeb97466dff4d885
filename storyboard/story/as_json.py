"""A story as JSON values and back, as the library and project files store it.

Knows neither files nor pictures; pictures appear as keys of the picture store. Incoming data is foreign, so everything
is checked, and what does not fit raises a StoryError that names its place. Fields can be missing if an older version
wrote the story; they get their defaults. Fields can be unknown if a newer version wrote it; they are ignored. A look
that cannot be read is dropped, its portrait stays, and whoever reads the story is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from storyboard.errors import StoryError
from storyboard.people import Look
from storyboard.renderer import ASPECTS
from storyboard.story.fields import Fields, check_unique, damaged
from storyboard.story.fields import Tell as Tell
from storyboard.story.takes_as_json import (
    HASH,
    MAX_READINGS,
    PICTURE,
    take_from,
    take_to_json,
    wordings_from,
    wordings_to_json,
)
from storyboard.story.values import (
    CHECKINGS,
    CROPS,
    ID,
    LOOKS,
    MAX_ALIASES,
    MAX_CAST,
    MAX_FRAMES,
    MAX_LABEL,
    MAX_LOOKS,
    MAX_NAME,
    MAX_PORTRAITS,
    MAX_SEED,
    MAX_STYLE,
    MAX_TAKES,
    MAX_TITLE,
    PRONOUNS,
    QUALITIES,
    Character,
    Frame,
    Portrait,
    Story,
    StoryStyle,
)
from storyboard.text.board_notes import LIMITS, BoardNotes, notes_of
from storyboard.text.captions import MAX_CAPTION, Binding

VERSION = 1


def untold(sentence: str) -> None:
    """Ignores the sentence; the `tell` of readers that have nobody to tell."""


def story_to_json(story: Story, frame: Callable[[Frame], object] | None = None) -> dict:
    """Returns the story as JSON values; `story_from_json` turns them back into an equal story.

    `frame`: makes the JSON value of each frame, if that should not be the frame's own values.
    """
    return {
        "version": VERSION,
        **head_to_json(story),
        "cast": [_character_to_json(character) for character in story.cast],
        "frames": [(frame or frame_to_json)(one) for one in story.frames],
    }


def head_to_json(story: Story) -> dict:
    """Returns everything of a story except its cast and frames, as JSON values."""
    return {
        "id": story.id,
        "title": story.title,
        "seed": story.seed,
        "look": story.look,
        "quality": story.quality,
        "checking": story.checking,
        "crop": story.crop,
        "style": asdict(story.style),
    }


def story_from_json(data: object, tell: Tell = untold) -> Story:
    """Returns the story that `story_to_json` wrote. Anything else raises a StoryError that names the place.

    `tell` is called with one sentence for each look that was dropped. A frame that is already a `Frame` is taken as it
    is.
    """
    fields = Fields(data, "story", tell)
    if fields.whole("version", 1, 10**6) > VERSION:
        raise StoryError("The story was written by a newer version of this app; update the app to open it.")
    story = Story(
        id=fields.match("id", ID),
        title=fields.text("title", MAX_TITLE),
        seed=fields.whole("seed", 0, MAX_SEED),
        cast=fields.items("cast", MAX_CAST, _character),
        frames=fields.items("frames", MAX_FRAMES, _frame, known=(Frame,)),
        look=fields.one_of("look", LOOKS, default="colour"),
        quality=fields.one_of("quality", tuple(QUALITIES), default="standard"),
        checking=fields.one_of("checking", CHECKINGS, default="ask"),
        crop=fields.one_of("crop", tuple(CROPS), default="none"),
        style=fields.part_or_none("style", _style) or StoryStyle(),
    )
    _check_names(story)
    check_unique([frame.id for frame in story.frames], "story.frames")
    return story


def frame_from_json(data: object, tell: Tell = untold) -> Frame:
    """Returns the frame that `frame_to_json` wrote. Anything else raises a StoryError that names the place."""
    return _frame(Fields(data, "frame", tell))


def _character_to_json(character: Character) -> dict:
    return {
        "name": character.name,
        "pronoun": character.pronoun,
        "aliases": list(character.aliases),
        "portraits": [_portrait_to_json(portrait) for portrait in character.portraits],
        "chosen": character.chosen,
    }


def _portrait_to_json(portrait: Portrait) -> dict:
    described: dict[str, object] = {"id": portrait.id, "label": portrait.label, "picture": portrait.picture}
    if portrait.words:
        described["words"] = portrait.words
    return described if portrait.look is None else described | {"look": portrait.look.to_json()}


def frame_to_json(frame: Frame) -> dict:
    """Returns the frame as JSON values; `frame_from_json` turns them back into an equal frame."""
    return {
        "id": frame.id,
        "caption": frame.caption,
        "takes": [take_to_json(take) for take in frame.takes],
        "chosen": frame.chosen,
        "locked": frame.locked,
        "sees": frame.sees,
        "seed": frame.seed,
        "portraits": [list(pair) for pair in frame.portraits],
        "included": list(frame.included),
        "excluded": list(frame.excluded),
        "bindings": [
            {"word": one.word, "occurrence": one.occurrence, "names": list(one.names)}
            for one in frame.bindings
        ],
        "wordings": wordings_to_json(frame.wordings),
        "board": asdict(frame.board) if frame.board != BoardNotes() else None,
    }


def _style(fields: Fields) -> StoryStyle:
    return StoryStyle(
        words=fields.text("words", MAX_STYLE),
        negative=fields.text("negative", MAX_STYLE),
        aspect=fields.one_of("aspect", tuple(ASPECTS)),
        picture=fields.match("picture", HASH),
    )


def _character(fields: Fields) -> Character:
    portraits = fields.items("portraits", MAX_PORTRAITS, _portrait)
    check_unique([portrait.id for portrait in portraits], f"{fields.where}.portraits")
    chosen = fields.match("chosen", ID)
    if chosen not in [portrait.id for portrait in portraits]:
        raise fields.wrong("chosen", "is none of the portraits")
    return Character(
        name=fields.text("name", MAX_NAME, empty=False),
        pronoun=fields.one_of("pronoun", PRONOUNS),
        aliases=fields.names("aliases", MAX_ALIASES),
        portraits=portraits,
        chosen=chosen,
    )


def _portrait(fields: Fields) -> Portrait:
    label = fields.text("label", MAX_LABEL)
    return Portrait(
        id=fields.match("id", ID),
        label=label,
        picture=fields.match("picture", PICTURE),
        look=_look(fields, label),
        words=fields.text("words", MAX_LOOKS, default=""),
    )


def _look(fields: Fields, label: str) -> Look | None:
    described = fields.get("look", None)
    try:
        return None if described is None else Look.from_json(described)
    except StoryError:
        fields.tell(
            f'The look of the portrait "{label}" is damaged or newer than this app; it stays a picture, worn but not'
            " changed."
        )
        return None


def _frame(fields: Fields) -> Frame:
    takes = fields.items("takes", MAX_TAKES, take_from, default=())
    check_unique([take.id for take in takes], f"{fields.where}.takes")
    chosen = fields.get("chosen", None)
    if chosen is not None and chosen not in [take.id for take in takes]:
        raise fields.wrong("chosen", "is none of the takes")
    return Frame(
        id=fields.match("id", ID),
        caption=fields.text("caption", MAX_CAPTION, empty=False),
        takes=takes,
        chosen=chosen,
        locked=fields.flag("locked", False),
        sees=fields.whole_or_none("sees", 0, MAX_FRAMES),
        seed=fields.whole_or_none("seed", 0, MAX_SEED),
        portraits=fields.pairs("portraits", ID),
        included=fields.names("included", default=()),
        excluded=fields.names("excluded", default=()),
        bindings=fields.items("bindings", MAX_READINGS, _binding, default=()),
        wordings=wordings_from(fields),
        board=fields.part_or_none("board", _board) or BoardNotes(),
    )


def _board(fields: Fields) -> BoardNotes:
    given = {name: fields.get(name, "") for name in LIMITS}
    try:
        return notes_of({**given, "seconds": fields.get("seconds", None)})
    except StoryError as error:
        raise damaged(fields.where, "does not fit") from error


def _binding(fields: Fields) -> Binding:
    names = fields.names("names")
    if not names:
        raise fields.wrong("names", "is empty")
    return Binding(fields.text("word", 10, empty=False), fields.whole("occurrence", 0, MAX_READINGS), names)


def _check_names(story: Story) -> None:
    """Checks that the settings of frames name only cast members and portraits that exist.

    A take may name a character who has left the cast.
    """
    check_unique([character.name.casefold() for character in story.cast], "story.cast")
    portraits = {one.name: {portrait.id for portrait in one.portraits} for one in story.cast}
    for index, frame in enumerate(story.frames):
        where = f"story.frames[{index}]"
        bound = [name for binding in frame.bindings for name in binding.names]
        for name in (*frame.included, *frame.excluded, *bound, *(name for name, _ in frame.portraits)):
            if name not in portraits:
                raise damaged(where, f"is about {name[:40]}, who is not in the cast")
        for name, portrait_id in frame.portraits:
            if portrait_id not in portraits[name]:
                raise damaged(f"{where}.portraits", f"has a portrait that {name} does not have")
