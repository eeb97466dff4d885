"""Takes as JSON values and back, with how their sentences were read and what was found in their pictures.

A part of `as_json.py`, which says how foreign data is handled. Knows no frames and no story.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import get_args

from storyboard.errors import StoryError
from storyboard.renderer import CONDITIONINGS, Verdict
from storyboard.story.fields import Fields
from storyboard.story.values import ID, MAX_FRAMES, MAX_MODEL, MAX_NAME, MAX_PROMPT, MAX_SEED, Take
from storyboard.text.captions import MAX_CAPTION, ReadBy, Reading
from storyboard.text.wordings import MAX_WORDINGS, Wording, check_wording

MAX_READINGS = MAX_CAPTION // 2  # a sentence cannot have more pronouns
MAX_STRANGERS = 100  # in a picture

PICTURE = re.compile(r"[0-9a-f]{64}")
HASH = re.compile(r"[0-9a-f]{64}|")


def take_to_json(take: Take) -> dict:
    """Returns the take as JSON values; `take_from` turns them back into an equal take."""
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
        "wordings": wordings_to_json(take.wordings),
    }


def verdict_to_json(verdict: Verdict) -> dict:
    """Returns a verdict as JSON values, for stored stories and for the page."""
    return {
        "missing": list(verdict.missing),
        "twice": list(verdict.twice),
        "others": list(verdict.others),
        "strangers": verdict.strangers,
        "place": verdict.place,
    }


def take_from(fields: Fields) -> Take:
    """Returns the take that `take_to_json` wrote. Anything else raises a StoryError that names the place."""
    return Take(
        id=fields.match("id", ID),
        caption=fields.text("caption", MAX_CAPTION, empty=False),
        seed=fields.whole("seed", 0, MAX_SEED),
        steps=fields.whole("steps", 1, 10_000),
        guidance=fields.number("guidance", 0, 1000),
        picture=fields.match("picture", PICTURE),
        conditioning=fields.one_of("conditioning", CONDITIONINGS),
        mentioned=fields.names("mentioned"),
        seconds=fields.number("seconds", 0, 10**7),
        inputs=fields.match("inputs", HASH),
        resolved=fields.text("resolved", MAX_CAPTION, default=""),
        readings=fields.items("readings", MAX_READINGS, _reading, default=()),
        attention=fields.pairs("attention", PICTURE),
        portraits=fields.pairs("portraits", PICTURE),
        read=fields.ids("read", MAX_FRAMES),
        model=fields.text("model", MAX_MODEL, default=""),
        verdict=fields.part_or_none("verdict", _verdict),
        style=fields.match("style", HASH, default=""),
        prompt=fields.text("prompt", MAX_PROMPT, default=""),
        wordings=wordings_from(fields),
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


def wordings_to_json(wordings: Sequence[Wording]) -> list[list[str]]:
    """Returns wordings as pairs: the words as written, and the words that are drawn."""
    return [[one.written, one.drawn] for one in wordings]


def wordings_from(fields: Fields) -> tuple[Wording, ...]:
    """Returns the field "wordings" of a frame or take. Files from before wordings existed have none, so it is empty."""
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
