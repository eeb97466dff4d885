"""Random people: bodies and clothes that go together, divided into training, validation and test.

The split follows from what can be seen (`facets.py`). Body and clothes each fall into a split by a hash of their
labels, and both must fall into the same one. So no test person has a body or clothes that training shows.
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
_TRIES = 60  # so many outfits are tried for a body, before another body with another hat is sampled


def sample_look(seed: int, split: str = "train") -> Look:
    """Returns person number `seed` of a split. Equal arguments give equal looks. StoryError for an unknown split."""
    if split not in SPLITS:
        raise StoryError(f"There is no split {split!r} of looks; choose one of {', '.join(SPLITS)}.")
    rng = Random(f"looks/{split}/{seed}")
    while True:
        body = sample_body(rng)
        # Headwear hides hair, so it is chosen with the body, and counts in both keys.
        if split_of_key(body_key(Look(**body, **_plain_clothes(body)))) != split:
            continue
        for _ in range(_TRIES):
            look = Look(**body, **sample_clothes(body, rng))
            if split_of_key(clothes_key(look)) == split:
                return look


def random_look(rng: Random) -> Look:
    """Returns a random person, who belongs to no split."""
    body = sample_body(rng)
    return Look(**body, **sample_clothes(body, rng))


def split_of_look(look: Look) -> str | None:
    """Returns the split to which this look belongs; None if its body and clothes belong to different splits."""
    body, clothes = split_of_key(body_key(look)), split_of_key(clothes_key(look))
    return body if body == clothes else None


def split_of_key(key: Sequence[str]) -> str:
    """Returns the split to which the labels of a body or an outfit belong."""
    digest = hashlib.blake2b("|".join(key).encode(), digest_size=4).digest()
    share = int.from_bytes(digest, "big") / 2**32
    if share < _SHARES["train"]:
        return "train"
    return "val" if share < _SHARES["train"] + _SHARES["val"] else "test"


def _plain_clothes(body: Mapping[str, Any]) -> dict[str, Any]:
    return {} if body["kind"] == "human" else {"top": w.NONE, "bottom": w.NONE}
