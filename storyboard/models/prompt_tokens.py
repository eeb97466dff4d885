"""A prompt as a language model reads it: its parts in tokens, whom each token names, and frames left out as a whole.

Values only; `story_reader.py` makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from storyboard.text.prompt import Part, PictureSlot

TokenPart = list[int] | PictureSlot  # a part of a tokenised prompt


@dataclass(frozen=True)
class Told:
    """What a mapper that reads the story's words has to know: the sentence to draw, and whom the words can mean.

    names: all spellings of each cast member; an empty tuple is an empty place.
    pronouns: the pronoun of each.
    vectors: (K, D), the fused vector (Eq. 1) of each, for a mapper that points at people.
    shown: whether the words alone say that each is in the picture.
    doing: the deed of each, one of the mapper's, as the words say; "" if they say none.
    captions: how captions say that deed, with the thing that the words name.
    """

    sentence: str
    names: tuple[tuple[str, ...], ...] = ()
    pronouns: tuple[str | None, ...] = ()
    vectors: torch.Tensor | None = None
    shown: tuple[bool, ...] = ()
    doing: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()


class Marks(NamedTuple):
    """Two numbers for each token of a part.

    sentence: EARLIER, NOW or PADDING. speaks_of: 1 + the place of the person whom the token names, 0 for nobody.
    """

    sentence: list[int]
    speaks_of: list[int]


def frame_positions(parts: Sequence[Part | TokenPart]) -> list[int]:
    """Returns the positions in a prompt of the earlier frames' pictures, oldest first."""
    return [i for i, part in enumerate(parts) if isinstance(part, PictureSlot) and part.kind == "frame"]


def without_frames(parts: Sequence[Any], positions: Sequence[int]) -> list[Any]:
    """Returns the prompt without the frames whose pictures are at `positions`. The last frame cannot be left out.

    A picture goes together with the text behind it, "</img> Caption: ... Image: <img>". The text before the picture
    also ends with "Image: <img>", so it leads to the next picture.
    """
    dropped = {index for position in positions for index in (position, position + 1)}
    return [part for index, part in enumerate(parts) if index not in dropped]
