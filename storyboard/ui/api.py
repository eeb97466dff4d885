"""The typed endpoints: the same verbs as the page, for programs, each on a story id; they are the MCP tools as well.

Knows Gradio and the studio, no models. The docstrings are what a program or an assistant is told about each verb.
"""

import functools
import inspect
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import gradio as gr
from gradio.route_utils import get_root_url

from storyboard.errors import StoryError
from storyboard.exports import KINDS, PER_PAGE, ExportOptions, missing_letters
from storyboard.story.inputs import inputs_of
from storyboard.story.job import Job
from storyboard.story.values import Story
from storyboard.studio.studio import Studio
from storyboard.studio.visitors import VISITOR, visitor_at
from storyboard.ui.api_people import people_endpoints
from storyboard.ui.described import address, describe_frame, describe_story
from storyboard.ui.files import export

DRAWING_AT_ONCE = 8  # calls that may wait for their pictures together; the drawing itself is the queue's
EXPORTING_AT_ONCE = 2
log = logging.getLogger(__name__)
UNCHANGED = "Something went wrong in the app and nothing was changed; check what was sent, and try once more."
CHANGED = (
    "Something went wrong in the app after the story was changed; look at it with get_story before you send anything "
    "again."
)
LETTERLESS = ("zip", "project")  # exports that draw no text, so no letter can be missing

Root = Callable[[gr.Request], str]  # the public address of this app, as the caller reached it


def add_api(page: gr.Blocks, studio: Studio) -> None:
    """Publish the endpoints, inside the context of `page`."""

    def root(request: gr.Request) -> str:
        return get_root_url(request.request, request.request.url.path, page.root_path)

    for endpoint in (
        *_story_endpoints(studio, root),
        *_frame_endpoints(studio, root),
        *people_endpoints(studio, root),
    ):
        gr.api(_explaining(endpoint, studio), api_name=endpoint.__name__, queue=False)
    for endpoints, group, limit in (
        (_drawing_endpoints(studio, root), "api-drawing", DRAWING_AT_ONCE),
        (_export_endpoints(studio, root), "api-exporting", EXPORTING_AT_ONCE),
    ):
        for endpoint in endpoints:
            gr.api(
                _explaining(endpoint, studio),
                api_name=endpoint.__name__,
                concurrency_id=group,
                concurrency_limit=limit,
            )


def _story_endpoints(studio: Studio, root: Root) -> tuple[Callable, ...]:
    def create_story(title: str = "") -> str:
        """Begin an empty story with the whole cast, who can then be named in its sentences.

        Args:
            title: what the story is called; it may be left empty

        Returns:
            The story's id, which every other call needs. Keep it: it is the only way back to the story.
        """
        story_id = studio.create()
        if title:
            studio.change(story_id, "rename_story", title=title)
        return story_id

    def get_story(story_id: str, request: gr.Request) -> dict[str, Any]:
        """Look at a story as it is now: its cast with the portraits they wear, and its frames in order.

        Each frame has its sentence, the address of its picture, all its takes, whom its pronouns were read as, where it
        is and how that is known, and whether the picture is out of date and why.

        Args:
            story_id: the id create_story gave

        Returns:
            The story.
        """
        return describe_story(studio, studio.session(story_id).story, root(request))

    return create_story, get_story


def _frame_endpoints(studio: Studio, root: Root) -> tuple[Callable, ...]:
    def choose_take(story_id: str, frame_id: str, take_id: str, request: gr.Request) -> dict[str, Any]:
        """Bring back an earlier picture of a frame, with the sentence it was drawn from. Nothing is drawn.

        Args:
            story_id: the id create_story gave
            frame_id: the frame's id, from get_story
            take_id: the id of one of the frame's takes, from get_story

        Returns:
            The frame.
        """
        studio.change(story_id, "choose_take", frame=frame_id, take=take_id)
        return described(story_id, frame_id, request)

    def rebind(
        story_id: str, frame_id: str, occurrence: int, names: list[str], request: gr.Request
    ) -> dict[str, Any]:
        """Say whom a pronoun of a frame's sentence stands for. Nothing is drawn: call draw_frame next.

        Args:
            story_id: the id create_story gave
            frame_id: the frame's id, from get_story
            occurrence: which pronoun of the sentence, counted from 0, as get_story lists them
            names: names from the cast; an empty list leaves it to the model again

        Returns:
            The frame, which is out of date if its picture showed somebody else.
        """
        studio.change(story_id, "rebind", frame=frame_id, occurrence=occurrence, names=names or None)
        return described(story_id, frame_id, request)

    def set_place(story_id: str, frame_id: str, place: str, request: gr.Request) -> dict[str, Any]:
        """Say where a frame is, whatever its sentence says. Nothing is drawn: call draw_frame next.

        Args:
            story_id: the id create_story gave
            frame_id: the frame's id, from get_story
            place: one that the model knows, such as "in the kitchen"; empty leaves it to the story again

        Returns:
            The frame, which is out of date if its picture showed another place.
        """
        studio.change(story_id, "set_place", frame=frame_id, place=place or None)
        return described(story_id, frame_id, request)

    def described(story_id: str, frame_id: str, request: gr.Request) -> dict[str, Any]:
        story = studio.session(story_id).story
        return describe_frame(studio, inputs_of(story), story.frame(frame_id), root(request))

    return choose_take, rebind, set_place


