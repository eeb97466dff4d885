"""One StoryDataset for all readers: stories of any length from a split, with a seeded choice of each picture.

The authors draw a clip's picture (and a PororoSV clip's caption) from an unseeded source. Here the choice follows from
(seed, clip, draw), so that two runs, and two stories that share a clip, get the same picture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from torch.utils.data import Dataset

from storyboard.errors import StoryError
from training.data import splits
from training.data.flintstones import ORIGINAL_ANNOTATIONS, Flintstones
from training.data.maple_lane import STORIES, MapleLane
from training.data.pororo import Pororo
from training.data.reader import LEAST_FRAMES, Reader
from training.data.records import FRAMES, Story, StoryFrame
from training.data.references import RULES, Rule

Followers = Literal["own", "any"]
READERS = {reader.kind: reader for reader in (Flintstones, Pororo, MapleLane)}


def open_reader(folder: str | Path, kind: str | None = None) -> Reader:
    """Returns the reader of a folder. `kind` is a key of READERS; by default the folder's files decide."""
    folder = Path(folder)
    if kind is not None and kind not in READERS:
        raise StoryError(f'There is no dataset "{kind}"; choose {", ".join(READERS)}.')
    if kind is None:
        if (folder / STORIES).is_file():
            kind = MapleLane.kind
        else:
            kind = Flintstones.kind if (folder / ORIGINAL_ANNOTATIONS).is_file() else Pororo.kind
    return READERS[kind](folder)


class StoryDataset(Dataset):
    """Stories of `length` frames.

    overlapping: whether every clip with enough followers starts a story, as in the authors' code for four frames. If
        not, stories are made of the split's own clips, end to end, as in their Table 5. None: as the authors do it, for
        four frames and for other lengths whose followers the folder lists.
    rule: one of the rules in `references.py`.
    followers: "any" is the published rule, by which a story may continue into clips of another split. "own" leaves such
        stories out, so that nothing is learned from other splits.
    """

    def __init__(
        self,
        reader: Reader,
        split: str,
        length: int = LEAST_FRAMES,
        overlapping: bool | None = None,
        seed: int = 0,
        rule: Rule = "evaluation",
        followers: Followers = "any",
    ):
        if split not in splits.SPLITS:
            raise StoryError(f'There is no split "{split}"; choose {", ".join(splits.SPLITS)}.')
        if length < 1:
            raise StoryError(f"A story has at least one frame, not {length}.")
        if rule not in RULES:
            raise StoryError(f'There is no rule "{rule}" for pronouns; choose {", ".join(RULES)}.')
        self.reader, self.split, self.seed, self.rule = reader, split, seed, rule
        self.stories = self._enumerate(length, overlapping)
        if followers == "own":
            own = set(reader.splits[split])
            self.stories = [story for story in self.stories if own.issuperset(story)]
        self._refuse_missing()

    def __len__(self) -> int:
        return len(self.stories)

    def __getitem__(self, index: int) -> Story:
        return self.story(index)

    def __iter__(self) -> Iterator[Story]:
        return (self.story(index) for index in range(len(self)))

    def story(self, index: int, draw: int = 0) -> Story:
        """Returns story number `index`. Another `draw` takes other pictures of the same clips."""
        ids = self.stories[index]
        frames = tuple(self.frame(clip, draw) for clip in ids)
        chance = _chance(self.seed, ids[0], draw, "opening")
        opening = self.reader.opening(frames[0], self.rule, chance)
        return Story(ids[0], frames, self.reader.with_pronouns(frames, self.rule), opening)

    def frame(self, clip_id: str, draw: int = 0) -> StoryFrame:
        """Returns a clip's frame for that draw. All its pictures are equally likely."""
        clip = self.reader.clip(clip_id)
        number = int(_chance(self.seed, clip_id, draw, "picture") * len(clip.pictures()))
        chance = _chance(self.seed, clip_id, draw, "caption")
        return StoryFrame(clip, number, self.reader.caption(clip, number, self.rule, chance))

    @property
    def clips(self) -> list[str]:
        """Every clip of these stories, each once."""
        return list(dict.fromkeys(clip for story in self.stories for clip in story))

    def _enumerate(self, length: int, overlapping: bool | None) -> list[tuple[str, ...]]:
        ids = self.reader.splits[self.split]
        if overlapping is None:
            overlapping = length == LEAST_FRAMES or length - 1 in self.reader.listed_followers
        if length == 1:
            return [(clip,) for clip in ids]
        if not overlapping:
            return splits.in_strides(self.reader.ordered(ids), self.reader.episode, length)
        followers = self.reader.followers(length - 1)
        return [(clip, *followers[clip]) for clip in ids if clip in followers]

    def _refuse_missing(self) -> None:
        clips = self.clips
        for clip in clips:
            self.reader.check_id(clip)
        missing = self.reader.missing(clips)
        if missing:
            raise StoryError(f"{self.reader.folder}: {missing_sentence(missing)}")


def missing_sentence(missing: Sequence[str]) -> str:
    """Returns a sentence that names a missing clip, and says how many more are missing."""
    more = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
    return f"{FRAMES}/{missing[0]}.npy is missing{more}; `python -m training.data check` tells what the folder lacks."


def _chance(seed: int, clip: str, draw: int, what: str) -> float:
    """Returns a number from 0 up to but excluding 1, spread evenly over clips and draws."""
    digest = hashlib.blake2b(f"{seed}/{clip}/{draw}/{what}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48
