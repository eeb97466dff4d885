"""What the board shows of a story, as plain JSON values: `board_view`. The page paints exactly this.

Imports neither torch nor Gradio. Pictures are keys of the picture store; a preview is inside the view. The drawings are
a separate part, `jobs_view`: while a drawing goes on, usually nothing else changes, so only that part is sent.
"""

from __future__ import annotations

import base64
import io
from dataclasses import asdict
from functools import partial
from typing import Literal

from PIL import Image

from storyboard.exports.panels import Panel
from storyboard.story.descriptions import describe
from storyboard.story.inputs import StoryInputs, inputs_of
from storyboard.story.job import Job
from storyboard.story.values import QUALITIES, Character, Frame, Story, Take
from storyboard.story.where import where_frames_are
from storyboard.studio.described import reading_of, wrong_with
from storyboard.studio.studio import Studio
from storyboard.text.board_notes import BoardNotes
from storyboard.text.captions import Pronoun, find_mentions
from storyboard.text.impersonal import is_impersonal
from storyboard.text.presence import not_shown, those_there
from storyboard.text.readings import as_understood

PREVIEW_SIDE = 256  # pixels
_THINGS = ("it", "its")  # pronouns of things; shown only if they mean, or may mean, somebody


def board_view(studio: Studio, story_id: object) -> dict:
    """Returns the story as the board shows it: its drawings (see `jobs_view`), its settings, its cast and its frames.

    StoryError for an unknown story.
    """
    # Read first, because a change while the rest is read gets a higher number, and this view then counts as older.
    jobs = jobs_view(studio, story_id)
    session = studio.session(story_id)
    story = session.story
    inputs = inputs_of(story)
    stale = studio.stale_frames(story)
    return jobs | {
        "title": story.title,
        "look": story.look,
        "crop": story.crop,
        "quality": story.quality,
        "checking": story.checking,
        "style": asdict(story.style),
        "qualities": [
            {"name": name, "steps": studio.steps_in(name), "seconds": studio.estimate(story_id, name)}
            for name in QUALITIES
        ],
        "saved": session.saved_at,
        "can_undo": session.can_undo,
        "can_redo": session.can_redo,
        "cast": [_person(studio, character) for character in story.cast],
        "frames": [
            _shown(inputs, frame, number, inputs.stale_cause(frame) if frame.id in stale else None, where)
            for number, (frame, where) in enumerate(
                zip(story.frames, where_frames_are(inputs, studio.places), strict=True), start=1
            )
        ],
    }


def jobs_view(studio: Studio, story_id: object) -> dict:
    """Returns the drawings of a story, and the numbers that show whether the rest has changed too.

    It is a part of what `board_view` returns.
    """
    session = studio.session(story_id)
    revision, jobs_version = session.revision, studio.queue.version(session.story.id)
    return {
        "story": session.story.id,
        "revision": revision,
        "jobs_version": jobs_version,
        "jobs": [_job(job) for job in studio.open_jobs(story_id)],
        "seconds": studio.estimate(story_id),
        "doing": studio.renderer.doing,
        "notice": studio.renderer.notice,
        "trouble": studio.library.trouble if studio.library else "",
    }


def frame_details(story: Story, frame: Frame) -> dict:
    """Returns, by name, everything that the picture on the board was drawn with, ready to be sent.

    Before the first picture there is an `id` of None and no attention map.
    """
    take = frame.take
    if take is None:
        return {"id": None, "attention": []}
    holders = {one.id: (number, one) for number, held in enumerate(story.frames, 1) for one in held.takes}
    return {
        "id": take.id,
        "caption": take.caption,
        "resolved": take.text,
        "prompt": take.prompt,
        "understood": as_understood(take.caption, take.text, take.readings, story.names),
        "seed": take.seed,
        "steps": take.steps,
        "guidance": take.guidance,
        "seconds": take.seconds,
        "conditioning": take.conditioning,
        "model": take.model,
        "checked": take.verdict is not None,
        "wrong": wrong_with(take),
        "attention": [{"name": name, "picture": key} for name, key in take.attention],
        "portraits": [{"name": name, "picture": key} for name, key in take.portraits],
        "read": [
            {"number": holders[one][0], "picture": holders[one][1].picture}
            if one in holders
            else {"number": None, "picture": None}
            for one in take.read
        ],
    }


def _person(studio: Studio, character: Character) -> dict:
    return {
        "name": character.name,
        "pronoun": character.pronoun,
        "aliases": list(character.aliases),
        "chosen": character.chosen,
        "portraits": [
            {
                "id": portrait.id,
                "label": portrait.label,
                "picture": portrait.picture,
                "look": portrait.look and portrait.look.to_json(),
                "words": portrait.words,
                "learned": studio.has_learned(portrait),
            }
            for portrait in character.portraits
        ],
    }


def _shown(inputs: StoryInputs, frame: Frame, number: int, cause: str | None, where: dict | None) -> dict:
    """Returns a frame as the board shows it. It is the same object as in the last view if nothing of it has changed."""
    told = inputs.once(frame, "told", lambda: _told(inputs, frame))
    named = [
        _named_before(inputs, frame, number, one["start"], one["names"]) if one["names"] else None
        for one in told["pronouns"]
    ]
    latest: dict[str, tuple[tuple, dict]] = inputs.once(frame, "shown", dict)
    rest = number, cause, named, where
    known = latest.get("shown")
    if known and known[0] == rest:
        return known[1]
    pronouns = [one | {"from": before} for one, before in zip(told["pronouns"], named, strict=True)]
    shown = told | {"number": number, "stale": cause is not None, "cause": cause, "pronouns": pronouns}
    shown["where"] = where
    latest["shown"] = (rest, shown)
    return shown


