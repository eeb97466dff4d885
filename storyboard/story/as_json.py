"""A story as JSON values and back: what the library and project files hold of it.

Knows neither files nor pictures: pictures are the keys that stand in the story. What comes in is foreign data:
everything is checked, and what does not fit is a StoryError that says where. Fields a newer version added may be
missing (a story written before them) or unknown (written after); the first get their defaults, the others are left.
A look that cannot be read costs its portrait nothing but the look, and whoever reads the story is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import get_args

from storyboard.errors import StoryError
from storyboard.people import Look
from storyboard.renderer import ASPECTS, CONDITIONINGS, Verdict
from storyboard.story.fields import Fields, check_unique, damaged
from storyboard.story.fields import Tell as Tell
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
    MAX_MODEL,
    MAX_NAME,
    MAX_PORTRAITS,
    MAX_PROMPT,
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
    Take,
)
from storyboard.text.board_notes import LIMITS, BoardNotes, notes_of
from storyboard.text.captions import MAX_CAPTION, Binding, ReadBy, Reading
from storyboard.text.wordings import MAX_WORDINGS, Wording, check_wording

VERSION = 1
MAX_READINGS = MAX_CAPTION // 2  # a sentence holds no more pronouns
MAX_STRANGERS = 100  # in a picture

_PICTURE = re.compile(r"[0-9a-f]{64}")
_HASH = re.compile(r"[0-9a-f]{64}|")


def untold(sentence: str) -> None:
    """For readers that have nobody to tell."""


def story_to_json(story: Story, frame: Callable[[Frame], object] | None = None) -> dict:
    """The story as JSON values; `story_from_json` gives an equal one back.

    `frame`: what stands for each frame in place of its own values.
    """
    return {
        "version": VERSION,
        "id": story.id,
        "title": story.title,
        "seed": story.seed,
        "look": story.look,
        "quality": story.quality,
        "checking": story.checking,
        "crop": story.crop,
        "style": asdict(story.style),
        "cast": [_character_to_json(character) for character in story.cast],
        "frames": [(frame or frame_to_json)(one) for one in story.frames],
    }


def story_from_json(data: object, tell: Tell = untold) -> Story:
    """The story `story_to_json` wrote. StoryError naming the place for anything else.

    `tell` is called with a sentence for every look that was left out, which costs the story nothing else. A frame that
    was read before stands for itself.
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
    """The frame `frame_to_json` wrote. StoryError naming the place for anything else."""
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
    """The frame as JSON values; `frame_from_json` gives an equal one back."""
    return {
        "id": frame.id,
        "caption": frame.caption,
        "takes": [_take_to_json(take) for take in frame.takes],
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
        "wordings": _wordings_to_json(frame.wordings),
        "board": asdict(frame.board) if frame.board != BoardNotes() else None,
    }


def _wordings_to_json(wordings: Sequence[Wording]) -> list[list[str]]:
    return [[one.written, one.drawn] for one in wordings]


def _take_to_json(take: Take) -> dict:
    return {
        "id": take.id,
        "caption": take.caption,
        "seed": take.seed,
        "steps": take.steps,
        "guidance": take.guidance,
        "picture": take.picture,
        "conditioning": take.conditioning,
        "mentioned": list(take.mentioned),
        "seconds": take.seconds,
        "inputs": take.inputs,
        "resolved": take.resolved,
        "readings": [
            {
                "word": one.word,
                "start": one.start,
                "end": one.end,
                "names": list(one.names),
                "confidence": one.confidence,
                "by": one.by,
            }
            for one in take.readings
        ],
        "attention": [list(pair) for pair in take.attention],
        "portraits": [list(pair) for pair in take.portraits],
        "read": list(take.read),
        "model": take.model,
        "verdict": take.verdict and verdict_to_json(take.verdict),
        "style": take.style,
        "prompt": take.prompt,
        "wordings": _wordings_to_json(take.wordings),
    }


