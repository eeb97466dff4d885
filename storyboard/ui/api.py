"""The typed endpoints: the same verbs as the page, for programs, each on a story id.

Knows Gradio and the studio, no models. A picture in an answer is the address it can be fetched from.
"""

import functools
from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.route_utils import get_root_url

from storyboard.errors import StoryError
from storyboard.jobs import Job
from storyboard.story import Frame, Story
from storyboard.ui.studio import Studio

DRAWING_AT_ONCE = 8  # calls that may wait for their pictures together; the drawing itself is the queue's

Root = Callable[[gr.Request], str]  # the public address of this app, as the caller reached it


def add_api(page: gr.Blocks, studio: Studio) -> None:
    """Publish the endpoints, inside the context of `page`."""

    def root(request: gr.Request) -> str:
        return get_root_url(request.request, request.request.url.path, page.root_path)

    create_story, get_story = _story_endpoints(studio, root)
    gr.api(_explaining(create_story), api_name="create_story", queue=False)
    gr.api(_explaining(get_story), api_name="get_story", queue=False)
    for endpoint in _drawing_endpoints(studio, root):
        gr.api(
            _explaining(endpoint),
            api_name=endpoint.__name__,
            concurrency_id="api-drawing",
            concurrency_limit=DRAWING_AT_ONCE,
        )


def _story_endpoints(studio: Studio, root: Root) -> tuple[Callable, Callable]:
    def create_story() -> str:
        """Begin an empty story with the whole cast. Returns its id, which is the only way back to it."""
        return studio.create()

    def get_story(story_id: str, request: gr.Request) -> dict[str, Any]:
        """A story as it is now: its cast with the portraits they wear, and its frames in order."""
        return describe_story(studio, studio.session(story_id).story, root(request))

    return create_story, get_story


def _drawing_endpoints(studio: Studio, root: Root) -> tuple[Callable, ...]:
    def add_frame(story_id: str, sentence: str, request: gr.Request) -> dict[str, Any]:
        """Add a frame to the end of a story and draw it. Returns the frame once it is drawn."""
        return drawn(studio.add(story_id, sentence)[1], request)

    def edit_frame(story_id: str, frame_id: str, sentence: str, request: gr.Request) -> dict[str, Any]:
        """Give a frame another sentence and redraw it. Returns the frame once it is drawn."""
        studio.edit(story_id, frame_id, sentence)
        return drawn(studio.draw(story_id, frame_id), request)

    def reroll_frame(story_id: str, frame_id: str, request: gr.Request) -> dict[str, Any]:
        """Draw a frame once more with another seed; earlier takes are kept. Returns the frame once drawn."""
        return drawn(studio.draw(story_id, frame_id, reroll=True), request)

    def drawn(job: Job, request: gr.Request) -> dict[str, Any]:
        job = studio.wait(job)
        story = studio.session(job.story_id).story
        if job.state == "failed":
            raise StoryError(job.error or "The frame could not be drawn; try once more.")
        frame = story.frame(job.frame_id)
        if job.state == "cancelled":
            number = story.frame_number(frame.id)
            raise StoryError(f"Frame {number} was stopped or changed before it was drawn; draw it once more.")
        return describe_frame(studio, story, frame, root(request))

    return add_frame, edit_frame, reroll_frame


def describe_story(studio: Studio, story: Story, root: str) -> dict[str, Any]:
    """A story for a program: JSON values only."""
    return {
        "id": story.id,
        "title": story.title,
        "seed": story.seed,
        "cast": [
            {
                "name": character.name,
                "pronoun": character.pronoun,
                "portrait": character.portrait.label,
                "picture": _address(studio, character.portrait.picture, root),
                "portraits": [portrait.label for portrait in character.portraits],
            }
            for character in story.cast
        ],
        "frames": [describe_frame(studio, story, frame, root) for frame in story.frames],
    }


def describe_frame(studio: Studio, story: Story, frame: Frame, root: str) -> dict[str, Any]:
    """A frame and the take on the board; what only a take has is None before the first."""
    take = frame.take
    return {
        "id": frame.id,
        "number": story.frame_number(frame.id),
        "caption": frame.caption,
        "picture": _address(studio, take.picture, root) if take else None,
        "drawn_caption": take.caption if take else None,
        "mentioned": list(take.mentioned) if take else None,
        "conditioning": take.conditioning if take else None,
        "seed": take.seed if take else None,
        "steps": take.steps if take else None,
        "guidance": take.guidance if take else None,
        "seconds": round(take.seconds, 3) if take else None,
        "takes": len(frame.takes),
        "stale": frame.id in studio.stale_frames(story),
    }


def _address(studio: Studio, picture: str, root: str) -> str:
    return f"{root}/gradio_api/file={studio.pictures.path(picture).resolve().as_posix()}"


def _explaining(endpoint: Callable) -> Callable:
    """A StoryError reaches the caller as it is; anything else stays in the log."""

    @functools.wraps(endpoint)
    def explaining(*arguments, **named):
        try:
            return endpoint(*arguments, **named)
        except StoryError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return explaining
