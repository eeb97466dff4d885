"""Reports what is missing or wrong in a dataset folder, file by file, for `python -m training.data check DIR`.

It looks at every clip of every split: its annotation, the headers of its arrays, and its masks. The contents of arrays
are not read, so a whole dataset takes minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storyboard.errors import StoryError
from training.data import splits
from training.data.dataset import missing_sentence, open_reader
from training.data.flintstones import ORIGINAL_ANNOTATIONS, Flintstones
from training.data.reader import ANNOTATIONS, LEAST_FRAMES, Reader
from training.data.records import FRAMES, MASKS, Clip


@dataclass(frozen=True)
class Finding:
    """A remark about a file. wrong: whether it prevents training on the dataset, or measuring on it."""

    file: str
    text: str
    wrong: bool = False

    def __str__(self) -> str:
        return f"{'WRONG' if self.wrong else 'ok   '} {self.file}: {self.text}"


def check(folder: Path, kind: str | None = None) -> Iterator[Finding]:
    """Yields the remarks about a folder. Remarks about what other things depend on come first."""
    reader = open_reader(folder, kind)
    yield Finding(str(folder), f"read as {reader.kind}")
    try:
        clips = list(dict.fromkeys(clip for ids in reader.splits.values() for clip in ids))
        yield from _split(reader)
    except StoryError as error:
        yield Finding("split.json", str(error), wrong=True)
        clips = list(_or_nothing(lambda: reader.annotations))
    for part in (_followers, _labels, _originals, _annotations, _pictures, _portraits):
        try:
            yield from part(reader, clips)
        except StoryError as error:
            yield Finding(part.__name__.removeprefix("_"), str(error), wrong=True)


def _split(reader: Reader) -> Iterator[Finding]:
    numbers = "/".join(str(len(reader.splits[name])) for name in splits.SPLITS)
    there = (reader.folder / "split.json").is_file()
    original = (reader.folder / splits.ORIGINAL).is_file()
    how = "" if there else f"missing; {splits.ORIGINAL if original else 'whole episodes'} instead: "
    yield Finding("split.json", f"{how}{numbers} clips", wrong=not there and not original)
    twice = splits.repeated(reader.splits)
    if twice:
        yield Finding("split.json", f"{_which(twice)} more than once", wrong=True)
    if reader.published:
        counts = splits.count_stories(reader.splits, reader.ordered(), reader.episode)
        differs = splits.differs_from_published(counts, reader.published)
        yield Finding("split.json", differs or "the published numbers")
    yield from _leaks(reader)


def _leaks(reader: Reader) -> Iterator[Finding]:
    """Yields test and training stories that continue into clips of another split, which the published rule allows."""
    followers = reader.followers(LEAST_FRAMES - 1)
    for split, remark in (("test", ""), ("train", "; stage 2 leaves these out, without --followers any")):
        own = set(reader.splits[split])
        stories = [clip for clip in own if clip in followers]
        leaking = sum(not own.issuperset(followers[clip]) for clip in stories)
        if leaking:
            said = f"{leaking} of {len(stories)} {split} stories go on into clips of another split{remark}"
            yield Finding("split.json", said)


def _followers(reader: Reader, clips: Sequence[str]) -> Iterator[Finding]:
    listed = reader.listed_followers
    if LEAST_FRAMES - 1 not in listed:
        yield Finding(
            f"following_cache{LEAST_FRAMES - 1}", "missing; followers by the rule of the same episode"
        )
    known = set(clips)
    for count, table in listed.items():
        strangers = {one for row in table.values() for one in row} - known
        yield Finding(f"following_cache{count}", f"{len(table)} stories of {count + 1} frames")
        if strangers:
            yield Finding(f"following_cache{count}", f"{_which(sorted(strangers))} in no split", wrong=True)


def _labels(reader: Reader, clips: Sequence[str]) -> Iterator[Finding]:
    tables = [("labels", reader.labels, len(reader.names))]
    if reader.backgrounds:
        tables.append(("labels_bg", reader.background_labels, reader.backgrounds))
    for name, table, width in tables:
        if not table:
            yield Finding(name, "missing; pictures cannot be scored", wrong=True)
            continue
        lacking = [clip for clip in clips if clip not in table]
        found = len(next(iter(table.values())))
        yield Finding(name, f"{len(table)} clips, {found} columns")
        if found != width:
            yield Finding(name, f"{found} columns where {reader.kind} has {width}", wrong=True)
        if lacking:
            yield Finding(name, f"{_which(lacking)} without labels", wrong=True)


def _originals(reader: Reader, clips: Sequence[str]) -> Iterator[Finding]:
    if not isinstance(reader, Flintstones):
        return
    lacking = [clip for clip in clips if clip not in reader.originals]
    yield Finding(ORIGINAL_ANNOTATIONS, f"{len(reader.originals)} clips")
    if lacking:
        yield Finding(ORIGINAL_ANNOTATIONS, f"{_which(lacking)} missing", wrong=True)


def _annotations(reader: Reader, clips: Sequence[str]) -> Iterator[Finding]:
    yield Finding(ANNOTATIONS, f"{len(reader.annotations)} clips")
    records = (_record(reader, clip) for clip in clips)
    failures = [str(record) for record in records if not isinstance(record, Clip)]
    if failures:
        yield Finding(ANNOTATIONS, _first(failures), wrong=True)
    bare = sum(not clip.segments for clip in _records(reader, clips))
    if bare:
        yield Finding(ANNOTATIONS, f"{bare} clips have no segments; stage 1 leaves them out")


def _pictures(reader: Reader, clips: Sequence[str]) -> Iterator[Finding]:
    missing = reader.missing(clips)
    if missing:
        yield Finding(FRAMES, missing_sentence(missing), wrong=True)
    there = set(clips) - set(missing)
    frames, masks, broken, unmasked = 0, 0, [], []
    for clip in _records(reader, [clip for clip in clips if clip in there]):
        try:
            pictures = clip.pictures()
        except StoryError as error:
            broken.append(str(error))
            continue
        frames += len(pictures)
        made = [number for number in range(len(pictures)) if clip.mask_file(number).is_file()]
        masks += len(made)
        broken += _wrong_masks(clip, made, pictures.shape[1:3])
        if clip.segments and len(made) < len(pictures):
            unmasked.append(clip.id)
    yield Finding(FRAMES, f"{frames} pictures")
    yield Finding(MASKS, f"{masks} masks")
    if unmasked:
        yield Finding(MASKS, f"{_which(unmasked)} without a mask for every picture; boxes stand in for them")
    if broken:
        yield Finding(f"{FRAMES}, {MASKS}", _first(broken), wrong=True)


def _wrong_masks(clip: Clip, made: Iterable[int], size: tuple[int, ...]) -> list[str]:
    broken = []
    for number in made:
        try:
            mask = clip.mask(number)
        except StoryError as error:
            broken.append(str(error))
            continue
        if mask is not None and mask.shape != size:
            broken.append(f"{clip.mask_file(number)} is {mask.shape} where the picture is {size}.")
    return broken


def _portraits(reader: Reader, clips: Sequence[str]) -> Iterator[Finding]:
    portraits = {name: file for clip in _records(reader, clips) for name, file in clip.portraits}
    everybody = dict.fromkeys((*reader.names, *portraits))
    lacking = [name for name in everybody if name not in portraits or not portraits[name].is_file()]
    yield Finding("chars", f"portraits of {len(everybody) - len(lacking)} of {len(everybody)}")
    if lacking:
        yield Finding("chars", f"no portrait of {', '.join(lacking)}; only crops can stand for them")


def _record(reader: Reader, clip: str) -> Any:
    """Returns the clip's record, or the error if it has none."""
    try:
        return reader.clip(clip)
    except StoryError as error:
        return error


def _records(reader: Reader, clips: Iterable[str]) -> Iterator[Clip]:
    return (record for clip in clips if isinstance(record := _record(reader, clip), Clip))


def _which(ids: Sequence[str]) -> str:
    """Returns the first id, and how many more there are, as half a sentence."""
    return f"{ids[0]} is" if len(ids) == 1 else f"{ids[0]} and {len(ids) - 1} more are"


def _first(failures: Sequence[str]) -> str:
    return failures[0] + (f" And {len(failures) - 1} more." if len(failures) > 1 else "")


def _or_nothing(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except StoryError:
        return ()
