"""What the board shows of a story, as plain JSON values: `board_view`. The page paints exactly this.

Knows neither torch nor gradio. Pictures are keys of the picture store; a preview travels inside.
"""

from __future__ import annotations

import base64
import io

from PIL import Image

from storyboard.captions import mentioned_names
from storyboard.jobs import Job
from storyboard.story import Character, Frame, Story
from storyboard.ui.studio import Studio

PREVIEW_SIDE = 256  # pixels


def board_view(studio: Studio, story_id: object) -> dict:
    """The story as the board shows it. StoryError for an unknown story."""
    # Read first: a change during the rest gets a higher number, so nobody takes this view for the newest.
    version = studio.version(story_id)
    story = studio.session(story_id).story
    jobs = studio.queue.jobs_of(story.id)
    latest = {job.frame_id: job for job in jobs}
    waiting = [job.id for job in jobs if not job.finished]
    stale = studio.stale_frames(story)
    return {
        "story": story.id,
        "version": version,
        "cast": [_person(character) for character in story.cast],
        "frames": [
            _frame(story, frame, number)
            | {"stale": frame.id in stale, "job": _job(latest.get(frame.id), waiting)}
            for number, frame in enumerate(story.frames, start=1)
        ],
    }


def _person(character: Character) -> dict:
    return {
        "name": character.name,
        "pronoun": character.pronoun,
        "chosen": character.chosen,
        "portraits": [
            {"id": portrait.id, "label": portrait.label, "picture": portrait.picture}
            for portrait in character.portraits
        ],
    }


def _frame(story: Story, frame: Frame, number: int) -> dict:
    take = frame.take
    ids = [one.id for one in frame.takes]
    return {
        "id": frame.id,
        "number": number,
        "caption": frame.caption,
        "picture": take.picture if take else None,
        "mentioned": list(take.mentioned if take else mentioned_names(frame.caption, story.names)),
        "takes": {"ids": ids, "chosen": ids.index(take.id) if take else -1},
    }


def _job(job: Job | None, waiting: list[str]) -> dict | None:
    """A job that waits, runs or failed; None for one that ended well or was stopped."""
    if job is None or job.state in ("done", "cancelled"):
        return None
    return {
        "state": job.state,
        "ahead": waiting.index(job.id) if job.state == "queued" else 0,
        "step": job.step,
        "steps": job.steps,
        "preview": _data_url(job.preview) if job.preview else None,
        "error": job.error,
    }


def _data_url(picture: Image.Image) -> str:
    small = picture.convert("RGB")
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, format="JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
