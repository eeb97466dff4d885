"""A shot of ViStoryBench as a FrameRequest: its sentence, who is on stage and how they look, and the camera.

What the texts are: `dataset.py`. The benchmark's own prompts have camera, plot, what is seen, people and setting, in
this order; the plot is left out here where there is a description of what is seen. Knows no model.
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
_WIDE_ENDS = ("。", "！", "？")  # of a sentence in Chinese
FOR_NAMES = 40  # characters that a name added to a sentence takes, with what joins it


def wordings(shot: BenchShot) -> list[str]:
    """Returns what to draw a shot from, the fullest first: a hand that refuses one is given the next.

    Everybody on stage is named in each. The first has the setting too, as far as it goes into MAX_CAPTION characters.
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
    """Returns whether a wording leaves nothing out of what is seen and where."""
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
    """Returns the request for a shot in a wording of it. history: the earlier shots, for a hand that looks at them.

    Who has no reference picture is named in the sentence and not in the cast. StoryError for a file that is no picture.
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
    """As the benchmark's own prompts have it, the first picture counts."""
    look = tuple(one.strip(_ENDS) for one in _CLAUSE_END.split(character.description) if one.strip(_ENDS))
    return CastMember(character.name, pronoun_of(character), (), _portrait(character.pictures[0]), look)


@lru_cache(maxsize=64)
def _portrait(file: Path) -> Image.Image:
    return read_upload(file, f"The reference picture {file}")


def _with_names(said: str, names: Sequence[str]) -> str:
    """The sentence, and whom it does not name, as its language has it."""
    cast = {name: () for name in names}
    if not said.endswith(_WIDE_ENDS):
        return with_added(said, names, cast)
    missing = [name for name in names if name not in mentioned_names(said, cast)]
    return f"{said}{'、'.join(missing)}。" if missing else said


def _fitting(text: str, more: Sequence[str], most: int) -> str:
    """`text` and as many of `more`, in order, as go into `most` characters."""
    for one in more:
        longer = f"{text} {one}".strip()
        if len(longer) > most:
            break
        text = longer
    return text.rstrip(",;，；、 ")
