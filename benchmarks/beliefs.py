"""What writers believe of their stories, and everything on disk that differs from it.

Knows the library, but neither the app nor how the writers write.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from PIL import Image

from storyboard.errors import StoryError
from storyboard.library import MAX_UNDO_SAVED, Library
from storyboard.story.values import Story

TakeSeen = tuple[str, str, str]  # id, key of the picture, sentence
FrameSeen = tuple[str, str, list[TakeSeen]]  # id, sentence, takes
Step = tuple[str, list[tuple[str, str]]]  # a title, then ids and sentences of frames in order

# In every text of a writer: the writer's number, and a number that is used only once.
_MARK = re.compile(r'"(\d+)-\d+"')


@dataclass
class Believed:
    """What a writer believes of a story. Takes are by the id of their frame."""

    title: str
    frames: list[tuple[str, str]] = field(default_factory=list)  # id and sentence, in order
    takes: dict[str, list[TakeSeen]] = field(default_factory=dict)
    past: list[Step] = field(default_factory=list)  # where undo leads
    future: list[Step] = field(default_factory=list)

    def changes(self) -> None:
        """Adds a step of undo, before a change."""
        self.past = [*self.past, (self.title, list(self.frames))][-MAX_UNDO_SAVED:]
        self.future = []

    def rewind(self, steps: list[Step], others: list[Step]) -> None:
        """Goes back to the last of `steps`. The present state becomes the last of `others`."""
        others.append((self.title, list(self.frames)))
        self.title, self.frames = steps.pop()


class Believer(Protocol):
    """The properties of a writer that are needed here."""

    number: int
    shelf: str
    stories: dict[str, Believed]
    deleted: list[str]


def differences(believed: Believed, title: str, frames: list[FrameSeen]) -> list[str]:
    """Returns a sentence for every difference between a story and what its writer believes."""
    found = [] if title == believed.title else [f'lost: the title is "{title}", not "{believed.title}"']
    there = [(frame, text) for frame, text, _ in frames]
    if there != believed.frames:
        found.append(f"lost: the frames are {there}, not {believed.frames}")
    for frame, text, takes in frames:
        mine = believed.takes.get(frame, [])
        if takes != mine:
            found.append(f'lost: the takes of "{text}" are {takes}, not {mine}')
    return found


def foreign(number: int, story: Story, pictures: Mapping[str, int]) -> list[str]:
    """Returns a sentence for every word and picture of another writer in a story of writer `number`.

    pictures: from the key of each picture to its writer.
    """
    takes = [take for frame in story.frames for take in frame.takes]
    texts = (story.title, *(frame.caption for frame in story.frames), *(take.caption for take in takes))
    words = [text for text in texts if any(int(whose) != number for whose in _MARK.findall(text))]
    keys = [take.picture for take in takes if pictures.get(take.picture, number) != number]
    return [f"crosstalk: writer {number} has the words {text}" for text in words] + [
        f"crosstalk: writer {number} has the picture {key} of writer {pictures[key]}" for key in keys
    ]


def on_disk(folder: Path, writers: Sequence[Believer]) -> list[str]:
    """Returns a sentence for everything in a library's folder that is damaged, lost, or from another writer."""
    pictures = {
        key: one.number
        for one in writers
        for story in one.stories.values()
        for takes in story.takes.values()
        for _, key, _ in takes
    }
    with closing(Library(folder)) as library:
        found = [f"corrupt: {notice}" for notice in library.notices]
        check = library._file.rows("PRAGMA integrity_check")[0][0]
        found += [] if check == "ok" else [f"corrupt: {check}"]
        found += [f"corrupt: the picture {path.name}" for path in damaged(library.pictures.folder)]
        for writer in writers:
            found += _of_writer(library, writer, pictures)
    return found


def _of_writer(library: Library, writer: Believer, pictures: Mapping[str, int]) -> Iterator[str]:
    for deleted, mine in ((False, writer.stories), (True, writer.deleted)):
        there = {entry.story_id for entry in library.shelves.list(writer.shelf, deleted)}
        if there != set(mine):
            yield f"lost: the shelf of writer {writer.number} has {there}, not {set(mine)}"
    for story_id, believed in writer.stories.items():
        try:
            story = library.open(story_id).story
        except StoryError as error:
            yield f"corrupt: {error}"
            continue
        yield from differences(believed, story.title, _frames_kept(story))
        yield from foreign(writer.number, story, pictures)
        for take in (take for frame in story.frames for take in frame.takes):
            if not library.pictures.path(take.picture).is_file():
                yield f"lost: the picture {take.picture}"


def damaged(folder: Path) -> Iterator[Path]:
    """Yields the files of a picture store whose contents do not fit their names."""
    for path in sorted(folder.iterdir()):
        if hashlib.sha256(path.read_bytes()).hexdigest() != path.stem:
            yield path
            continue
        try:
            with Image.open(path) as picture:
                picture.load()
        except OSError:
            yield path


def _frames_kept(story: Story) -> list[FrameSeen]:
    return [
        (one.id, one.caption, [(take.id, take.picture, take.caption) for take in one.takes])
        for one in story.frames
    ]
