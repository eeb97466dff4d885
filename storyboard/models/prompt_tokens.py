"""A prompt as a language model reads it: its parts in tokens, what each token speaks of, and frames left out whole.

Values alone; `story_reader.py` makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from storyboard.text.prompt import Part, PictureSlot

TokenPart = list[int] | PictureSlot  # as tokenised


@dataclass(frozen=True)
class Told:
    """What a mapper that reads the story's words has to know: the sentence to draw, and whom the words can mean.

    names: every spelling of each of the cast; a nameless one stands in a place that nobody takes. vectors: the fused
    vector (Eq. 1) of each with their pronoun, (K, D), for a mapper that points at people. shown: whether the words
    alone say that each is there. doing: which of the mapper's deeds they say is that of each; "" where they say none.
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
    """Of each token of a part: EARLIER, NOW or PADDING, and 1 + the number of whoever it names, 0 for nobody."""

    sentence: list[int]
    speaks_of: list[int]


def frame_positions(parts: Sequence[Part | TokenPart]) -> list[int]:
    """Returns where in a prompt the earlier frames' pictures stand, oldest first."""
    return [i for i, part in enumerate(parts) if isinstance(part, PictureSlot) and part.kind == "frame"]


def without_frames(parts: Sequence[Any], positions: Sequence[int]) -> list[Any]:
    """Returns the prompt without the frames whose pictures stand at `positions`; the last frame cannot be dropped.

    A picture goes with the text behind it, "</img> Caption: ... Image: <img>": the text before it ends in
    "Image: <img>" too, and so leads to the next picture.
    """
    dropped = {index for position in positions for index in (position, position + 1)}
    return [part for index, part in enumerate(parts) if index not in dropped]
