"""Random people: bodies and clothes that go together, and which of them belong to training and which to test.

A split is told from what can be seen (`facets.py`): body and clothes each decide by a hash of their labels, and both
must fall into the split. So nobody of the test people has a body, nor clothes, that training ever shows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from storyboard.errors import StoryError

from . import wardrobe as w
from .bodies import sample_body
from .dressing import sample_clothes
from .facets import body_key, clothes_key
from .look import Look

SPLITS = ("train", "val", "test")
_SHARES = {"train": 0.7, "val": 0.12, "test": 0.18}
_TRIES = 60  # outfits for a body; a hat that leaves too few is given up with it


def sample_look(seed: int, split: str = "train") -> Look:
    """Returns person number `seed` of a split; equal arguments give the equal look. StoryError for unknown splits."""
    if split not in SPLITS:
        raise StoryError(f"There is no split {split!r} of looks; choose one of {', '.join(SPLITS)}.")
    rng = Random(f"looks/{split}/{seed}")
    while True:
        body = sample_body(rng)
        # what is on a head hides hair, so headwear is chosen with the body and counts in both keys
        if split_of_key(body_key(Look(**body, **_plain_clothes(body)))) != split:
            continue
        for _ in range(_TRIES):
            look = Look(**body, **sample_clothes(body, rng))
            if split_of_key(clothes_key(look)) == split:
                return look


def random_look(rng: Random) -> Look:
    """Returns anybody, of no split."""
    body = sample_body(rng)
    return Look(**body, **sample_clothes(body, rng))


def split_of_look(look: Look) -> str | None:
    """Returns the split whose people look like this, None where body and clothes belong to different splits."""
    body, clothes = split_of_key(body_key(look)), split_of_key(clothes_key(look))
    return body if body == clothes else None


def split_of_key(key: Sequence[str]) -> str:
    """Returns the split that a body's or an outfit's labels fall into."""
    digest = hashlib.blake2b("|".join(key).encode(), digest_size=4).digest()
    share = int.from_bytes(digest, "big") / 2**32
    if share < _SHARES["train"]:
        return "train"
    return "val" if share < _SHARES["train"] + _SHARES["val"] else "test"


def _plain_clothes(body: Mapping[str, Any]) -> dict[str, Any]:
    return {} if body["kind"] == "human" else {"top": w.NONE, "bottom": w.NONE}
