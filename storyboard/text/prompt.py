"""The interleaved prompt of a frame: which earlier frames the model reads, and in what form.

Training and the pipeline both call these functions, so a prompt means the same everywhere. Knows neither torch, gradio
nor stories, and no pronouns: the captions are already in the form that the model reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from storyboard.text.places import find_places


@dataclass(frozen=True)
class PictureSlot:
    """A place in a prompt where picture tokens go: an earlier frame, or a cast member's portrait, by index."""

    kind: Literal["frame", "portrait"]
    index: int


# A text as it is written; a pair is two texts, one directly after the other.
Part: TypeAlias = str | tuple[str, str] | PictureSlot


def interleave(
    captions: Sequence[str], caption: str, cast: Sequence[str] = (), tail: str = "", pictures: bool = True
) -> list[Part]:
    """Returns the prompt for `caption` after the frames `captions`, oldest first: text parts and picture slots in turn.

    The form and its spaces are those of the paper's training texts. A cast comes first, with a portrait for each
    member. `tail=" "` gives the form of the authors' inference code: it ends in a space, and two texts that this code
    gives to the tokenizer separately are a pair here. `pictures=False` gives the captions only (the paper's Table 4),
    one text each, and no cast. Each text is tokenised separately.
    """
    if not pictures:
        return [*in_words(captions, caption, tail)]
    parts: list[Part] = []
    text = " Cast:" if cast else ""
    for index, name in enumerate(cast):
        parts += [f"{text} {name}: <img>", PictureSlot("portrait", index)]
        text = "</img>"
    for index, earlier in enumerate(captions):
        parts += [_joined(text, " Image: <img>", apart=bool(tail)), PictureSlot("frame", index)]
        text = f"</img> Caption: {earlier}"
    parts.append(_joined(text, f" Caption: {caption} Image:{tail}", apart=bool(tail)))
    return parts


def in_words(captions: Sequence[str], caption: str, tail: str = "") -> list[str]:
    """Returns the prompt for `caption` after captions without pictures, one text each; see `interleave`."""
    return [*(f" Caption: {text}" for text in captions), f" Caption: {caption} Image:{tail}"]


def frames_to_read(captions: Sequence[str], caption: str, most: int, places: Sequence[str] = ()) -> list[int]:
    """Returns which of the frames `captions`, oldest first, a prompt for `caption` has. most: how many it has at most.

    They are the last frames. A story stays at the last place that it named. So if neither these frames nor `caption`
    have one of the words `places` ("kitchen"), the latest frame with such a word takes the place of the oldest of them.
    This needs at least two frames.
    """
    last = list(range(max(0, len(captions) - most), len(captions)))
    if len(last) > 1 and not any(
        find_places(text, places) for text in (*(captions[i] for i in last), caption)
    ):
        said = (i for i in reversed(range(last[0])) if find_places(captions[i], places))
        last[0] = next(said, last[0])
    return last


def _joined(text: str, more: str, apart: bool) -> str | tuple[str, str]:
    return (text, more) if apart and text else text + more
