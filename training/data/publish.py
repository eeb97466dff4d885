"""Writes a Maple Lane folder as a repository of the `datasets` library: Parquet files with the pictures in them, and a
card.

`load_dataset(FOLDER)` reads it, or `load_dataset(NAME)` once it is on the Hub. Knows the story table and the `datasets`
package.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from storyboard.disk.durable import whole_folder
from storyboard.errors import StoryError
from training.data import tables
from training.data.maple_lane import STORIES, MapleLane

SPLITS = {"train": "train", "val": "validation", "test": "test"}  # our names -> those of the library
ROWS_A_FILE = 4000
WORDS = ("plain", "referential", "canonical", "free", "description", "place", "time", "weather")
CARD = """---
license: mit
task_categories:
  - text-to-image
language:
  - en
tags:
  - story-visualization
pretty_name: Maple Lane
configs:
  - config_name: default
    data_files:
{files}
---

# Maple Lane

Stories of a small street, drawn by code: one row a frame, the frames of a story in order. `image` is the picture and
`mask` who is where in it: 0 is nobody, and n the n-th of `people`. `plain` names everybody, `referential` says *he*,
*she*, *it* and *they*, `canonical` has the one form of every scene, and `free` words it as a writer may. `outfit` is
what each of `people` wears, "" for people who are not the cast's.

```python
from datasets import load_dataset

stories = load_dataset("OWNER/NAME", split="test")
```

Made by `python -m training.maple_lane` and `python -m training.data publish` of StoryGPT-V Storyboard. Pictures, names
and stories are under the MIT licence.
"""


def publish(folder: Path, out: Path) -> dict[str, int]:
    """Writes the dataset folder `folder` as a repository into `out`. Returns how many frames each split has.

    StoryError if `folder` is no folder of Maple Lane, or if the package is not installed.
    """
    try:
        import datasets
    except ImportError as error:
        raise StoryError(
            "A repository of datasets needs one more package; run: pip install datasets"
        ) from error
    reader, counts = MapleLane(folder), {}
    with whole_folder(out) as fresh, tempfile.TemporaryDirectory() as scratch:
        (fresh / "data").mkdir()
        for split, name in SPLITS.items():
            if not any(record.get("split") == split for record in _records(folder)):
                continue
            rows = datasets.Dataset.from_generator(
                _rows,
                features=_features(datasets),
                gen_kwargs={"reader": reader, "split": split},
                cache_dir=scratch,
            )
            files = -(-len(rows) // ROWS_A_FILE)
            for number in range(files):
                file = fresh / "data" / f"{name}-{number:05d}-of-{files:05d}.parquet"
                rows.shard(files, number, contiguous=True).to_parquet(file)
            counts[name] = len(rows)
        if not counts:
            raise StoryError(f"{folder} has no stories; write some with python -m training.maple_lane --out.")
        told = "\n".join(f"      - split: {name}\n        path: data/{name}-*.parquet" for name in counts)
        (fresh / "README.md").write_text(CARD.format(files=told), encoding="utf-8")
    return counts


def _records(folder: Path) -> list[Mapping[str, Any]]:
    records = tables.read_json(folder / STORIES)
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise StoryError(f"{folder / STORIES} is no table of Maple Lane's stories.")
    return records


def _features(datasets: Any) -> Any:
    text, number = datasets.Value("string"), datasets.Value("int32")
    return datasets.Features(
        {"story": text, "world": text, "frame": number, "image": datasets.Image(), "mask": datasets.Image()}
        | {word: text for word in WORDS}
        | {"people": datasets.List(text), "outfit": datasets.List(text)}
    )


def _rows(reader: MapleLane, split: str) -> Iterator[dict[str, Any]]:
    for record in _records(reader.folder):
        if record.get("split") != split:
            continue
        for number, frame in enumerate(record["frames"]):
            clip = reader.clip(frame["id"])
            named = {actor["name"].lower(): actor["name"] for actor in frame["actors"]}
            people = [named[segment.word] for segment in sorted(clip.segments, key=lambda one: one.id)]
            yield {
                "story": record["id"],
                "world": record["world"],
                "frame": number,
                "image": Image.fromarray(np.ascontiguousarray(clip.pictures()[0])),
                "mask": Image.fromarray(np.asarray(clip.mask(0), np.uint8)),
                "people": people,
                "outfit": [record["outfits"].get(name, "") for name in people],
                **{word: frame[word] for word in WORDS},
            }
