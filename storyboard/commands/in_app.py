"""Verbs in a running app, through its API: the address of a story takes the place of a file.

Knows gradio_client, which comes with Gradio, but nothing of what the verbs do.
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
    """Calls a verb of the app at an address, and fetches the files that it makes into `out`. Returns the app's answer.

    `values_for` gets the ids of the frames, each with the ids of its takes, and gives the verb's arguments. StoryError
    if no app answers, or with the app's own sentence if it refuses.
    """
    from gradio_client import Client, handle_file  # a second to import

    app, story_id = _parts(where)
    if verb.works_on_a_story and not story_id:
        raise StoryError(f"{where} names no story; copy its address from the browser: it has ?story= in it.")
    try:
        client = Client(
            app,
            # None stands for the token saved on this machine. Only Spaces get it, because its reader can act with it.
            token=None if _is_space(app) else False,  # type: ignore[arg-type]  # huggingface_hub's False: none at all
            verbose=False,
            download_files=False,
            analytics_enabled=False,
        )
    except Exception as error:  # a network and an unknown server can cause any error
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
        verb.checked(values)  # finds missing and wrong arguments without a call
        answer = _predict(client, verb.name, values)
    return _fetched(answer, out) if verb.makes_files and out is not None else answer


def _is_space(app: str) -> bool:
    parts = urlsplit(app)
    return parts.scheme == "https" and (parts.hostname or "").endswith(".hf.space")


def _parts(where: str) -> tuple[str, str]:
    """Returns the app's address, and the id of the story or ""."""
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
    except Exception as error:  # the app may not have that verb, or the connection may break
        raise StoryError(
            f"The app did not answer {name} ({type(error).__name__}); look at the story before you try again."
        ) from error


def _fetched(answer: dict[str, Any], out: Path) -> dict[str, Any]:
    """Returns the answer with the files saved in `out`, and their paths in place of their addresses."""
    with into(out) as (_, finished):
        if "files" in answer:
            for file in answer["files"]:
                file["address"] = _fetch(file["address"], file["name"], finished, out)
        else:
            answer["picture"] = _fetch(answer["picture"], "portrait.png", finished, out)
    return answer


def _fetch(address: str, name: str, finished: Path, out: Path) -> str:
    name = Path(name).name  # the app must not choose a folder on this machine
    try:
        with urllib.request.urlopen(address) as sent:
            (finished / name).write_bytes(sent.read())
    except (urllib.error.URLError, OSError) as error:
        raise StoryError(f"{name} could not be fetched from the app; call it again.") from error
    return str(out / name)
