"""A shot of ViStoryBench as a FrameRequest: its sentence, the people on stage and their looks, and the camera.

`dataset.py` explains the texts. The benchmark's own prompts have the camera, the plot, what is seen, the people and the
setting, in this order. Here the plot is left out if there is a description of what is seen. Uses no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from PIL import Image

from storyboard.disk.uploads import read_upload
from storyboard.renderer import CastMember, ContextFrame, FrameRequest, Style
from storyboard.text.captions import MAX_CAPTION, listed, mentioned_names
from storyboard.text.presence import with_added
from training.evaluate.drawing import frame_seed
from training.evaluate.vistorybench.dataset import BenchCharacter, BenchShot, BenchStory, pronoun_of

_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s*")
_CLAUSE_END = re.compile(r"(?<=[,;，；、])\s*|(?<=[.!?。！？])\s*")
_ENDS = " ,;.，；。、"
_WIDE_ENDS = ("。", "！", "？")  # ends of a Chinese sentence
FOR_NAMES = 40  # characters that an added name takes in a sentence, with the words around it


def wordings(shot: BenchShot) -> list[str]:
    """Returns the sentences to try for a shot, the fullest first. If a hand refuses one, it is given the next.

    Each sentence names everybody on stage. The first sentence also has as much of the setting as MAX_CAPTION characters
    allow.
    """
    names = [character.name for character in shot.characters]
    said = shot.description or shot.plot
    alone = f"{listed(names)}." if names else ""
    room = MAX_CAPTION - FOR_NAMES * len(names)
    sentences = [one for one in _SENTENCE_END.split(said) if one]
    longest = _fitting("", sentences, room) or _fitting("", _CLAUSE_END.split(said), room)
    fuller = [longest, *sentences[:1]]
    told = [_with_names(one, names) for one in fuller if one and len(one) <= room]
    whole = _fitting(told[0] if told else alone, _CLAUSE_END.split(shot.setting), MAX_CAPTION)
    return list(dict.fromkeys(one for one in (whole, *told, alone) if 0 < len(one) <= MAX_CAPTION))


def is_whole(shot: BenchShot, wording: str) -> bool:
    """Returns whether a wording has everything that is seen, and the whole setting."""
    place = 0
    for one in (*_SENTENCE_END.split(shot.description or shot.plot), *_CLAUSE_END.split(shot.setting)):
        bare = one.strip(_ENDS)
        found = wording.find(bare, place)
        if found < 0:
            return False
        place = found + len(bare)
    return True


def request_for(
    story: BenchStory,
    shot: BenchShot,
    wording: str,
    history: Sequence[ContextFrame] = (),
    steps: int | None = None,
    guidance: float | None = None,
) -> FrameRequest:
    """Returns the request for a shot in one of its wordings.

    history: the earlier shots, for a hand that looks at them. A person without a reference picture is named in the
    sentence, but is not in the cast. StoryError if a file is no picture.
    """
    return FrameRequest(
        caption=wording,
        cast=tuple(_member(one) for one in shot.characters if one.pictures),
        history=tuple(history),
        seed=frame_seed(f"vistorybench/{story.id}", shot.index),
        steps=steps,
        guidance=guidance,
        style=Style(words=shot.camera),
    )


def _member(character: BenchCharacter) -> CastMember:
    """The person in the cast. As in the benchmark's own prompts, the first picture counts."""
    look = tuple(one.strip(_ENDS) for one in _CLAUSE_END.split(character.description) if one.strip(_ENDS))
    return CastMember(character.name, pronoun_of(character), (), _portrait(character.pictures[0]), look)


@lru_cache(maxsize=64)
def _portrait(file: Path) -> Image.Image:
    return read_upload(file, f"The reference picture {file}")


def _with_names(said: str, names: Sequence[str]) -> str:
    """The sentence, with the names that it does not have yet. They are added in the way of its language."""
    cast = {name: () for name in names}
    if not said.endswith(_WIDE_ENDS):
        return with_added(said, names, cast)
    missing = [name for name in names if name not in mentioned_names(said, cast)]
    return f"{said}{'、'.join(missing)}。" if missing else said


def _fitting(text: str, more: Sequence[str], most: int) -> str:
    """`text` and as many items of `more`, in order, as fit into `most` characters."""
    for one in more:
        longer = f"{text} {one}".strip()
        if len(longer) > most:
            break
        text = longer
    return text.rstrip(",;，；、 ")
