"""Writes stories to disk in the layout of FlintstonesSV, so that the same readers serve both datasets.

Where that layout has pickles, there is JSON of the same shape. The season is the split, the episode is the story, and
the shot is the frame: `s_03_e_000017_shot_000002_000002` is the third frame of test story 17. Seasons 1 to 3 are
stories of the cast, 11 to 13 are stories of other people, and 21 to 23 are stories of the open world. All of them may
share a folder.

`stories.json` holds what the layout has no place for, one record for each story: the clothes of the cast (`outfits`),
the looks of other people (`looks`), and for each frame its captions (plain, referential, canonical, free), what the
free caption says (`shows`), and who does what where. Everybody's portrait is a file in `chars`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from storyboard.disk.durable import write_json
from storyboard.people import Look

from .cast import BY_NAME, CAST
from .describe import describe
from .open_stories import sample_open_story
from .places import PLACES
from .scene import draw_portrait, draw_with_masks
from .stories import SPLITS, MapleStory, StoryFrame, sample_people_story, story
from .words import canonical, free_captions

BOX_SPACE = 128  # bounding boxes are in pixels of a picture of this width, whatever width is written
FOLLOWING = 3
WORLDS: Mapping[str, Callable[..., MapleStory] | None] = {
    "cast": None, "people": sample_people_story, "open": sample_open_story
}  # fmt: skip


def write_dataset(
    out: Path, split: str, stories: int, frames: int = 4, size: int = 512, world: str = "cast"
) -> None:
    """Writes the first `stories` stories of a split and adds them to what `out` holds. Pictures are `size` pixels wide.

    world: "cast", the benchmark's stories; "people", similar stories of anybody; "open", anybody anywhere with things,
    times of day and weather. ValueError if the split or the world is unknown, or if the split has fewer stories.
    """
    # All stories are made before anything is written, so that a number that is too high leaves the folder unchanged.
    told = [story_of(world, split, index, frames) for index in range(stories)]
    for folder in ("video_frames_sampled_4x", "seg_mask_4x_comb", "chars"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    _write_portraits(out / "chars", size, told)
    cleaned, records, original = {}, [], []
    for index, tale in enumerate(told):
        ids = frame_ids(split, index, len(tale.frames), world)
        records.append(_story_record(tale, split, world, ids))
        for frame_id, frame in zip(ids, tale.frames, strict=True):
            segments = _write_pictures(out, frame_id, frame, size)
            cleaned[frame_id] = {"caption": frame.plain, "tokens": tokens(frame.plain), "segments": segments}
            original.append(_original_annotation(frame_id, frame))
    _write_tables(out, split, world, told, cleaned, records, original)


def story_of(world: str, split: str, index: int, frames: int = 4) -> MapleStory:
    """Returns story number `index` of a world and split. Equal arguments give an equal story.

    ValueError for an unknown split or world, or if a fixed set has fewer stories.
    """
    if world not in WORLDS:
        raise ValueError(f"world {world!r} is not one of {', '.join(WORLDS)}")
    sample = WORLDS[world]
    return sample(1_000_003 * frames + index, frames, split) if sample else story(split, index, frames)


def frame_ids(split: str, index: int, frames: int, world: str = "cast") -> list[str]:
    return [f"{_season(split, world)}e_{index:06d}_shot_{k:06d}_{k:06d}" for k in range(frames)]


def _season(split: str, world: str) -> str:
    return f"s_{10 * list(WORLDS).index(world) + SPLITS.index(split) + 1:02d}_"


def tokens(caption: str) -> list[str]:
    """Returns the words and punctuation marks of a caption. `segments` count these."""
    return re.findall(r"\w+|[^\w\s]", caption)


def portrait_file(name: str, outfit: str) -> str:
    return f"{name}-{outfit}.png".lower().replace(" ", "-")


def look_file(look: Look) -> str:
    """Returns the file name of a look's portrait in `chars`: a hash of the look, whoever has it."""
    digest = hashlib.blake2b(json.dumps(look.to_json(), sort_keys=True).encode(), digest_size=10).hexdigest()
    return f"look-{digest}.png"


def _write_portraits(folder: Path, size: int, told: list[MapleStory]) -> None:
    """Saves the portraits of the cast in every outfit, and the portraits of everybody else in these stories."""
    for look in {look for tale in told for look in tale.looks.values()}:
        Image.fromarray(draw_portrait("", look, size)).save(folder / look_file(look))
    for who in CAST:
        for outfit in who.outfits:
            Image.fromarray(draw_portrait(who.name, outfit, size)).save(
                folder / portrait_file(who.name, outfit)
            )


