"""Verbs in a running app, over its API: the address of a story there instead of a file.

Knows gradio_client, which comes with Gradio, and nothing of what the verbs do.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from storyboard.commands.whole import into
from storyboard.errors import StoryError
from storyboard.studio.verb_table.verb import Verb

Values = Callable[[list[tuple[str, list[str]]]], dict[str, Any]]


def is_address(where: str) -> bool:
    return where.startswith(("http://", "https://"))


def call(verb: Verb, where: str, values_for: Values, out: Path | None) -> Any:
    """Call a verb of the app at an address, and fetch the files it makes into `out`. Returns what the app tells.

    `values_for` is given the ids of the frames, each with those of its takes, and gives the verb's arguments.
    StoryError where no app answers, and where the app refuses, with the app's own sentence.
    """
    from gradio_client import Client, handle_file  # a second to import

    app, story_id = _parts(where)
    if verb.works_on_a_story and not story_id:
        raise StoryError(f"{where} names no story; copy its address from the browser: it has ?story= in it.")
    try:
        client = Client(
            app,
            # None: the one that is saved on this machine. It goes to Spaces alone; whoever reads it may act with it.
            token=None if _is_space(app) else False,  # type: ignore[arg-type]  # huggingface_hub's False: none at all
            verbose=False,
            download_files=False,
            analytics_enabled=False,
        )
    except Exception as error:  # whatever a network and a foreign page may lead to
        raise StoryError(
            f"No storyboard answers at {app} ({type(error).__name__}); start the app or check the address."
        ) from error
    with closing(client):
        values = values_for(_frames(client, story_id) if _names_frames(verb) else [])
        for argument in verb.arguments:
            if argument.kind == "file" and argument.name in values:
                values[argument.name] = handle_file(values[argument.name])
        if verb.works_on_a_story:
            values["story_id"] = story_id
        verb.checked(values)  # what is missing or of another type costs no call
        answer = _predict(client, verb.name, values)
    return _fetched(answer, out) if verb.makes_files and out is not None else answer


def _is_space(app: str) -> bool:
    parts = urlsplit(app)
    return parts.scheme == "https" and (parts.hostname or "").endswith(".hf.space")


def _parts(where: str) -> tuple[str, str]:
    """Returns the app's address and the id of the story, "" for none."""
    parts = urlsplit(where)
    story = parse_qs(parts.query).get("story", [""])[0]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")), story


def _names_frames(verb: Verb) -> bool:
    return any(one.kind in ("frame", "take") for one in verb.arguments)


def _frames(client: Any, story_id: str) -> list[tuple[str, list[str]]]:
    story = _predict(client, "get_story", {"story_id": story_id})
    return [(frame["id"], [take["id"] for take in frame["takes"]]) for frame in story["frames"]]


def _predict(client: Any, name: str, values: dict[str, Any]) -> Any:
    from gradio_client.exceptions import AppError

    try:
        return client.predict(api_name=f"/{name}", **values)
    except AppError as error:
        raise StoryError(error.message) from error
    except Exception as error:  # an app without that verb, a connection that breaks
        raise StoryError(
            f"The app did not answer {name} ({type(error).__name__}); look at the story before you try again."
        ) from error


def _fetched(answer: dict[str, Any], out: Path) -> dict[str, Any]:
    """Returns the answer with the files in `out`, and their paths in place of their addresses."""
    with into(out) as (_, finished):
        if "files" in answer:
            for file in answer["files"]:
                file["address"] = _fetch(file["address"], file["name"], finished, out)
        else:
            answer["picture"] = _fetch(answer["picture"], "portrait.png", finished, out)
    return answer


def _fetch(address: str, name: str, finished: Path, out: Path) -> str:
    name = Path(name).name  # an app's word is no path here
    try:
        with urllib.request.urlopen(address) as sent:
            (finished / name).write_bytes(sent.read())
    except (urllib.error.URLError, OSError) as error:
        raise StoryError(f"{name} could not be fetched from the app; call it again.") from error
    return str(out / name)
