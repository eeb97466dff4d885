"""What the readers of all dataset folders share: tables, the split and its fallback, followers, clips as records.

A reader opens files only when it is asked, and never opens pictures. A StoryError names the file and the clip.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from storyboard.errors import StoryError
from training.data import splits, tables
from training.data.records import FRAMES, Clip, Segment, StoryFrame
from training.data.references import ReferentialCaption, Rule

logger = logging.getLogger(__name__)

ANNOTATIONS = "cleaned_annotations.json"
PORTRAIT_SUFFIXES = (".jpeg", ".jpg", ".png")
LEAST_FRAMES = 4  # the frames of a story whose followers are listed in `following_cache3`


class Reader:
    """A dataset folder in the authors' layout. Subclasses say how its clips are described and named."""

    kind = ""
    names: Mapping[str, Sequence[str]] = {}  # main characters as written in captions, and their aliases
    label_order: Sequence[str] = ()  # the characters that the columns of `labels` stand for
    backgrounds: int | None = None
    # Published numbers of stories for training, validation and test.
    published: tuple[int, int, int] | None = None

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise StoryError(f"There is no folder {self.folder}.")

    @cached_property
    def annotations(self) -> dict[str, Any]:
        """id -> its entry in `cleaned_annotations.json`."""
        table = tables.read_json(self.folder / ANNOTATIONS)
        if not isinstance(table, dict):
            raise StoryError(f"{self.folder / ANNOTATIONS} should map clip ids to annotations.")
        for clip in table:
            self.check_id(clip)
        return table

    @cached_property
    def splits(self) -> dict[str, list[str]]:
        """split -> ids, from `split.json`.

        Without that file, the published rule decides, and a warning says if numbers differ.
        """
        file = self.folder / "split.json"
        found = splits.read_split(file) if file.is_file() else self.fallback_split()
        for ids in found.values():
            for clip in ids:
                self.check_id(clip)
        return found

    def fallback_split(self) -> dict[str, list[str]]:
        raise StoryError(f"{self.folder / 'split.json'} is missing, and {self.kind} cannot be split without.")

    @cached_property
    def listed_followers(self) -> dict[int, dict[str, tuple[str, ...]]]:
        """Number of followers -> the table of followers, for each `following_cache` of the folder."""
        numbers = {
            int(digits)
            for path in self.folder.glob("following_cache*")
            if (digits := path.stem.removeprefix("following_cache")).isdigit()
        }
        found = {number: tables.followings(self.folder, number) for number in sorted(numbers)}
        return {number: table for number, table in found.items() if table is not None}

    def ordered(self, ids: Iterable[str] | None = None) -> list[str]:
        """Returns the clips (by default of all splits) in the order of the film."""
        return sorted(
            dict.fromkeys(one for part in self.splits.values() for one in part) if ids is None else ids
        )

    def episode(self, clip: str) -> Hashable:
        """Returns a value that is the same for all clips of an episode."""
        raise NotImplementedError

    def followers(self, count: int) -> dict[str, tuple[str, ...]]:
        """Returns id -> its next `count` clips.

        They are as listed in the folder, or else those that follow in the same episode.
        """
        listed = self.listed_followers.get(count)
        return splits.following(self.ordered(), self.episode, count) if listed is None else listed

    def missing(self, ids: Iterable[str]) -> list[str]:
        """Returns those `ids` that have no pictures."""
        try:
            there = {entry.name for entry in os.scandir(self.folder / FRAMES)}
        except FileNotFoundError:
            there = set()
        return [clip for clip in dict.fromkeys(ids) if f"{clip}.npy" not in there]

    @cached_property
    def labels(self) -> dict[str, tuple[int, ...]]:
        return tables.labels(self.folder) or {}

    @cached_property
    def background_labels(self) -> dict[str, tuple[int, ...]]:
        return tables.backgrounds(self.folder) or {}

    def clip(self, clip: str) -> Clip:
        """Returns the record of a clip. StoryError if it is not annotated, or has a bad annotation."""
        if clip not in self.annotations:
            raise StoryError(f"{self.folder / ANNOTATIONS} does not have the clip {clip}.")
        annotation = self.annotations[clip]
        if not isinstance(annotation, dict):
            raise self.wrong(clip, "is no annotation")
        return Clip(
            clip,
            self.folder,
            segments=self._segments(clip, annotation),
            labels=self.labels.get(clip, ()),
            background=self.background_labels.get(clip, ()),
            **self.describe(clip, annotation),
        )

    def describe(self, clip: str, annotation: dict[str, Any]) -> dict[str, Any]:
        """Returns the fields of a Clip that are words: captions, tokens, characters, setting, portraits."""
        raise NotImplementedError

    def caption(self, clip: Clip, number: int, rule: Rule, chance: float) -> str:
        """Returns the caption of picture `number`. `chance`, in 0..1, decides if the rule leaves it to chance."""
        return clip.captions[0]

    def opening(self, frame: StoryFrame, rule: Rule, chance: float) -> str:
        """Returns the text from which the authors draw a story's first frame."""
        return frame.caption

    def with_pronouns(self, frames: Sequence[StoryFrame], rule: Rule) -> tuple[ReferentialCaption, ...]:
        """Returns the frames' captions with pronouns, one for each frame."""
        raise NotImplementedError

    @cached_property
    def portraits(self) -> tuple[tuple[str, Path], ...]:
        """Main characters and their canonical portraits.

        These are in `chars/` in the folder, or beside the folder as in the release.
        """
        found = []
        for name in self.names:
            files = [
                folder / "chars" / f"{name.lower()}{suffix}"
                for folder in (self.folder, self.folder.parent)
                for suffix in PORTRAIT_SUFFIXES
            ]
            found += [(name, file) for file in files if file.is_file()][:1]
        return tuple(found)

    def names_of(self, clip: Clip) -> dict[str, Sequence[str]]:
        """Returns name -> aliases for everybody who has a portrait in the story of a clip."""
        return {name: self.names.get(name, ()) for name, _ in clip.portraits}

    def check_id(self, clip: object) -> None:
        """Raises StoryError for an id with other characters than letters, digits, spaces, hyphens and underscores.

        Ids become file names.
        """
        if not isinstance(clip, str) or not clip or clip != clip.strip():
            raise StoryError(f"{self.folder} has a clip {clip!r}, which cannot be a file's name.")
        if not all(c.isalnum() or c in "_- " for c in clip):
            raise StoryError(f"{self.folder} has a clip {clip!r}, which cannot be a file's name.")

    def wrong(self, clip: str, what: str) -> StoryError:
        return StoryError(f"The entry {clip} of {self.folder / ANNOTATIONS} {what}.")

    def _segments(self, clip: str, annotation: dict[str, Any]) -> tuple[Segment, ...]:
        rows = annotation.get("segments", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self.wrong(clip, "has no list of segments")
        return tuple(self._segment(clip, row, annotation.get("tokens")) for row in rows)

    def _segment(self, clip: str, row: dict[str, Any], tokens: Any) -> Segment:
        number, word, box = row.get("id"), row.get("word"), row.get("bbox")
        if type(number) is not int or number < 1:
            raise self.wrong(clip, f"has a segment with id {number!r}; they count from 1")
        if not isinstance(word, str):
            raise self.wrong(clip, f"has a segment {number} with the word {word!r}")
        if not isinstance(box, list) or len(box) != 4 or not all(_is_finite(v) for v in box):
            raise self.wrong(clip, f"has a segment {number} with the box {box!r}")
        start, end = row.get("start", 0), row.get("end", 0)
        if type(start) is not int or type(end) is not int or start < 0 or end < start:
            raise self.wrong(clip, f"has a segment {number} from token {start!r} to {end!r}")
        if isinstance(tokens, list):
            if end > len(tokens):
                raise self.wrong(clip, f"has a segment {number} that ends at token {end} of {len(tokens)}")
            end = name_end([str(token) for token in tokens], word, start, end)
        left, top, right, bottom = map(float, box)
        return Segment(number, word.lower(), start, end, (left, top, right, bottom))


def _is_finite(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 1e9


def name_end(tokens: Sequence[str], word: str, start: int, end: int) -> int:
    """Returns the end of a segment's name: one past its last token. Its label is `word`, its span `start` to `end`.

    The release counts one past the last token; others count the last token itself. The tokens tell which it is, or an
    empty range does. If neither does, the release's way is assumed.
    """
    last = word.lower().split()[-1:]
    before, at = ([token.lower() for token in tokens[i : i + 1]] if i >= 0 else [] for i in (end - 1, end))
    return end + 1 if (before != last and at == last) or (end == start and end < len(tokens)) else end
