"""Reads the cast that comes with a pipeline folder: `cast.json` and the portraits that it names.

Imports neither torch nor Gradio. The file comes from outside and is checked accordingly.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from storyboard.disk.pictures import PictureStore
from storyboard.disk.uploads import read_upload
from storyboard.errors import StoryError
from storyboard.story.values import (
    ID,
    MAX_ALIASES,
    MAX_CAST,
    MAX_LABEL,
    MAX_NAME,
    MAX_PORTRAITS,
    PRONOUNS,
    Character,
    Portrait,
)
from storyboard.text.captions import clean_text


def load_cast(folder: str | os.PathLike[str], pictures: PictureStore) -> tuple[Character, ...]:
    """Returns the characters of `folder`/cast.json, each with its first portrait chosen.

    Their pictures go into `pictures`.

    If the file is missing, half-written or does not fit, the StoryError names the folder and what is wrong.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise StoryError(f"There is no pipeline folder at {folder}; give the path of one with --pipeline.")
    path = folder / "cast.json"
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StoryError(
            f"{folder} has no cast.json; get the pipeline folder again, or give it portraits with "
            "python -m training.released.cast."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise StoryError(f"{path} is damaged or half-written; get the pipeline folder again.") from error
    try:
        characters = described["characters"]
        if not 1 <= len(characters) <= MAX_CAST:
            raise StoryError(f"{path} lists {len(characters)} characters; it needs 1 to {MAX_CAST}.")
        return tuple(_character(entry, folder, pictures) for entry in characters)
    except (KeyError, TypeError, AttributeError) as error:
        raise StoryError(f"{path} is not a cast file (at {error}); get the pipeline folder again.") from error


def _character(entry: dict, folder: Path, pictures: PictureStore) -> Character:
    name = clean_text(entry["name"])
    portraits = tuple(_portrait(described, name, folder, pictures) for described in entry["portraits"])
    aliases = tuple(dict.fromkeys(alias for alias in map(clean_text, entry.get("aliases", ())) if alias))
    ids = {portrait.id for portrait in portraits}
    if (
        not name
        or max(map(len, (name, *aliases))) > MAX_NAME
        or len(aliases) > MAX_ALIASES
        or entry["pronoun"] not in PRONOUNS
        or not 1 <= len(ids) == len(portraits) <= MAX_PORTRAITS
        or not all(ID.fullmatch(one) for one in ids)
    ):
        raise StoryError(
            f"{name[:MAX_NAME] or 'A character'} in {folder / 'cast.json'} needs a name of at most {MAX_NAME}"
            f" characters, at most {MAX_ALIASES} aliases, a pronoun ({', '.join(PRONOUNS)}) and 1 to {MAX_PORTRAITS}"
            " portraits, each with an id of its own in letters, digits, - and _; correct the file."
        )
    return Character(name, entry["pronoun"], aliases, portraits, chosen=portraits[0].id)


def _portrait(described: dict, name: str, folder: Path, pictures: PictureStore) -> Portrait:
    path = folder / described["file"]
    if not path.resolve().is_relative_to(folder.resolve()):
        raise StoryError(
            f"The portrait {described['file']} of {name} lies outside {folder}; correct cast.json."
        )
    picture = read_upload(path, what=f"The portrait {described['file']} of {name}")
    return Portrait(
        id=str(described["id"]),
        label=clean_text(described["label"])[:MAX_LABEL].strip(),
        picture=pictures.put(picture),
    )
