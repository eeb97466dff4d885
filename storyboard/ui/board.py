"""The board: one gr.HTML component with a constant template, whose own script paints `board_view`.

Knows Gradio and the studio, no models. Text of writers never enters a template: Gradio compiles those into
code. The script calls Gradio server functions rather than firing events, because it has to know whether each
call was carried out: a sentence that did not arrive goes back into its box. All that comes in is checked.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable
from pathlib import Path

import gradio as gr
from gradio.utils import get_upload_folder

from storyboard.captions import MAX_CAPTION
from storyboard.errors import StoryError
from storyboard.ui.hints import Hints
from storyboard.ui.studio import Studio
from storyboard.ui.view import board_view

STATIC = Path(__file__).parent / "static"
SCRIPTS = (
    "strings",
    "dom",
    "card",
    "cast",
    "composer",
    "board",
)  # one script, in this order
MAX_UPLOAD_MB = 20

log = logging.getLogger(__name__)


def make_board(studio: Studio, hints: Hints) -> gr.HTML:
    """The board component, inside a gr.Blocks context."""
    return gr.HTML(
        html_template=(STATIC / "board.html").read_text(encoding="utf-8"),
        js_on_load="\n".join((STATIC / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS),
        apply_default_css=False,
        server_functions=board_calls(studio),
        elem_id="storyboard",
        # Props for the script: settings of the app, nothing of a story.
        pictures=studio.pictures.folder.resolve().as_posix(),
        places=list(hints.places),
        actions=list(hints.actions),
        example=hints.example,
        limit=MAX_CAPTION,
        upload_mb=MAX_UPLOAD_MB,
    )


def board_calls(studio: Studio) -> list[Callable[[dict], dict | None]]:
    """What the script may ask for, each a function of one message. The answer is {"view"} or {"error"}, or None."""
    return [_checked(studio, call) for call in (open_story, get_news, *map(_answering, CHANGES))]


def open_story(studio: Studio, message: dict) -> dict:
    """The story the page's address names; a fresh one where it names none that is still here."""
    wanted = message.get("story")
    found = studio.has(wanted)
    return {
        "view": board_view(studio, wanted if found else studio.create()),
        "not_found": bool(wanted) and not found,
    }


def get_news(studio: Studio, message: dict) -> dict | None:
    """None for a page that has seen the newest version: most calls, and they cost next to nothing."""
    story = message.get("story")
    if not studio.has(story):
        return {"gone": True}
    if message.get("version") == studio.version(story):
        return None
    return {"view": board_view(studio, story)}


def add_frame(studio: Studio, message: dict) -> None:
    studio.add(message["story"], message.get("caption"))


def edit_frame(studio: Studio, message: dict) -> None:
    studio.edit(message["story"], message.get("frame"), message.get("caption"))
    if message.get("draw") is True:
        studio.draw(message["story"], message.get("frame"))


def draw_frame(studio: Studio, message: dict) -> None:
    studio.draw(message["story"], message.get("frame"))


def reroll_frame(studio: Studio, message: dict) -> None:
    studio.draw(message["story"], message.get("frame"), reroll=True)


def draw_stale(studio: Studio, message: dict) -> None:
    studio.draw_stale(message["story"])


def stop_frame(studio: Studio, message: dict) -> None:
    studio.stop(message["story"], message.get("frame"))


def remove_frame(studio: Studio, message: dict) -> None:
    studio.remove(message["story"], message.get("frame"))


def choose_take(studio: Studio, message: dict) -> None:
    studio.choose_take(message["story"], message.get("frame"), message.get("take"))


def choose_portrait(studio: Studio, message: dict) -> None:
    studio.choose_portrait(message["story"], message.get("name"), message.get("portrait"))


def add_portrait(studio: Studio, message: dict) -> None:
    studio.add_portrait(message["story"], message.get("name"), uploaded_file(message.get("path")))


CHANGES = (
    *(add_frame, edit_frame, draw_frame, reroll_frame, draw_stale, stop_frame, remove_frame),
    *(choose_take, choose_portrait, add_portrait),
)


def uploaded_file(path: object) -> Path:
    """The file that Gradio's upload route wrote and named to the script; no other file can be named."""
    folder = os.path.realpath(get_upload_folder())
    real = os.path.realpath(path) if isinstance(path, str) and "\0" not in path else ""
    if not real.startswith(folder + os.sep) or not os.path.isfile(real):
        raise StoryError("The picture did not arrive; choose it once more.")
    return Path(real)


def _answering(change: Callable[[Studio, dict], None]) -> Callable[[Studio, dict], dict]:
    """Answer a change with the view after it."""

    @functools.wraps(change)
    def answer(studio: Studio, message: dict) -> dict:
        story = studio.session(message.get("story")).story.id
        change(studio, message)
        return {"view": board_view(studio, story)}

    return answer


def _checked(studio: Studio, call: Callable[[Studio, dict], dict | None]) -> Callable[[dict], dict | None]:
    """Turn whatever goes wrong into one sentence for the writer."""

    def checked(message: dict) -> dict | None:
        try:
            return call(studio, message if isinstance(message, dict) else {})
        except StoryError as error:
            return {"error": str(error)}
        except Exception:  # a bug must reach the log and leave the page usable
            log.exception("the board's call %s failed", call.__name__)
            return {"error": "Something went wrong in the app and nothing was changed; try once more."}

    checked.__name__ = call.__name__  # what the script calls it by
    return checked
