"""The typed endpoints: the table of verbs for programs over HTTP, each on a story id; they are the MCP tools as well.

Knows Gradio and the studio, no models and no verb by name: names, types and words come from `studio/verb_table/`.
"""

import inspect
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr
from fastapi import Request
from fastapi.responses import JSONResponse
from gradio.route_utils import get_root_url

from storyboard.errors import StoryError
from storyboard.story.job import Job
from storyboard.story.values import Frame, Story
from storyboard.studio.described import describe
from storyboard.studio.studio import Studio
from storyboard.studio.verb_table import VERBS
from storyboard.studio.verb_table.verb import REQUIRED, Verb
from storyboard.studio.visitors import ACCOUNT, VISITOR, visitor_at
from storyboard.ui.accounts import can_sign_in, shelf_of_program
from storyboard.ui.files import fresh_folder, received_file

AT_ONCE = {
    "drawing": 8,  # calls that may wait for their pictures together; the drawing itself is the queue's
    "exporting": 2,
}
UPLOADED = ", as a data: address in base64, or as the path that /gradio_api/upload answered"
REQUEST = "request"  # what Gradio hands in beside a caller's arguments
log = logging.getLogger(__name__)
UNCHANGED = "Something went wrong in the app and nothing was changed; check what was sent, and try once more."
CHANGED = (
    "Something went wrong in the app after the story was changed; look at it with get_story before you send anything "
    "again."
)


class PageWithApi(gr.Blocks):
    """A page whose endpoints, called by position, take their defaults for what is left out at the end.

    Else a program would stop working when a verb gets another argument.
    """

    @property
    def expects_oauth(self) -> bool:
        """Whether Gradio adds the addresses that sign people in.

        It looks for a button of its own, which would bring one more endpoint for programs; the board has a link.
        """
        return can_sign_in()

    def validate_inputs(self, block_fn: Any, inputs: list[Any]) -> None:
        verb = VERBS.get(block_fn.api_name)
        missing = [one.default for one in verb.arguments[len(inputs) :]] if verb else []
        if REQUIRED not in missing:
            inputs.extend(missing)
        super().validate_inputs(block_fn, inputs)


def add_api(page: gr.Blocks, studio: Studio) -> None:
    """Publish the endpoints, inside the context of `page`."""

    def root(request: gr.Request) -> str:
        """Returns the public address of this app, as the caller reached it."""
        asked: Any = request.request
        return get_root_url(asked, asked.url.path, page.root_path)

    for verb in VERBS.values():
        line = (
            {
                "concurrency_id": f"api-{verb.waits}",
                "concurrency_limit": AT_ONCE[verb.waits],
            }
            if verb.waits
            else {"queue": False}
        )
        gr.api(_endpoint(verb, studio, root), api_name=verb.name, **line)


def _endpoint(verb: Verb, studio: Studio, root: Callable[[gr.Request], str]) -> Callable:
    """Returns a verb as the function that Gradio publishes: it reads name, types, defaults and words off it."""
    signature = _signature(verb)

    def endpoint(*arguments: Any, **named: Any) -> Any:
        given = dict(signature.bind_partial(*arguments, **named).arguments)
        request = given.pop(REQUEST)
        # A call out of the line runs in nobody's context, so whose it is is told here.
        if request.client is not None:
            VISITOR.set(visitor_at(request.client.host))
        with _refusing():
            ACCOUNT.set(shelf_of_program(request.headers))
            return _explained(verb, studio, given, partial(_address, root(request)))

    endpoint.__name__ = verb.name
    endpoint.__doc__ = _told(verb)
    endpoint.__signature__ = signature  # type: ignore[attr-defined]  # `inspect` reads it; stubs lack it
    endpoint.__annotations__ = {one.name: one.annotation for one in signature.parameters.values()}
    return endpoint


def _signature(verb: Verb) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature(
        [
            inspect.Parameter(REQUEST, kind, annotation=gr.Request),
            *(
                inspect.Parameter(one.name, kind, default=one.default, annotation=one.type)
                for one in verb.arguments
            ),
        ],
        return_annotation=verb.answer,
    )


def _told(verb: Verb) -> str:
    """Returns a docstring as Gradio reads it: of an argument's words it keeps one line."""
    arguments = "\n".join(
        f"    {one.name}: {one.text}{UPLOADED if one.kind == 'file' else ''}" for one in verb.arguments
    )
    return f"{verb.text}\n\nArgs:\n{arguments}\n\nReturns:\n    {verb.returns}\n"


def _explained(verb: Verb, studio: Studio, given: dict[str, Any], address: Callable[[Path], str]) -> Any:
    """What is no StoryError stays in the log, and the caller is told that it does.

    Whether the story was changed before the failure is looked up, not supposed.
    """
    before = _story_of(studio, given.get("story_id"))
    try:
        return _answer(verb, studio, given, address)
    except StoryError:
        raise
    except Exception as error:
        log.exception("the endpoint %s failed", verb.name)
        changed = _story_of(studio, given.get("story_id")) != before
        raise gr.Error(CHANGED if changed else UNCHANGED, print_exception=False) from error


@contextmanager
def _refusing() -> Iterator[None]:
    """A StoryError becomes Gradio's own, which it hands to the caller word for word."""
    try:
        yield
    except StoryError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _answer(verb: Verb, studio: Studio, given: dict[str, Any], address: Callable[[Path], str]) -> Any:
    for argument in verb.arguments:
        if argument.kind == "file" and given.get(argument.name) is not None:
            given[argument.name] = received_file(given[argument.name])
    folder = {"folder": fresh_folder()} if verb.makes_files else {}
    told = verb.do(studio, given, **folder)
    if isinstance(told, Job):
        told = _drawn(studio, told)
    return describe(studio, given.get("story_id"), told, address)


def _drawn(studio: Studio, job: Job) -> Frame:
    """Returns the frame of a job once that is over. StoryError where it has no new picture."""
    job = studio.wait(job)
    story = studio.session(job.story_id).story
    if job.state == "failed":
        raise StoryError(job.error or "The frame could not be drawn; try once more.")
    frame = story.frame(job.frame_id)
    if job.state != "done" and not job.best:  # that one draws nothing where nothing is wrong
        number = story.frame_number(frame.id)
        raise StoryError(f"Frame {number} was stopped or changed before it was drawn; draw it once more.")
    return frame


def _address(root: str, path: Path) -> str:
    """Returns where a file that the page may serve can be fetched."""
    return f"{root}/gradio_api/file={quote(path.resolve().as_posix())}"


def _story_of(studio: Studio, story_id: object) -> Story | None:
    """The story as it is now; None where there is none to be had."""
    try:
        return studio.session(story_id).story
    except Exception:  # the verb itself says why
        return None


async def _miscalled(request: Request, error: Exception) -> JSONResponse:
    """Where a call by name has other arguments than its verb, Gradio has an error of its own and no answer."""
    name = request.path_params.get("api_name")
    if name is None:
        raise error
    if name not in VERBS:
        return JSONResponse(
            {"error": f'There is no "{name[:100]}" here; /gradio_api/info lists what is.'}, 404
        )
    arguments = ", ".join(one.name for one in VERBS[name].arguments)
    needed = ", ".join(one.name for one in VERBS[name].arguments if one.default is REQUIRED)
    sentence = f"{name} takes {arguments} and needs {needed or 'none of them'}; send these and no others."
    return JSONResponse({"error": sentence}, 422)


MISCALLS = {TypeError: _miscalled, KeyError: _miscalled}  # for FastAPI
