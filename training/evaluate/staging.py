"""Pictures in, the judge's scores out: drawn frames, the real pictures of the same scenes, and portraits.

The one place where the judge is shown pictures to be scored. Knows no systems and no tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image

from training.evaluate.classifier import real_picture
from training.evaluate.drawing import PORTRAIT, DrawnFrame
from training.evaluate.judge import Judge
from training.evaluate.people_scores import Staged, people_scores, staged
from training.maple_lane import MapleStory, Scene, draw_portrait

# The poses of somebody that a drawing is compared with beside the portrait that was given.
VIEWS = (("waving", None), ("reading", "book"), ("running", None), ("sleeping", "blanket"))


def stage(judge: Judge, pictures: Iterable[Image.Image], scenes: Sequence[Scene]) -> list[Staged]:
    """Returns who is who in pictures that should be of these scenes."""
    vocabulary = judge.vocabulary
    return [staged(scene, seen, vocabulary) for scene, seen in zip(scenes, judge.look(pictures), strict=True)]


def judged(judge: Judge, frames: Sequence[DrawnFrame]) -> tuple[list[Staged], dict[str, dict]]:
    """Returns who is who in drawn frames, and every score of them as JSON."""
    seen = stage(judge, (frame.open() for frame in frames), [frame.truth.scene for frame in frames])
    return seen, _scores(judge, seen, frames)


def judged_real(judge: Judge, frames: Sequence[DrawnFrame]) -> dict[str, dict]:
    """Returns the judge's scores of the real pictures of the same scenes: how far it can be trusted."""
    scenes = [frame.truth.scene for frame in frames]
    return _scores(judge, stage(judge, map(real_picture, scenes), scenes), frames)


def _scores(judge: Judge, seen: Sequence[Staged], frames: Sequence[DrawnFrame]) -> dict[str, dict]:
    stories = np.array([frame.story.id for frame in frames])
    tales = tuple({frame.story.id: frame.story for frame in frames}.values())
    portraits = portrait_traits(judge, tales)
    return people_scores(seen, stories, judge.vocabulary, portraits, view_traits(judge, tales))


def view_traits(judge: Judge, tales: Sequence[MapleStory]) -> dict[tuple[str, str], list[np.ndarray]]:
    """Returns what the judge reads off everybody in the poses of VIEWS, by (story, name), where it sees them."""
    found: dict[tuple[str, str], list[np.ndarray]] = {}
    for action, prop in VIEWS:
        for key, traits in portrait_traits(judge, tales, action, prop).items():
            found.setdefault(key, []).extend([traits] if traits.any() else [])
    return found


def portrait_traits(
    judge: Judge, tales: Iterable[MapleStory], action: str = "standing", prop: str | None = None
) -> dict[tuple[str, str], np.ndarray]:
    """Returns what the judge reads off everybody's portrait, by (story, name); zeros where it sees nobody in one.

    With an `action` they are drawn doing that.
    """
    who = [(tale.id, name, tale.wears(name)) for tale in tales for name in (*tale.outfits, *tale.looks)]
    worn = list(dict.fromkeys((name, wears) for _, name, wears in who))
    seen = judge.look(Image.fromarray(draw_portrait(*one, PORTRAIT, action, prop)) for one in worn)
    nobody = np.zeros(judge.config.trait_width, np.float32)
    traits = {
        one: max(frame.people, key=lambda person: person.sure).traits if frame.people else nobody
        for one, frame in zip(worn, seen, strict=True)
    }
    return {(story, name): traits[name, wears] for story, name, wears in who}
