"""The board: one gr.HTML component with a constant template. Its own script paints `board_view`.

Knows Gradio and the studio, but no models. Writers' text never enters a template, because Gradio compiles templates
into code. The script calls Gradio server functions and fires no events, because it has to know whether each call
succeeded: a sentence that did not arrive goes back into its text field. Everything that comes in is checked.
"""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable
from pathlib import Path

import gradio as gr

from storyboard.errors import StoryError
from storyboard.renderer import ASPECTS
from storyboard.story.looks import BRIGHTNESS, CURVES
from storyboard.story.values import MAX_LOOKS, MAX_STYLE
from storyboard.studio.maker import wardrobe
from storyboard.studio.studio import Studio
from storyboard.text.board_notes import LIMITS
from storyboard.text.captions import MAX_CAPTION
from storyboard.text.script import MAX_SCRIPT
from storyboard.ui.accounts import can_sign_in, with_own_shelf
from storyboard.ui.calls import QUESTIONS, Call, changes, look_at_words
from storyboard.ui.changed import SentViews
from storyboard.ui.files import FILE_CALLS, UPLOADS
from storyboard.ui.hints import Hints
from storyboard.ui.shelf import SHELF_CALLS, example_from, no_example, open_story
from storyboard.ui.view import board_view, jobs_view
from storyboard.ui.zero_gpu import draw_for

STATIC = Path(__file__).parent / "static"
# The folders of the scripts, in the order in which they run.
FOLDERS = ("language", "lib", "card", "panel", "board", "sheets")
MAX_UPLOAD_MB = 64  # a project file has all its pictures in it

log = logging.getLogger(__name__)


def make_board(studio: Studio, hints: Hints, example: Path | None = None) -> gr.HTML:
    """Returns the board component. Call it inside a gr.Blocks context.

    `example`: a project file that is shown on a first visit.
    """
    return gr.HTML(
        html_template=(STATIC / "board.html").read_text(encoding="utf-8"),
        js_on_load=script(),
        apply_default_css=False,
        server_functions=board_calls(studio, hints, example),
        elem_id="storyboard",
        # Properties for the script: settings of the app, and nothing of a story.
        pictures=studio.pictures.folder.resolve().as_posix(),
        places=list(hints.places),
        actions=list(hints.actions),
        example=hints.example,
        side=hints.side,
        context_frames=hints.context_frames,
        styled=hints.styled,
        style_pictures=hints.style_pictures,
        style_limit=MAX_STYLE,
        looks_limit=MAX_LOOKS,
        aspects={name: ASPECTS[name] for name in hints.aspects},
        shows_attention=hints.shows_attention,
        judges=hints.judges,
        looks={"brightness": BRIGHTNESS, "curves": CURVES},
        model=studio.model,
        people=[] if studio.knows_no_cast else [one.name for one in studio.cast],
        anybody=studio.draws_anybody,
        wardrobe=wardrobe(),
        limit=MAX_CAPTION,
        note_limits=LIMITS,
        script_limit=MAX_SCRIPT,
        upload_mb=MAX_UPLOAD_MB,
        sign_in=can_sign_in(),
        kept=studio.library.kept if studio.library else "nowhere",
    )


def script() -> str:
    """Returns all scripts as one text with a shared scope.

    They come folder by folder, sorted by name in each, and last the script that starts them. tsc reads them in the same
    order (tsconfig.json), and reports anything that is used before it is defined.
    """
    paths = [path for folder in FOLDERS for path in sorted((STATIC / folder).glob("*.js"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in (*paths, STATIC / "start.js"))


def board_calls(
    studio: Studio, hints: Hints | None = None, example: Path | None = None
) -> list[Callable[[dict], dict | None]]:
    """Returns the calls that the script may make, each a checked function of one message.

    The answer is {"view", ...} or {"error"}, or None for a page that has seen everything.
    """
    shown = example_from(example) if example else no_example
    boot = secrets.token_hex(4)  # shows a page whether the version numbers it knows are from an earlier run
    calls = [
        *(open_story(shown), get_news(boot)),
        *map(_answering, (*changes(), *UPLOADS)),
        *map(_asked, (*QUESTIONS, look_at_words(hints or Hints()))),
        *map(_answering_where_open, SHELF_CALLS),
        *map(_asked, FILE_CALLS),
    ]
    sent = SentViews(boot)
    return [_checked(studio, call, boot, sent) for call in calls]


def get_news(boot: str) -> Call:
    """Returns the call that says what is new; it answers None if nothing is.

    While only drawings go on or models load, it sends only that.
    """

    def get_news(studio: Studio, message: dict) -> dict | None:
        story = message.get("story")
        if not studio.has(story):
            return {"gone": True}
        news = jobs_view(studio, story)
        if message.get("boot") != boot or message.get("revision") != news["revision"]:
            return {"view": board_view(studio, story)}
        told = ("jobs_version", "doing", "notice", "trouble")
        return None if all(message.get(name, "") == news[name] for name in told) else {"view": news}

    return get_news


def _answering(call: Call) -> Call:
    """Returns the call with the view after the change added to its answer."""

    @functools.wraps(call)
    def answer(studio: Studio, message: dict) -> dict:
        story = studio.session(message.get("story")).story.id
        more = call(studio, message) or {}
        return {"view": board_view(studio, story), **more}

    return answer


def _answering_where_open(call: Call) -> Call:
    """Returns a call about a whole story with the view of the open story added, unless that story is gone."""

    @functools.wraps(call)
    def answer(studio: Studio, message: dict) -> dict:
        more = call(studio, message) or {}
        story = message.get("story")
        theirs = studio.has(story) and not studio.belongs_to_another(story)
        return {"view": board_view(studio, story), **more} if theirs else more

    return answer


def _asked(call: Call) -> Call:
    """Returns a call that asks about a story, after a check that the story exists."""

    @functools.wraps(call)
    def answer(studio: Studio, message: dict) -> dict:
        studio.session(message.get("story"))
        return call(studio, message) or {}

    return answer


def _checked(studio: Studio, call: Call, boot: str, sent: SentViews) -> Callable[..., dict | None]:
    """Returns the call with every error turned into one sentence for the writer."""

    def checked(message: dict, profile: gr.OAuthProfile | None = None) -> dict | None:
        message = message if isinstance(message, dict) else {}
        try:
            draw_for(message.get("visitor"))
            answer = call(studio, with_own_shelf(studio, message, profile))
        except StoryError as error:
            return {"error": str(error)}
        except Exception:  # a bug must be logged, and must not make the page unusable
            log.exception("the board's call %s failed", call.__name__)
            return {"error": "Something went wrong in the app and nothing was changed; try once more."}
        if answer and "view" in answer:
            view = answer["view"] | {"boot": boot}
            answer["view"] = sent.shortened(view, message.get("have")) if "frames" in view else view
        if answer and profile is not None and "stories" in answer:
            answer["account"] = profile.username
        return answer

    checked.__name__ = call.__name__  # the name under which the script calls it
    return checked
