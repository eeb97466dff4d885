"""Tiny FlintstonesSV and PororoSV folders in the authors' layout, with pickles. Tests read them and damage them."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import torch
from PIL import Image

SIZE = 32
PICTURES = 3  # in each clip
SAID = (
    ("Fred waves.", ("fred",), (("fred", 0, 1),)),
    ("Wilma and Fred sit down.", ("wilma", "fred"), (("wilma", 0, 1), ("fred", 2, 3))),
    ("Fred and Wilma laugh.", ("fred", "wilma"), (("fred", 0, 1), ("wilma", 2, 3))),
    ("Then Wilma leaves.", ("wilma",), (("wilma", 1, 2),)),
    ("Wilma sings.", ("wilma",), (("wilma", 0, 1),)),
)
BOXES = ((8, 16, 64, 120), (72, 16, 120, 120))


def clip_id(season: int, episode: int, shot: int) -> str:
    return f"s_{season:02d}_e_{episode:02d}_shot_{10 * shot:06d}_{10 * shot + 9:06d}"


def flintstones(folder: Path, episodes: int = 3, clips: int = 6, split: bool = True) -> dict[str, list[str]]:
    """Writes one episode each for test and validation, and the others for training.

    `split=False` leaves out the split file.
    """
    shots = [[clip_id(1, episode, shot) for shot in range(clips)] for episode in range(episodes)]
    parts = {"train": sum(shots[2:], []), "val": shots[1], "test": shots[0]}
    cleaned, originals, labels, places = {}, [], {}, {}
    for episode in shots:
        for shot, clip in enumerate(episode):
            caption, people, segments = SAID[shot % len(SAID)]
            cleaned[clip] = {
                "caption": caption,
                "tokens": caption.replace(".", " .").split(),
                "segments": [
                    {"id": 5 + i, "word": word, "start": start, "end": end, "bbox": list(BOXES[i])}
                    for i, (word, start, end) in enumerate(segments)
                ],
            }
            originals.append(
                {
                    "globalID": clip,
                    "description": f"{caption} So it was.",
                    "setting": "cave",
                    "characters": [{"entityLabel": f" {name}"} for name in people],
                }
            )
            labels[clip] = [
                int(name in people) for name in ("wilma", "fred", "betty", "barney", "dino", "p", "m")
            ]
            places[clip] = np.eye(323, dtype=np.int64)[shot]
            write_pictures(folder, clip, [5 + i for i in range(len(segments))])
    write_json(folder / "cleaned_annotations.json", cleaned)
    write_json(folder / "flintstones_annotations_v1-0.json", originals)
    following = {
        e[i]: e[i + 1 : i + 4] for e in shots for i in range(len(e))
    }  # the clips at the end are short, like the released ones
    write_pickle(folder / "following_cache3.pkl", following)
    write_pickle(folder / "labels.pkl", labels)
    write_pickle(folder / "labels_bg.pkl", {"label": places, "names": ["cave"]})
    write_portraits(folder.parent / "chars", ("fred", "wilma"))
    if split:
        write_json(folder / "split.json", parts)
    return parts


def pororo(folder: Path, clips: int = 6) -> list[str]:
    """Writes one test episode whose ids do not sort in the order of the film."""
    ids = [f"film_{(7 * shot) % 10}" for shot in range(clips)]
    said = ("Pororo and Crong sit.", "Pororo and Crong run.", "Loopy cooks.", "Loopy is singing.")
    cleaned = {}
    for shot, clip in enumerate(ids):
        captions = [said[shot % 4], f"{said[shot % 4]} It snows.", f"Look! {said[shot % 4]}"]
        word = captions[0].split()[0]
        segments = [{"id": 1, "word": word.lower(), "start": 0, "end": 1, "bbox": list(BOXES[0])}]
        cleaned[clip] = {"captions": captions, "segments": segments}
        write_pictures(folder, clip, [1])
    write_json(folder / "cleaned_annotations.json", cleaned)
    write_json(folder / "split.json", {"train": [], "val": [], "test": sorted(ids)})
    write_pickle(folder / "following_cache3.pkl", {ids[i]: ids[i + 1 : i + 4] for i in range(len(ids) - 3)})
    write_pickle(folder / "labels.pkl", {clip: [1] + [0] * 8 for clip in ids})
    return ids


def write_pictures(folder: Path, clip: str, segments: list[int]) -> None:
    """Writes pictures whose shade tells the clip and the moment, and masks that fill each segment's box."""
    for name in ("video_frames_sampled_4x", "seg_mask_4x_comb"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    frames = np.zeros((PICTURES, SIZE, SIZE, 3), dtype=np.uint8)
    for number in range(PICTURES):
        frames[number, :, :, 0] = 80 * number
        mask = np.zeros((SIZE, SIZE), dtype=np.int32)
        for segment, (x1, y1, x2, y2) in zip(segments, BOXES, strict=False):
            mask[y1 // 4 : y2 // 4, x1 // 4 : x2 // 4] = segment
            frames[number][mask == segment] = (10 * segment, 200, 20 * number)
        np.save(folder / "seg_mask_4x_comb" / f"{clip}-frame{number}.npy", mask)
    np.save(folder / "video_frames_sampled_4x" / f"{clip}.npy", frames)


def write_portraits(folder: Path, names: tuple[str, ...]) -> None:
    folder.mkdir(exist_ok=True)
    for shade, name in enumerate(names):
        Image.new("RGB", (20, 40), (60 * shade, 90, 120)).save(folder / f"{name}.jpeg")


def write_conditions(folder: Path, ids: list[str], tokens: int = 3, width: int = 4) -> None:
    """Writes `clip_emb_img.pkl` like the authors' script."""
    torch.manual_seed(0)
    write_pickle(folder / "clip_emb_img.pkl", {one: torch.randn(1, tokens, width).half() for one in ids})


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value))


def write_pickle(path: Path, value: object) -> None:
    path.write_bytes(pickle.dumps(value))