def _told(inputs: StoryInputs, frame: Frame) -> dict:
    """Returns what is shown of a frame that depends neither on its number nor on sentences that it does not read."""
    take = frame.take
    ids = [one.id for one in frame.takes]
    absent = not_shown(inputs.read(frame.caption))
    pronouns = [
        one
        for occurrence, pronoun in enumerate(inputs.read(frame.caption).pronouns)
        if (one := _pronoun(inputs, frame, occurrence, pronoun)) is not None
    ]
    return {
        "id": frame.id,
        "caption": frame.caption,
        "picture": take.picture if take else None,
        "wrong": wrong_with(take) if take and take.caption == frame.caption else None,
        "locked": frame.locked,
        "sees": frame.sees,
        "seed": frame.seed,
        "who": _who(
            inputs, frame, {name for one in pronouns if one["start"] not in absent for name in one["names"]}
        ),
        "pronouns": pronouns,
        "asked": _asked(inputs, frame),
        "wordings": [[one.written, one.drawn] for one in frame.wordings],
        "board": asdict(frame.board) if frame.board != BoardNotes() else None,
        "lasts": Panel(0, frame.caption, None, board=frame.board).seconds,
        "takes": {
            "all": [_take(one) for one in frame.takes],
            "chosen": ids.index(take.id) if take else -1,
        },
    }


def _asked(inputs: StoryInputs, frame: Frame) -> list[dict]:
    """Returns descriptions in the sentence that fit several of the cast, with these people.

    The page asks once who is meant, and the description then becomes an alias.
    """
    left = describe(inputs.story.cast).open
    taken = [(one.start, one.end) for one in inputs.read(frame.caption).mentions]
    found = []
    for mention in find_mentions(frame.caption, {phrase: () for phrase in left}):
        if not any(start < mention.end and mention.start < end for start, end in taken):
            people = [name for name in left[mention.name] if name not in frame.excluded]
            found.append(
                {"phrase": mention.name, "start": mention.start, "end": mention.end, "people": people}
            )
    return found


def _take(take: Take) -> dict:
    shown = {"id": take.id, "picture": take.picture, "seed": take.seed, "caption": take.caption}
    return shown | {"wrong": wrong_with(take)}


def _who(inputs: StoryInputs, frame: Frame, meant: set[str]) -> list[dict]:
    """Returns every cast member and how they come to be in this frame; those who are in it come first.

    They are "named" in the sentence, "meant" by a pronoun, "added" or kept "out" by the writer, or "absent". Somebody
    whom the sentence names as being away is "absent" too, so that the writer can add them.
    """
    named = those_there(inputs.read(frame.caption))
    own = dict(frame.portraits)

    def how(name: str) -> str:
        if name in frame.excluded:
            return "out"
        if name in named:
            return "named"
        if name in frame.included:
            return "added"
        return "meant" if name in meant else "absent"

    people = [
        {"name": one.name, "how": how(one.name), "portrait": own.get(one.name)} for one in inputs.story.cast
    ]
    return sorted(people, key=lambda one: one["how"] == "absent")


def _pronoun(inputs: StoryInputs, frame: Frame, occurrence: int, pronoun: Pronoun) -> dict | None:
    """Returns whom a pronoun stands for and who decided it; None for an "it" that is only a thing."""
    names, confidence, by = reading_of(inputs, frame, occurrence, pronoun)
    if not names and pronoun.word in _THINGS:
        someone = any(one.pronoun == "it" for one in inputs.in_play(frame))
        if not someone or is_impersonal(frame.caption, pronoun):
            return None
    return {
        "word": pronoun.word,
        "start": pronoun.start,
        "end": pronoun.end,
        "occurrence": occurrence,
        "names": list(names),
        "confidence": confidence,
        "by": by,
    }


def _named_before(inputs: StoryInputs, frame: Frame, number: int, start: int, names: list[str]) -> int | None:
    """Returns the number of the latest earlier frame whose sentence has one of `names`.

    Returns None if there is none, or if this sentence itself has one of them before `start`.
    """
    own = inputs.read(frame.caption).mentions
    if any(mention.name in names and mention.end <= start for mention in own):
        return None
    for earlier in range(number - 1, 0, -1):
        one = inputs.story.frames[earlier - 1]
        if not inputs.once(one, "named", partial(_named, inputs, one)).isdisjoint(names):
            return earlier
    return None


def _named(inputs: StoryInputs, frame: Frame) -> frozenset[str]:
    return frozenset(inputs.read(inputs.text(frame)).names)


def _job(job: Job) -> dict:
    return {
        "id": job.id,
        "frame": job.frame_id,
        "state": job.state,
        "ahead": job.ahead,
        "step": job.step,
        "steps": job.steps,
        "left": job.seconds_left,
        "preview": data_url(job.preview) if job.preview and job.state == "drawing" else None,
        "error": job.error,
    }


def data_url(picture: Image.Image, kind: Literal["JPEG", "PNG"] = "JPEG") -> str:
    """Returns a picture as a data: address, at most PREVIEW_SIDE pixels wide and high."""
    small = picture.convert("RGB")
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, format=kind, quality=80)
    return f"data:image/{kind.lower()};base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
