"""What is compared: the same stories as two or more systems have drawn them, read from their folders and checked.

Contains neither the people who answer nor the questions.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from PIL import Image

from storyboard.errors import StoryError
from training.evaluate.told_stories import ToldStory, named_folders, read_told


@dataclass(frozen=True)
class Pair:
    """Two systems' versions of a story. The id reveals neither the story nor the systems."""

    id: str
    story: ToldStory  # the version of the first of `systems`
    systems: tuple[str, str]
    pictures: tuple[tuple[Path, ...], tuple[Path, ...]]  # for each of `systems`, one picture a frame

    def of(self, system: str) -> tuple[Path, ...]:
        """Returns a system's pictures of the story."""
        return self.pictures[self.systems.index(system)]


@dataclass(frozen=True)
class Study:
    """All pairs that people are asked about. digest: a hash of all pictures and sentences, and of their systems."""

    systems: tuple[str, ...]
    pairs: tuple[Pair, ...]
    digest: str


def open_study(drawn: Sequence[str]) -> Study:
    """Returns the study of the folders in `drawn`, each "FOLDER" or "NAME=FOLDER".

    Without a name, the folder's own name is used.

    Every picture is read once, so that missing or damaged pictures are found before people look.
    """
    folders = named_folders(drawn)
    if len(folders) < 2:
        raise StoryError(
            f"A study compares two systems or more, and --drawn names {len(folders)}; name another folder."
        )
    told = {name: read_told(folder) for name, folder in folders.items()}
    _check_same_stories(told, folders)
    digest = _digest(told)
    (first, *_) = told.values()
    pairs = tuple(
        Pair(
            hashlib.blake2b(f"{digest}/{one}/{other}/{story}".encode(), digest_size=8).hexdigest(),
            told[one][story],
            (one, other),
            (told[one][story].pictures, told[other][story].pictures),
        )
        for one, other in combinations(told, 2)
        for story in first
    )
    return Study(tuple(told), pairs, digest)


def _check_same_stories(told: dict[str, dict[str, ToldStory]], folders: dict[str, Path]) -> None:
    (one, stories), *others = told.items()
    for name, found in others:
        odd = sorted(stories.keys() ^ found.keys())
        if odd:
            lacks = folders[name] if odd[0] in stories else folders[one]
            more = f" and {len(odd) - 1} more" if len(odd) > 1 else ""
            raise StoryError(
                f"{folders[one]} and {folders[name]} hold different stories: {lacks} lacks {odd[0]}{more}; draw "
                "the same stories with every system."
            )
        for story, theirs in found.items():
            if theirs.captions != stories[story].captions:
                raise StoryError(
                    f"The story {story} has other sentences in {folders[name]} than in {folders[one]}; draw the same "
                    "captions with every system."
                )


def _digest(told: dict[str, dict[str, ToldStory]]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for system, stories in told.items():
        for story in stories.values():
            digest.update(f"{system}\0{story.id}\0{story.captions}".encode())
            for path in (*story.pictures, *(file for _, file in story.portraits)):
                digest.update(_checked(path))
    return digest.hexdigest()


def _checked(path: Path) -> bytes:
    """The bytes of a picture that can be shown. StoryError if it is missing or damaged."""
    try:
        data = path.read_bytes()
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            picture.load()
    except FileNotFoundError:
        raise StoryError(f"The picture {path} is missing; draw its story again.") from None
    except Exception as error:  # damaged bytes can make decoders raise any error
        raise StoryError(f"The picture {path} is damaged; remove it and draw its story again.") from error
    return data