def verdict_to_json(verdict: Verdict) -> dict:
    """Returns a verdict as JSON values, in a stored story and on the page."""
    return {
        "missing": list(verdict.missing),
        "twice": list(verdict.twice),
        "others": list(verdict.others),
        "strangers": verdict.strangers,
        "place": verdict.place,
    }


def _style(fields: Fields) -> StoryStyle:
    return StoryStyle(
        words=fields.text("words", MAX_STYLE),
        negative=fields.text("negative", MAX_STYLE),
        aspect=fields.one_of("aspect", tuple(ASPECTS)),
        picture=fields.match("picture", _HASH),
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
        picture=fields.match("picture", _PICTURE),
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
    takes = fields.items("takes", MAX_TAKES, _take, default=())
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
        wordings=_wordings(fields),
        board=fields.part_or_none("board", _board) or BoardNotes(),
    )


def _board(fields: Fields) -> BoardNotes:
    given = {name: fields.get(name, "") for name in LIMITS}
    try:
        return notes_of({**given, "seconds": fields.get("seconds", None)})
    except StoryError as error:
        raise damaged(fields.where, "does not fit") from error


def _wordings(fields: Fields) -> tuple[Wording, ...]:
    """A list of [words as written, words drawn]; none in what was written before there were any."""
    pairs = fields.values("wordings", MAX_WORDINGS)
    for pair in pairs:
        if not (isinstance(pair, list) and [type(part) for part in pair] == [str, str]):
            raise fields.wrong("wordings", "holds something that is no pair of words")
        try:
            fits = check_wording(*pair) == Wording(*pair)
        except StoryError:
            fits = False
        if not fits:
            raise fields.wrong("wordings", "holds words that are not drawn")
    return tuple(Wording(*pair) for pair in pairs)


def _binding(fields: Fields) -> Binding:
    names = fields.names("names")
    if not names:
        raise fields.wrong("names", "is empty")
    return Binding(fields.text("word", 10, empty=False), fields.whole("occurrence", 0, MAX_READINGS), names)


def _take(fields: Fields) -> Take:
    return Take(
        id=fields.match("id", ID),
        caption=fields.text("caption", MAX_CAPTION, empty=False),
        seed=fields.whole("seed", 0, MAX_SEED),
        steps=fields.whole("steps", 1, 10_000),
        guidance=fields.number("guidance", 0, 1000),
        picture=fields.match("picture", _PICTURE),
        conditioning=fields.one_of("conditioning", CONDITIONINGS),
        mentioned=fields.names("mentioned"),
        seconds=fields.number("seconds", 0, 10**7),
        inputs=fields.match("inputs", _HASH),
        resolved=fields.text("resolved", MAX_CAPTION, default=""),
        readings=fields.items("readings", MAX_READINGS, _reading, default=()),
        attention=fields.pairs("attention", _PICTURE),
        portraits=fields.pairs("portraits", _PICTURE),
        read=fields.ids("read", MAX_FRAMES),
        model=fields.text("model", MAX_MODEL, default=""),
        verdict=fields.part_or_none("verdict", _verdict),
        style=fields.match("style", _HASH, default=""),
        prompt=fields.text("prompt", MAX_PROMPT, default=""),
        wordings=_wordings(fields),
    )


def _verdict(fields: Fields) -> Verdict:
    return Verdict(
        missing=fields.names("missing"),
        twice=fields.names("twice"),
        others=fields.names("others"),
        strangers=fields.whole("strangers", 0, MAX_STRANGERS),
        place=fields.text("place", MAX_NAME),
    )


def _reading(fields: Fields) -> Reading:
    start = fields.whole("start", 0, MAX_CAPTION)
    return Reading(
        word=fields.text("word", 10, empty=False),
        start=start,
        end=fields.whole("end", start, MAX_CAPTION),
        names=fields.names("names"),
        confidence=fields.number("confidence", 0, 1),
        by=fields.one_of("by", get_args(ReadBy)),
    )


def _check_names(story: Story) -> None:
    """Names in frames' settings are the cast's and their portraits exist; a take may name someone who has left."""
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
