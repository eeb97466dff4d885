"""The tables of a dataset folder: the order of clips, characters, backgrounds, and the authors' cached conditions.

`NAME.json` (or `NAME.safetensors`) is preferred. Otherwise `NAME.pkl`, as released, is read through `unpickle`.
`convert` writes the former from the latter, once. Every table is checked as it is read. A StoryError names the file and
the entry.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from storyboard.disk.durable import part_of, settle, write_whole
from storyboard.errors import StoryError
from training.data.unpickle import read_pickle

# id -> (1, L, D): the targets of stage 2, as the authors cache them.
CONDITIONS = ("clip_emb_img", "clip_emb_text")
MOST_JSON = 1 << 30  # bytes


def read_json(path: Path) -> Any:
    """Returns the content of the file. StoryError if it is missing or no JSON."""
    try:
        if path.stat().st_size > MOST_JSON:
            raise StoryError(f"{path} is larger than any table of a dataset.")
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise StoryError(f"{path} is missing.") from None
    except (ValueError, RecursionError) as error:
        raise StoryError(f"{path} is no JSON: {error}.") from error


def followings(folder: Path, count: int) -> dict[str, tuple[str, ...]] | None:
    """Returns id -> the next `count` clips of the same episode; None if the folder has no such table.

    Entries of another length are left out, as the authors do.
    """
    table = _table(folder, f"following_cache{count}", check_followings)
    if table is None:
        return None
    return {clip: tuple(next_ones) for clip, next_ones in table.items() if len(next_ones) == count}


def labels(folder: Path) -> dict[str, tuple[int, ...]] | None:
    """Returns id -> 0 or 1 for each main character; None if the folder has no such table."""
    table = _table(folder, "labels", check_labels)
    return table and {clip: tuple(row) for clip, row in table.items()}


def backgrounds(folder: Path) -> dict[str, tuple[int, ...]] | None:
    """Returns id -> 0 or 1 for each background; None if the folder has no such table."""
    table = _table(folder, "labels_bg", check_backgrounds)
    return table and {clip: tuple(row) for clip, row in table["label"].items()}


def check_followings(table: Any) -> dict[str, list[str]]:
    """Returns the table. StoryError unless it maps ids to lists of ids."""
    for clip, next_ones in _rows(table):
        if not isinstance(next_ones, list) or not all(isinstance(one, str) for one in next_ones):
            raise StoryError(f"the entry {clip!r} is no list of clip ids")
    return table


def check_labels(table: Any) -> dict[str, list[int]]:
    """Returns the table as plain ints. StoryError unless it maps ids to lists of 0 and 1, all of one length."""
    plain, width = {}, None
    for clip, row in _rows(table):
        row = row.tolist() if isinstance(row, (np.ndarray, torch.Tensor)) else row
        if not isinstance(row, list) or not all(isinstance(v, (int, float)) and v in (0, 1) for v in row):
            raise StoryError(f"the entry {clip!r} is no list of 0 and 1")
        width = len(row) if width is None else width
        if len(row) != width:
            raise StoryError(f"the entry {clip!r} has {len(row)} values where others have {width}")
        plain[clip] = [int(v) for v in row]
    return plain


def check_backgrounds(table: Any) -> dict[str, dict[str, list[int]]]:
    """Returns only the entry "label". StoryError unless it is a table of labels."""
    if not isinstance(table, dict) or "label" not in table:
        raise StoryError('it has no entry "label"')
    return {"label": check_labels(table["label"])}


def convert(folder: Path) -> Iterator[str]:
    """Writes JSON and safetensors beside the folder's pickles, which stay. Yields a line for each file."""
    for path in sorted(folder.glob("*.pkl")):
        check = checker(path.stem)
        target = path.with_suffix(".safetensors" if path.stem in CONDITIONS else ".json")
        if check is None:
            yield f"{path.name}: no table of these datasets, left alone"
        elif target.exists():
            yield f"{path.name}: {target.name} is there already"
        else:
            table = _checked(path, check, read_pickle)
            if path.stem in CONDITIONS:
                part = part_of(target)
                save_file(table, part)
                settle(part, target)
            else:
                write_whole(target, json.dumps(table).encode())
            yield f"{path.name}: written as {target.name}"


def checker(stem: str) -> Callable[[Any], Any] | None:
    """Returns the function that checks the table with that name; None if these datasets have no such table."""
    if stem.startswith("following_cache"):
        return check_followings
    known = {"labels": check_labels, "labels_bg": check_backgrounds}
    return known.get(stem, check_conditions if stem in CONDITIONS else None)


def check_conditions(table: Any) -> dict[str, torch.Tensor]:
    """Returns the table as tensors. StoryError unless it maps ids to tensors of one shape."""
    shape, tensors = None, {}
    for clip, value in _rows(table):
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            value = torch.from_numpy(value.copy())
        if not isinstance(value, torch.Tensor):
            raise StoryError(f"the entry {clip!r} is no tensor")
        shape = value.shape if shape is None else shape
        if value.shape != shape:
            raise StoryError(f"the entry {clip!r} is {tuple(value.shape)} where others are {tuple(shape)}")
        tensors[clip] = value.contiguous()
    return tensors


def _table(folder: Path, stem: str, check: Callable[[Any], Any]) -> Any:
    """Returns the checked table, from JSON or else from a pickle; None if there is neither."""
    for suffix, read in ((".json", read_json), (".pkl", read_pickle)):
        path = folder / f"{stem}{suffix}"
        if path.is_file():
            return _checked(path, check, read)
    return None


def _checked(path: Path, check: Callable[[Any], Any], read: Callable[[Path], Any]) -> Any:
    table = read(path)
    try:
        return check(table)
    except StoryError as error:
        raise StoryError(f"{path} cannot be used: {error}.") from error


def _rows(table: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(table, dict):
        raise StoryError("it does not map clip ids to entries")
    for clip, row in table.items():
        if not isinstance(clip, str):
            raise StoryError(f"it has the key {clip!r} where a clip id belongs")
        yield clip, row
