"""Which clips are for training, validation and test, and which follow one another: the published rules.

FlintstonesSV's release has no `split.json`. Its split is that of the original Flintstones data, as Story-LDM uses it
(`train-val-test_split.json`). If that is missing too, whole episodes are divided; no published number was made with
that split. Story-LDM's rule for stories: the followers of a clip are the next clips of the same season and episode,
with the clips of all splits sorted together.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path

from storyboard.errors import StoryError
from training.data.tables import read_json

SPLITS = ("train", "val", "test")
ORIGINAL = "train-val-test_split.json"
FOLLOWERS = (3, 4)  # stories here have four frames; the published counts may be for five
Episode = Callable[[str], Hashable]


def read_split(path: Path) -> dict[str, list[str]]:
    """Returns split -> ids, in the order of the file. StoryError if the file is no split."""
    table = read_json(path)
    if not isinstance(table, dict) or not table or not set(table) <= set(SPLITS):
        raise StoryError(f"{path} should hold lists of clip ids under {', '.join(SPLITS)}.")
    for name, ids in table.items():
        if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
            raise StoryError(f'{path} should hold a list of clip ids under "{name}".')
    return {name: table.get(name, []) for name in SPLITS}


def repeated(splits: Mapping[str, Sequence[str]]) -> list[str]:
    """Returns the ids that are in the splits more than once."""
    counted = Counter(one for ids in splits.values() for one in ids)
    return [one for one, times in counted.items() if times > 1]


def split_by_episode(
    ids: Iterable[str], episode: Episode, shares: Mapping[str, float]
) -> dict[str, list[str]]:
    """Returns whole episodes divided so that the splits come close to `shares`.

    The result is the same for the same ids.
    """
    episodes: dict[Hashable, list[str]] = {}
    for one in sorted(ids):
        episodes.setdefault(episode(one), []).append(one)
    order = sorted(episodes, key=lambda key: hashlib.blake2b(repr(key).encode(), digest_size=8).digest())
    dealt: dict[str, list[str]] = {name: [] for name in SPLITS}
    total = sum(shares.values())
    for key in order:
        held = sum(map(len, dealt.values())) + len(episodes[key])
        neediest = max(SPLITS, key=lambda name: shares[name] / total * held - len(dealt[name]))
        dealt[neediest] += episodes[key]
    return {name: sorted(ids) for name, ids in dealt.items()}


def following(ordered: Sequence[str], episode: Episode, count: int) -> dict[str, tuple[str, ...]]:
    """Returns id -> the next `count` clips of `ordered`, if they all belong to the same episode."""
    lists = {}
    for number, one in enumerate(ordered[: len(ordered) - count]):
        next_ones = tuple(ordered[number + 1 : number + 1 + count])
        if all(episode(other) == episode(one) for other in next_ones):
            lists[one] = next_ones
    return lists


def in_strides(ordered: Sequence[str], episode: Episode, length: int) -> list[tuple[str, ...]]:
    """Returns stories that do not overlap, like the paper's long stories.

    `ordered`, the clips of one split, is cut after every `length` clips, wherever an episode ends. Pieces with clips of
    more than one episode are left out.
    """
    slices = (tuple(ordered[start : start + length]) for start in range(0, len(ordered), length))
    return [story for story in slices if len(story) == length and len({episode(one) for one in story}) == 1]


def count_stories(
    splits: Mapping[str, Sequence[str]], ordered: Sequence[str], episode: Episode
) -> dict[str, tuple[int, ...]]:
    """Returns numbers for (train, val, test): of clips, and of stories of four and of five frames."""
    counts = {"clips": tuple(len(splits[name]) for name in SPLITS)}
    for count in FOLLOWERS:
        lists = following(ordered, episode, count)
        counts[f"stories of {count + 1} frames"] = tuple(
            sum(one in lists for one in splits[name]) for name in SPLITS
        )
    return counts


def differs_from_published(counts: Mapping[str, tuple[int, ...]], published: tuple[int, ...]) -> str | None:
    """Returns a sentence with all numbers if no way of counting gives the published numbers; otherwise None."""
    if published in counts.values():
        return None
    told = "; ".join(f"{kind}: {_numbers(numbers)}" for kind, numbers in counts.items())
    return (
        f"The split is not the published one: train/val/test should be {_numbers(published)}, and this folder has "
        f"{told}. Numbers measured on it cannot be compared with the paper's."
    )


def _numbers(numbers: Iterable[int]) -> str:
    return "/".join(map(str, numbers))
