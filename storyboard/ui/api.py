"""The typed endpoints: the table of verbs for programs over HTTP. They are also the MCP tools.

Knows Gradio and the studio, but no models, and no verb by name: names, types and words come from `studio/verb_table/`.
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
    "drawing": 8,  # so many calls may wait for their pictures at the same time; the queue does the drawing
    "exporting": 2,
}
UPLOADED = ", as a data: address in base64, or as the path that /gradio_api/upload answered"
REQUEST = "request"  # the name of the argument that Gradio adds to a caller's
log = logging.getLogger(__name__)
UNCHANGED = "Something went wrong in the app and nothing was changed; check what was sent, and try once more."
CHANGED = (
    "Something went wrong in the app after the story was changed; look at it with get_story before you send anything "
    "again."
)


class PageWithApi(gr.Blocks):
    """A page whose endpoints use their defaults for arguments that are missing at the end of a call by position.

    Otherwise a program would stop working when a verb gets another argument.
    """

    @property
    def expects_oauth(self) -> bool:
        """Whether Gradio adds the addresses that sign people in.

        Gradio itself looks for its own sign-in button. That would add an endpoint for programs, so the board has a link
        instead.
        """
        return can_sign_in()

    def validate_inputs(self, block_fn: Any, inputs: list[Any]) -> None:
        verb = VERBS.get(block_fn.api_name)
        missing = [one.default for one in verb.arguments[len(inputs) :]] if verb else []
        if REQUIRED not in missing:
            inputs.extend(missing)
        super().validate_inputs(block_fn, inputs)


def add_api(page: gr.Blocks, studio: Studio) -> None:
    """Publishes the endpoints. Call it inside the context of `page`."""

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
    """Returns a verb as the function that Gradio publishes.

    Gradio reads its name, types, defaults and words from it.
    """
    signature = _signature(verb)

    def endpoint(*arguments: Any, **named: Any) -> Any:
        given = dict(signature.bind_partial(*arguments, **named).arguments)
        request = given.pop(REQUEST)
        # A call that is not queued runs without the visitor's context, so the visitor is set here.
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
    """Returns a docstring in the form that Gradio reads. It keeps only one line of an argument's words."""
    arguments = "\n".join(
        f"    {one.name}: {one.text}{UPLOADED if one.kind == 'file' else ''}" for one in verb.arguments
    )
    return f"{verb.text}\n\nArgs:\n{arguments}\n\nReturns:\n    {verb.returns}\n"


def _explained(verb: Verb, studio: Studio, given: dict[str, Any], address: Callable[[Path], str]) -> Any:
    """Returns the verb's answer. An error that is no StoryError goes to the log, and the caller is told so.

    Whether the story was changed before the error is looked up and not guessed.
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
    """Turns a StoryError into Gradio's own error, which reaches the caller word for word."""
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
    """Returns the frame of a job once the job has ended. StoryError if it has no new picture."""
    job = studio.wait(job)
    story = studio.session(job.story_id).story
    if job.state == "failed":
        raise StoryError(job.error or "The frame could not be drawn; try once more.")
    frame = story.frame(job.frame_id)
    if job.state != "done" and not job.best:  # `best` draws nothing if nothing is wrong
        number = story.frame_number(frame.id)
        raise StoryError(f"Frame {number} was stopped or changed before it was drawn; draw it once more.")
    return frame


def _address(root: str, path: Path) -> str:
    """Returns the address at which a file that the page may serve can be fetched."""
    return f"{root}/gradio_api/file={quote(path.resolve().as_posix())}"


def _story_of(studio: Studio, story_id: object) -> Story | None:
    """Returns the story as it is now, or None if it cannot be had."""
    try:
        return studio.session(story_id).story
    except Exception:  # the verb itself reports the reason
        return None


async def _miscalled(request: Request, error: Exception) -> JSONResponse:
    """Answers a call by name whose arguments are not those of its verb.

    Gradio would fail with an error of its own, and give no answer.
    """
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
