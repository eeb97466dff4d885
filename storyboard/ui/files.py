"""Files that come in and go out through the page: portraits, project files, pictures made here, exports.

Knows Gradio's upload folder and the studio, but no models. Files that come in are foreign: only files that the upload
route wrote can be named, and each is read by the part that checks its kind. Files that go out stay in `exports_folder`
for an hour. Each export has its own folder there, with a name that nobody can guess.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import shutil
import threading
import time
from pathlib import Path

from gradio.utils import get_upload_folder

from storyboard.disk.uploads import read_upload
from storyboard.errors import StoryError
from storyboard.exports import KINDS, ExportOptions
from storyboard.people import nearest_look
from storyboard.studio.studio import Studio
from storyboard.ui.calls import shown_look
from storyboard.ui.view import data_url

EXPORT_KEPT = 3600  # seconds
EXPORTING_AT_ONCE = 4  # each occupies one of the threads that answer all pages
_exporting = threading.BoundedSemaphore(EXPORTING_AT_ONCE)


def exports_folder() -> Path:
    """Returns the folder where exports wait to be fetched. The page may serve only this folder."""
    return Path(os.path.realpath(get_upload_folder())) / "exports"


def received_file(sent: object) -> Path:
    """Returns the path of a file that a program sent: its bytes in a data: address, or what the upload route answered.

    StoryError if it did not arrive, or if its address is no base64.
    """
    if isinstance(sent, str) and sent.startswith("data:"):
        _, _, data = sent.partition(";base64,")
        try:
            taken = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError) as error:
            raise StoryError("The file's data: address is no base64; encode it once more.") from error
        path = fresh_folder() / "portrait"
        path.write_bytes(taken)
        return path
    return uploaded_file(sent.get("path") if isinstance(sent, dict) else sent)


def uploaded_file(path: object) -> Path:
    """Returns the path of a file that Gradio's upload route wrote. No other file can be named.

    StoryError if it did not arrive.
    """
    folder = os.path.realpath(get_upload_folder())
    real = os.path.realpath(path) if isinstance(path, str) and "\0" not in path else ""
    if not real.startswith(folder + os.sep) or not os.path.isfile(real):
        raise StoryError("The file did not arrive; choose it once more.")
    return Path(real)


# -- In ----------------------------------------------------------------------------------------------------------------


def add_portrait(studio: Studio, message: dict) -> dict:
    path = uploaded_file(message.get("path"))
    return {"portrait": studio.add_portrait(message["story"], message.get("name"), path).id}


def add_character(studio: Studio, message: dict) -> None:
    studio.add_character(
        message["story"],
        message.get("new_name"),
        message.get("pronoun"),
        message.get("aliases"),
        uploaded_file(message.get("path")),
    )


def import_picture(studio: Studio, message: dict) -> dict:
    """Adds a picture that was made here as a frame at the end of the story. Returns the frame's id as {"frame"}."""
    return {"frame": studio.import_frame(message["story"], uploaded_file(message.get("path"))).id}


def set_style_picture(studio: Studio, message: dict) -> None:
    """Sets the example picture of the story's style from a file."""
    studio.set_style_picture(message["story"], uploaded_file(message.get("path")))


def look_of_picture(studio: Studio, message: dict) -> dict:
    """Returns the look that is nearest to the person in a picture, as `shown_look` does, and the picture as "given".

    The maker of people begins with it; nothing is kept.
    """
    picture = read_upload(uploaded_file(message.get("path")), what="The picture")
    return {**shown_look(nearest_look(picture)), "given": data_url(picture)}


def preview_portrait(studio: Studio, message: dict) -> dict:
    """Returns, as {"picture"}, a portrait of somebody who is not in the cast yet, as it would be kept.

    The page could not show the file itself, because browsers show no HEIC.
    """
    return {"picture": data_url(read_upload(uploaded_file(message.get("path")), what="The portrait"))}


UPLOADS = (add_portrait, add_character, import_picture, set_style_picture)


def import_project(studio: Studio, message: dict) -> dict:
    notices: list[str] = []
    path = uploaded_file(message.get("path"))
    opened = studio.import_project(path, message.get("shelf"), notices.append)
    return {"opened": opened, "notices": notices}


# -- Out ---------------------------------------------------------------------------------------------------------------


def export(studio: Studio, message: dict) -> dict:
    """Makes files of one kind of the story. Returns them as {"files"} for the page to fetch."""
    kind = message.get("kind")
    per_page = message.get("per_page", ExportOptions.per_page)
    if not isinstance(kind, str) or not isinstance(per_page, int):
        raise StoryError(f"There is no such kind of export; choose one of {', '.join(KINDS)}.")
    studio.session(message["story"])
    if not _exporting.acquire(blocking=False):
        raise StoryError(f"{EXPORTING_AT_ONCE} exports are being made just now; try again in a moment.")
    try:
        paths, _ = studio.export(message["story"], kind, per_page, fresh_folder())
        return _offered(paths)
    finally:
        _exporting.release()


def export_frame(studio: Studio, message: dict) -> dict:
    """Makes a file of a frame's picture with notes on how it was made.

    Returns it as {"files"} for the page to fetch.
    """
    return _offered((studio.export_frame(message["story"], message.get("frame"), fresh_folder()),))


FILE_CALLS = (import_project, export, export_frame, look_of_picture, preview_portrait)


def fresh_folder() -> Path:
    """Returns a new folder for one export. Folders that nobody fetches any more are removed."""
    folder = exports_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > EXPORT_KEPT:
            shutil.rmtree(old, ignore_errors=True)
    fresh = folder / secrets.token_urlsafe(16)
    fresh.mkdir()
    return fresh


def _offered(paths: tuple[Path, ...]) -> dict:
    return {"files": [{"path": path.as_posix(), "name": path.name} for path in paths]}
