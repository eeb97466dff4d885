"""The files beside a story's drawn pictures that people need to look at it: its sentences, and portraits of its people.

FOLDER/{story}/story.json names the pictures beside it in order. The portraits are in FOLDER/portraits, named by their
content. Uses no dataset and no renderer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from storyboard.disk.durable import write_whole
from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.renderer import CastMember

FILE, PORTRAITS = "story.json", "portraits"
REMEDY = "draw its stories once more into the same folder (pictures that are there are kept)"


@dataclass(frozen=True)
class ToldStory:
    """A drawn story: a sentence and a picture for each frame, and everybody's portrait by name."""

    id: str
    captions: tuple[str, ...]
    pictures: tuple[Path, ...]
    portraits: tuple[tuple[str, Path], ...]


def write_told(
    folder: Path, story: str, frames: Iterable[tuple[str, Path]], cast: Sequence[CastMember]
) -> None:
    """Stores the sentences and portraits of a story in `folder`.

    frames: the sentence and the picture file of each frame, in order.
    """
    store = PictureStore(folder / PORTRAITS)
    told = {
        "frames": [{"caption": caption, "picture": file.name} for caption, file in frames],
        "portraits": {member.name: store.put(member.portrait.convert("RGB")) for member in cast},
    }
    (folder / story).mkdir(parents=True, exist_ok=True)
    write_whole(folder / story / FILE, json.dumps(told, ensure_ascii=False, indent=1).encode())


def read_told(folder: Path) -> dict[str, ToldStory]:
    """Returns the stories of a folder by id, in the folder's order.

    StoryError if a story has no sentences, or if the folder has no story.
    """
    if not folder.is_dir():
        raise StoryError(
            f"There is no folder {folder}; give one that training.evaluate.draw_stories has written."
        )
    found = {}
    for place in sorted(folder.iterdir()):
        if (place / FILE).is_file():
            found[place.name] = _read(place)
        elif place.is_dir() and place.name != PORTRAITS and any(place.glob("*.png")):
            raise StoryError(f"{place} has pictures and no {FILE} with their sentences; {REMEDY}.")
    if not found:
        raise StoryError(f"{folder} holds no drawn story; give a folder that draw_stories has written.")
    return found


def named_folders(drawn: Sequence[str]) -> dict[str, Path]:
    """Returns folders by name.

    Each is given as "FOLDER" or "NAME=FOLDER"; without a name, the folder's own name is used.

    StoryError if two folders have the same name.
    """
    found: dict[str, Path] = {}
    for one in drawn:
        name, equals, folder = one.partition("=")
        path = Path(folder)
        if not equals or Path(one).is_dir():  # a path may contain an equals sign
            path, name = Path(one), Path(one).resolve().name
        if not name or name in found:
            raise StoryError(
                f'Two systems cannot both be called "{name}"; name them, as in --drawn ours={path} theirs=FOLDER.'
            )
        found[name] = path
    return found


def _read(place: Path) -> ToldStory:
    try:
        told = json.loads((place / FILE).read_text("utf-8"))
        captions = tuple(frame["caption"] for frame in told["frames"])
        names = [frame["picture"] for frame in told["frames"]]
        portraits = dict(told["portraits"])
        sound = captions and all(isinstance(one, str) for one in (*captions, *names, *portraits.values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        sound = False
    # The names come from a file. No name may lead out of the folder.
    if not sound or any(Path(name).name != name for name in names):
        raise StoryError(f"{place / FILE} does not say which sentence belongs to which picture; {REMEDY}.")
    store = place.parent / PORTRAITS
    return ToldStory(
        place.name,
        captions,
        tuple(place / name for name in names),
        tuple((name, store / f"{Path(key).name}.png") for name, key in portraits.items()),
    )