def _drawing_endpoints(studio: Studio, root: Root) -> tuple[Callable, ...]:
    def add_frame(story_id: str, sentence: str, request: gr.Request) -> dict[str, Any]:
        """Add a frame to the end of a story and draw it. This waits for the picture.

        Args:
            story_id: the id create_story gave
            sentence: what the picture shows, with names of the cast, or he, she or they for those named before

        Returns:
            The frame with the address of its picture.
        """
        return drawn(studio.add(story_id, sentence)[1], request)

    def edit_frame(story_id: str, frame_id: str, sentence: str, request: gr.Request) -> dict[str, Any]:
        """Give a frame another sentence and draw it again. Its earlier takes are kept. This waits for the picture.

        Args:
            story_id: the id create_story gave
            frame_id: the frame's id, from get_story
            sentence: what the picture is to show now

        Returns:
            The frame with the address of its new picture.
        """
        studio.change(story_id, "edit_frame", frame=frame_id, caption=sentence)
        return drawn(studio.draw(story_id, frame_id), request)

    def draw_frame(story_id: str, frame_id: str, request: gr.Request) -> dict[str, Any]:
        """Draw a frame as it stands now, as after rebind or where it is out of date. This waits for the picture.

        Args:
            story_id: the id create_story gave
            frame_id: the frame's id, from get_story

        Returns:
            The frame with the address of its new picture.
        """
        return drawn(studio.draw(story_id, frame_id), request)

    def reroll_frame(story_id: str, frame_id: str, request: gr.Request) -> dict[str, Any]:
        """Draw a frame once more with another seed. Its earlier takes are kept. This waits for the picture.

        Args:
            story_id: the id create_story gave
            frame_id: the frame's id, from get_story

        Returns:
            The frame with the address of its new picture.
        """
        return drawn(studio.draw(story_id, frame_id, reroll=True), request)

    def drawn(job: Job, request: gr.Request) -> dict[str, Any]:
        job = studio.wait(job)
        story = studio.session(job.story_id).story
        if job.state == "failed":
            raise StoryError(job.error or "The frame could not be drawn; try once more.")
        frame = story.frame(job.frame_id)
        if job.state != "done":
            number = story.frame_number(frame.id)
            raise StoryError(f"Frame {number} was stopped or changed before it was drawn; draw it once more.")
        return describe_frame(studio, inputs_of(story), frame, root(request))

    return add_frame, edit_frame, draw_frame, reroll_frame


def _export_endpoints(studio: Studio, root: Root) -> tuple[Callable, ...]:
    def export_story(
        story_id: str,
        kind: Literal[KINDS],
        request: gr.Request,
        per_page: Literal[PER_PAGE] = ExportOptions.per_page,
    ) -> dict[str, Any]:
        """Make files of a story to keep or show, each under an address that works for an hour.

        A pdf has sentences under the pictures, a sheet all frames on one PNG, a comic its pages as PNG, a zip every
        picture and story.json. A gif moves, an mp4 is a film with its subtitles. A project is the whole story, to
        open elsewhere.

        Args:
            story_id: the id create_story gave
            kind: what to make
            per_page: frames a page of a PDF

        Returns:
            The files, and letters of the sentences that no font here has and that were left out.
        """
        files = export(studio, {"story": story_id, "kind": kind, "per_page": per_page})["files"]
        story = studio.session(story_id).story
        return {
            "files": [
                {"name": one["name"], "address": address(Path(one["path"]), root(request))} for one in files
            ],
            "left_out": [] if kind in LETTERLESS else list(missing_letters(story)),
        }

    return (export_story,)


def _explaining(endpoint: Callable, studio: Studio) -> Callable:
    """A StoryError reaches the caller as it is; anything else stays in the log, and the caller is told that it does.

    Whether the story was changed before the failure is looked up, not supposed. A call out of the line runs in
    nobody's context, so whose it is is told here.
    """
    signature = inspect.signature(endpoint)

    @functools.wraps(endpoint)
    def explaining(*arguments, **named):
        given = signature.bind(*arguments, **named).arguments
        request = given.get("request")
        if request is not None and request.client is not None:
            VISITOR.set(visitor_at(request.client.host))
        before = _story_of(studio, given.get("story_id"))
        try:
            return endpoint(*arguments, **named)
        except StoryError as error:
            raise gr.Error(str(error), print_exception=False) from error
        except Exception as error:
            log.exception("the endpoint %s failed", endpoint.__name__)
            changed = _story_of(studio, given.get("story_id")) != before
            raise gr.Error(CHANGED if changed else UNCHANGED, print_exception=False) from error

    return explaining


def _story_of(studio: Studio, story_id: object) -> Story | None:
    """The story as it is now; None where there is none to be had."""
    try:
        return studio.session(story_id).story
    except Exception:  # the verb itself says why
        return None
