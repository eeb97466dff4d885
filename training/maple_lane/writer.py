"""Writes stories to disk in the layout of FlintstonesSV, so that one family of readers serves both.

Where that layout has pickles there is JSON of the same shape. Season is the split, episode the story, shot the
frame: `s_03_e_000017_shot_000002_000002` is the third frame of test story 17. Several splits may share a folder.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from storyboard.disk.durable import write_whole

from .cast import BY_NAME, CAST
from .describe import describe
from .places import PLACES
from .scene import draw_portrait, draw_with_masks
from .stories import SPLITS, MapleStory, StoryFrame, story
from .words import canonical, free_captions

BOX_SPACE = 128  # bounding boxes are in pixels of a picture this wide, whatever is written
FOLLOWING = 3


def write_dataset(out: Path, split: str, stories: int, frames: int = 4, size: int = 512) -> None:
    """Writes the first `stories` stories of a split, pictures `size` pixels wide, and adds them to what `out` holds.

    ValueError when the split is unknown or has fewer stories.
    """
    # all are made before anything is written, so that a number too high leaves the folder as it was
    told = [story(split, index, frames) for index in range(stories)]
    for folder in ("video_frames_sampled_4x", "seg_mask_4x_comb", "chars"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    _write_portraits(out / "chars", size)
    cleaned, records, original = {}, [], []
    for index, tale in enumerate(told):
        ids = frame_ids(split, index, len(tale.frames))
        records.append(_story_record(tale, split, ids))
        for frame_id, frame in zip(ids, tale.frames, strict=True):
            segments = _write_pictures(out, frame_id, frame, size)
            cleaned[frame_id] = {"caption": frame.plain, "tokens": tokens(frame.plain), "segments": segments}
            original.append(_original_annotation(frame_id, frame))
    _write_tables(out, split, told, cleaned, records, original)


def frame_ids(split: str, index: int, frames: int) -> list[str]:
    season = SPLITS.index(split) + 1
    return [f"s_{season:02d}_e_{index:06d}_shot_{k:06d}_{k:06d}" for k in range(frames)]


def tokens(caption: str) -> list[str]:
    """Words and marks: `segments` count these."""
    return re.findall(r"\w+|[^\w\s]", caption)


def portrait_file(name: str, outfit: str) -> str:
    return f"{name}-{outfit}.png".lower().replace(" ", "-")


def _write_portraits(folder: Path, size: int) -> None:
    for who in CAST:
        for outfit in who.outfits:
            Image.fromarray(draw_portrait(who.name, outfit, size)).save(
                folder / portrait_file(who.name, outfit)
            )


def _write_pictures(out: Path, frame_id: str, frame: StoryFrame, size: int) -> list[dict]:
    """Saves the picture and its segment mask; returns the segments."""
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


def _story_record(tale: MapleStory, split: str, ids: list[str]) -> dict:
    return {
        "id": tale.id,
        "split": split,
        "outfits": tale.outfits,
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
                "actors": [asdict(actor) for actor in frame.scene.actors],
                "description": describe(frame.scene),
            }
            for frame_id, frame, free in zip(ids, tale.frames, free_captions(tale), strict=True)
        ],
    }


def _write_tables(out: Path, split: str, told, cleaned: dict, records: list, original: list) -> None:
    """The JSON files; what they hold of other splits stays, what they hold of this one is replaced."""
    season = f"s_{SPLITS.index(split) + 1:02d}_"
    people, places, following = {}, {}, {}
    for index, tale in enumerate(told):
        ids = frame_ids(split, index, len(tale.frames))
        for k, (frame_id, frame) in enumerate(zip(ids, tale.frames, strict=True)):
            present = {actor.name for actor in frame.scene.actors}
            people[frame_id] = [int(name in present) for name in BY_NAME]
            places[frame_id] = [int(place == frame.scene.place) for place in PLACES]
            if k + FOLLOWING < len(ids):
                following[frame_id] = ids[k + 1 : k + 1 + FOLLOWING]
    _merge(out / "split.json", {split: list(cleaned)}, lambda key: False)
    for name, rows in (("cleaned_annotations", cleaned), ("labels", people), ("following_cache3", following)):
        _merge(out / f"{name}.json", rows, lambda key: key.startswith(season))
    background = out / "labels_bg.json"
    kept = _load(background, {"label": {}})["label"]
    _save(background, {"label": {k: v for k, v in kept.items() if not k.startswith(season)} | places})
    annotations = out / "flintstones_annotations_v1-0.json"
    _save(annotations, [a for a in _load(annotations, []) if not a["globalID"].startswith(season)] + original)
    stories = out / "stories.json"
    _save(stories, [record for record in _load(stories, []) if record["split"] != split] + records)


def _merge(path: Path, rows: dict, replaced) -> None:
    _save(path, {key: value for key, value in _load(path, {}).items() if not replaced(key)} | rows)


def _load(path: Path, empty):
    return json.loads(path.read_text("utf-8")) if path.exists() else empty


def _save(path: Path, value) -> None:
    write_whole(path, (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode())
