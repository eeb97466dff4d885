"""`model_args.json`, in which a second-stage checkpoint says how it is built. Everything in it is checked.

The language model that it belongs to is not read from it: the file names one by a path, and a path proves nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storyboard.errors import StoryError

FILE = "model_args.json"
WEIGHTS = "pretrained_ckpt.pth.tar"
LARGEST_FILE = 1 << 20  # bytes
LARGEST_NUMBER = 1 << 20
MAPPER = "gill_mapper"


@dataclass(frozen=True)
class ModelArgs:
    visual_tokens: int  # m
    image_tokens: int  # R
    queries: int  # L of the condition
    condition_width: int  # D of the condition
    retrieval_width: int  # width of the retrieval heads, which are not used
    max_len: int  # positions of a training prompt, including image tokens
    first_image_token: int | None  # its id in the vocabulary of the training; None in older files


def find_second_stage(folder: Path) -> Path:
    """Returns the folder with both files of a second stage: `folder`, or the one folder inside it that has them."""
    if not folder.is_dir():
        raise StoryError(
            f'There is no second-stage folder "{folder}"; unpack the archive and give its folder.'
        )
    found = [path.parent for pattern in ("", "*/", "*/*/") for path in sorted(folder.glob(pattern + FILE))]
    if len(found) != 1:
        raise StoryError(
            f'"{folder}" holds {FILE} {len(found)} times and needs it once; give the right folder.'
        )
    if not (found[0] / WEIGHTS).is_file():
        raise StoryError(f'"{found[0]}" has no {WEIGHTS}; unpack the archive again.')
    return found[0]


def read_model_args(path: Path) -> ModelArgs:
    """Returns the arguments. A StoryError names the entry that is missing, or that this program cannot build."""
    args = _load(path)
    expected = {
        "text_fc_mode": MAPPER,
        "text_emb_layers": [-1],
        "share_ret_gen": True,
        "interleave": True,
    }
    for key, value in expected.items():
        if args.get(key, value) != value:
            raise _unfit(path, f"{key} is {_shown(args[key])}, and only {_shown(value)} can be imported")
    count = _number(path, args, "num_tokens")
    return ModelArgs(
        visual_tokens=_number(path, args, "n_visual_tokens"),
        image_tokens=count,
        queries=_number(path, args, "num_clip_tokens"),
        condition_width=_number(path, args, "gen_emb_dim"),
        retrieval_width=_number(path, args, "ret_emb_dim"),
        max_len=_number(path, args, "max_len"),
        first_image_token=_first_image_token(path, args, count),
    )


def _load(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise _unfit(path, "it is far too long")
        args = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _unfit(path, "it cannot be read") from error
    if not isinstance(args, dict):
        raise _unfit(path, "it is no list of settings")
    return args


def _number(path: Path, args: dict[str, Any], key: str) -> int:
    value = args.get(key)
    if type(value) is not int or not 1 <= value <= LARGEST_NUMBER:
        raise _unfit(path, f"{key} is {_shown(value)}" if key in args else f"{key} is missing")
    return value


def _first_image_token(path: Path, args: dict[str, Any], count: int) -> int | None:
    ids = args.get("gen_token_idx")
    if ids is None:
        return None
    if args.get("retrieval_token_idx", ids) != ids:
        raise _unfit(path, "gen_token_idx and retrieval_token_idx differ")
    if not isinstance(ids, list) or any(type(one) is not int for one in ids):
        raise _unfit(path, f"gen_token_idx is {_shown(ids)}")
    if ids != list(range(ids[0], ids[0] + count) if ids else []) or not ids:
        raise _unfit(path, f"gen_token_idx is {_shown(ids)}, and should be {count} ids in a row")
    return ids[0]


def _unfit(path: Path, what: str) -> StoryError:
    return StoryError(f"{path.name} does not fit: {what}; unpack the second stage again.")


def _shown(value: object) -> str:
    return json.dumps(value)[:80]