def _write_pictures(out: Path, frame_id: str, frame: StoryFrame, size: int) -> list[dict]:
    """Saves the picture and its segment mask. Returns the segments."""
    picture, masks = draw_with_masks(frame.scene, size)
    words = [word.lower() for word in tokens(frame.plain)]
    combined = np.zeros((size, size), dtype=np.uint8)
    segments = []
    for number, (name, mask) in enumerate(masks.items(), start=1):
        combined[mask] = number
        ys, xs = np.nonzero(mask)
        scale = BOX_SPACE / size
        box = [xs.min() * scale, ys.min() * scale, (xs.max() + 1) * scale, (ys.max() + 1) * scale]
        at = words.index(name.lower())
        segments.append(
            {"id": number, "word": name.lower(), "start": at, "end": at, "bbox": [round(v) for v in box]}
        )
    np.save(out / "video_frames_sampled_4x" / f"{frame_id}.npy", picture[None])
    np.save(out / "seg_mask_4x_comb" / f"{frame_id}-frame0.npy", combined)
    return segments


def _original_annotation(frame_id: str, frame: StoryFrame) -> dict:
    return {
        "globalID": frame_id,
        "description": frame.plain,
        "setting": frame.scene.place,
        "characters": [{"entityLabel": actor.name.lower()} for actor in frame.scene.actors],
    }


def _story_record(tale: MapleStory, split: str, world: str, ids: list[str]) -> dict:
    return {
        "id": tale.id,
        "split": split,
        "world": world,
        "outfits": tale.outfits,
        "looks": {name: look.to_json() for name, look in tale.looks.items()},
        "frames": [
            {
                "id": frame_id,
                "place": frame.scene.place,
                "plain": frame.plain,
                "referential": frame.referential,
                "references": [asdict(reference) for reference in frame.references],
                "canonical": canonical(frame.scene),
                "free": free.text,
                "shows": free.shows.to_json(),
                "actors": [asdict(replace(actor, look=None)) for actor in frame.scene.actors],
                "things": [asdict(thing) for thing in frame.scene.things],
                "time": frame.scene.time,
                "weather": frame.scene.weather,
                "description": describe(frame.scene),
            }
            for frame_id, frame, free in zip(ids, tale.frames, free_captions(tale), strict=True)
        ],
    }


def _write_tables(
    out: Path,
    split: str,
    world: str,
    told: Sequence[MapleStory],
    cleaned: dict[str, Any],
    records: list[dict],
    original: list[dict],
) -> None:
    """Writes the JSON files. Their rows of this split and world are replaced, and other rows stay."""
    season = _season(split, world)
    people: dict[str, list[int]] = {}
    places: dict[str, list[int]] = {}
    following: dict[str, list[str]] = {}
    for index, tale in enumerate(told):
        ids = frame_ids(split, index, len(tale.frames), world)
        for k, (frame_id, frame) in enumerate(zip(ids, tale.frames, strict=True)):
            present = {actor.name for actor in frame.scene.actors}
            people[frame_id] = [int(name in present) for name in BY_NAME]
            places[frame_id] = [int(place == frame.scene.place) for place in PLACES]
            if k + FOLLOWING < len(ids):
                following[frame_id] = ids[k + 1 : k + 1 + FOLLOWING]
    others = [one for one in _load(out / "split.json", {}).get(split, []) if not one.startswith(season)]
    _merge(out / "split.json", {split: others + list(cleaned)}, lambda key: False)
    for name, rows in (("cleaned_annotations", cleaned), ("labels", people), ("following_cache3", following)):
        _merge(out / f"{name}.json", rows, lambda key: key.startswith(season))
    background = out / "labels_bg.json"
    kept = _load(background, {"label": {}})["label"]
    write_json(background, {"label": {k: v for k, v in kept.items() if not k.startswith(season)} | places})
    annotations = out / "flintstones_annotations_v1-0.json"
    write_json(
        annotations, [a for a in _load(annotations, []) if not a["globalID"].startswith(season)] + original
    )
    stories = out / "stories.json"
    others = [one for one in _load(stories, []) if (one["split"], one.get("world", "cast")) != (split, world)]
    write_json(stories, others + records)


def _merge(path: Path, rows: dict[str, Any], replaced: Callable[[str], bool]) -> None:
    write_json(path, {key: value for key, value in _load(path, {}).items() if not replaced(key)} | rows)


def _load(path: Path, empty: Any) -> Any:
    return json.loads(path.read_text("utf-8")) if path.exists() else empty
