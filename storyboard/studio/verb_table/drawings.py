"""The verbs for programs that draw, report the progress of drawing, and stop it.

A verb that returns a job is answered once the job has ended. Imports neither torch nor Gradio.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from storyboard.story.job import Job
from storyboard.studio.verb_table.arguments import AFTER, BEFORE, FRAME, STORY, WORDINGS
from storyboard.studio.verb_table.verb import Argument, Verb

DRAW = Argument("draw", bool, "false: only write it, and draw it later", default=True)
DRAWN = "The frame with the address of its new picture."
QUEUED = "How many frames wait to be drawn now; progress says how far they are."


def _add(studio: Any, story_id: str, sentence: str, wordings: Any, draw: bool, **beside: str | None) -> Any:
    frame, job = studio.add(story_id, sentence, beside["after_id"], beside["before_id"], wordings, draw)
    return job or frame


def _edit(studio: Any, story_id: str, frame_id: str, sentence: str, draw: bool, base: str | None) -> Any:
    frame = studio.change(story_id, "edit_frame", frame=frame_id, caption=sentence, base=base)
    return studio.draw(story_id, frame_id) if draw else frame


def _draw(studio: Any, story_id: str, frame_id: str) -> Job:
    return studio.draw(story_id, frame_id)


def _reroll(studio: Any, story_id: str, frame_id: str) -> Job:
    return studio.draw(story_id, frame_id, reroll=True)


def _best(studio: Any, story_id: str, frame_id: str) -> Job:
    return studio.draw(story_id, frame_id, best=True)


def _variants(studio: Any, story_id: str, frame_id: str, count: int) -> Job:
    return studio.draw(story_id, frame_id, variants=count)


def _missing(studio: Any, story_id: str) -> Mapping[str, Any]:
    return {"queued": studio.draw_missing(story_id)}


def _stale(studio: Any, story_id: str) -> Mapping[str, Any]:
    return {"queued": studio.draw_stale(story_id)}


def _retry(studio: Any, story_id: str) -> Mapping[str, Any]:
    return {"queued": studio.retry_failed(story_id)}


def _resume(studio: Any, story_id: str) -> Mapping[str, Any]:
    return {"queued": studio.resume(story_id)}


def _cancel(studio: Any, story_id: str, frame_id: str | None) -> Mapping[str, Any]:
    if frame_id is None:
        studio.cancel_all(story_id)
    else:
        studio.stop(story_id, studio.session(story_id).story.frame(frame_id).id)
    return _progress(studio, story_id)


def _progress(studio: Any, story_id: str) -> Mapping[str, Any]:
    """Returns what waits, runs, failed or was interrupted, in order, as the page shows it."""
    story = studio.session(story_id).story
    numbers = {frame.id: number for number, frame in enumerate(story.frames, start=1)}
    return {
        "jobs": [_told(job, numbers[job.frame_id]) for job in studio.open_jobs(story_id)],
        "seconds_a_frame": studio.estimate(story_id),
        "doing": studio.renderer.doing,
        "notice": studio.renderer.notice,
    }


def _told(job: Job, number: int) -> Mapping[str, Any]:
    shared = ("frame_id", "state", "ahead", "step", "steps", "seconds_left", "error")
    return {"number": number} | {name: getattr(job, name) for name in shared}


def _drawing(name: str, text: str, does: Callable[..., Job], *more: Argument) -> Verb:
    return Verb(name, text, (STORY, FRAME, *more), does, "adds", DRAWN, waits="drawing", draws=True)


def _in_bulk(name: str, text: str, does: Callable[..., Mapping[str, Any]], in_app: bool = False) -> Verb:
    return Verb(name, text, (STORY,), does, "adds", QUEUED, draws=True, in_app=in_app)


DRAWING_VERBS = (
    Verb(
        "add_frame",
        "Add a frame to a story, at the end or where you say, and draw it. This waits for the picture.",
        (
            STORY,
            Argument(
                "sentence",
                str,
                "what the picture shows, with names of the cast, or he, she or they for those named before",
            ),
            AFTER,
            BEFORE,
            WORDINGS.optional(),
            DRAW,
        ),
        _add,
        "adds",
        "The frame with the address of its picture.",
        waits="drawing",
        draws=True,
    ),
    Verb(
        "edit_frame",
        "Give a frame another sentence and draw it again. Its earlier takes are kept. This waits for the picture.",
        (
            STORY,
            FRAME,
            Argument("sentence", str, "what the picture is to show now"),
            DRAW,
            Argument(
                "base", str, "the sentence you started from: where another stands there by now, it stays"
            ).optional(),
        ),
        _edit,
        "replaces",
        DRAWN,
        waits="drawing",
        draws=True,
    ),
    _drawing(
        "draw_frame",
        "Draw a frame as it stands now, as after rebind or where it is out of date. This waits for the picture.",
        _draw,
    ),
    _drawing(
        "reroll_frame",
        "Draw a frame once more with another seed. Its earlier takes are kept. This waits for the picture.",
        _reroll,
    ),
    _drawing(
        "draw_best",
        "Draw a frame again until nothing seems wrong with its picture, at most three times, and choose the best. This "
        "waits for the picture; where nothing is wrong nothing is drawn.",
        _best,
    ),
    _drawing(
        "draw_variants",
        "Draw a frame several times more, each with another seed. This waits for the last picture.",
        _variants,
        Argument("count", int, "how many, 1 to 8"),
    ),
    _in_bulk("draw_missing", "Draw every frame that has no picture yet, except locked ones.", _missing),
    _in_bulk("draw_stale", "Draw every frame whose picture is out of date, except locked ones.", _stale),
    _in_bulk("retry_failed", "Draw once more what failed or was interrupted last.", _retry, in_app=True),
    _in_bulk("resume", "Draw what a restart of the app interrupted.", _resume, in_app=True),
    Verb(
        "progress",
        "See how far drawing is: what waits, what is drawn and in which step, what failed and why.",
        (STORY,),
        _progress,
        "reads",
        "The drawings in their order, and the seconds a frame takes lately.",
        in_app=True,
    ),
    Verb(
        "cancel",
        "Stop what waits or is drawn of a story, or of one frame; finished pictures stay.",
        (STORY, FRAME.optional(text="the frame; left out, the whole story")),
        _cancel,
        "sets",
        "What still goes on, as progress says it.",
        in_app=True,
    ),
)
