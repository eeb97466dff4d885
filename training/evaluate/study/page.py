"""The study as a Gradio page: one gr.HTML component with a constant template, in which its own script shows a pair.

Gradio compiles the template into code. So no sentence, name or code of a person goes into it: they are sent as data and
shown as text. The data does not say which system drew what, because pictures are named by their content.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from training.evaluate.study.votes import QUESTIONS, Shown, Votes

STATIC = Path(__file__).parent / "static"
TITLE = "Two versions of a story"
PICTURES = "pictures"  # subfolder of the study's folder

log = logging.getLogger(__name__)


def make_page(votes: Votes, folder: Path) -> gr.Blocks:
    """Returns the page of a study, ready for `launch_page`. folder: the study's folder."""
    pictures = PictureStore(folder / PICTURES)
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        gr.HTML(
            html_template=_static("study.html"),
            js_on_load=_static("study.js"),
            apply_default_css=False,
            server_functions=study_calls(votes, pictures),
            elem_id="study",
            questions=[{"id": name, "words": words} for name, words in QUESTIONS.items()],
        )
    return page


def launch_page(page: gr.Blocks, folder: Path, **options: Any) -> tuple[Any, str, str]:
    """Launches the page with the options it needs. `options` go to `gr.Blocks.launch`. Returns what that returns."""
    return page.launch(
        head=f"<style>{_static('study.css')}</style>",
        allowed_paths=[str((folder / PICTURES).resolve())],
        enable_monitoring=False,
        run_history=False,
        footer_links=[],
        show_error=False,
        **options,
    )


def study_calls(votes: Votes, pictures: PictureStore) -> list[Callable[[dict], dict]]:
    """Returns the functions that the script may call. Each takes one message and returns a state, or {"error"}."""

    @lru_cache(maxsize=4096)
    def address(path: Path) -> str:
        with Image.open(path) as picture:
            return pictures.path(pictures.put(picture)).resolve().as_posix()

    def state(person: str) -> dict:
        done, of = votes.progress(person)
        shown = votes.next(person)
        return {"person": person, "done": done, "of": of, "pair": shown and pair_view(shown, address)}

    def arrive(message: dict) -> dict:
        return state(message.get("person") or votes.new_person())

    def vote(message: dict) -> dict:
        votes.vote(message.get("person"), message.get("pair"), message.get("answers"))
        return state(message["person"])

    return [_checked(arrive), _checked(vote)]


def pair_view(shown: Shown, address: Callable[[Path], str]) -> dict:
    """Returns what the page shows of a pair. address: maps a picture file to its address for the page."""
    pair = shown.pair
    frames: Iterable = zip(pair.story.captions, pair.of(shown.a), pair.of(shown.b), strict=True)
    return {
        "id": pair.id,
        "frames": [{"caption": said, "a": address(a), "b": address(b)} for said, a, b in frames],
        "people": [{"name": name, "portrait": address(file)} for name, file in pair.story.portraits],
    }


def _checked(call: Callable[[dict], dict]) -> Callable[[dict], dict]:
    """Turns every error into one sentence."""

    def checked(message: dict) -> dict:
        try:
            return call(message if isinstance(message, dict) else {})
        except StoryError as error:
            return {"error": str(error)}
        except Exception:  # a bug must be logged, and the page must stay usable
            log.exception("the study's call %s failed", call.__name__)
            return {"error": "Something went wrong here and nothing was kept; try once more."}

    checked.__name__ = call.__name__  # the script calls the function by this name
    return checked


def _static(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")
