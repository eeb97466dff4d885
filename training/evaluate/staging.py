"""Pictures in, the judge's scores out: drawn frames, the real pictures of the same scenes, and portraits.

The one place where the judge is shown pictures to be scored. Knows no systems and no tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from PIL import Image

from storyboard.models.judge import Judge, SeenFrame
from storyboard.models.judge.detections import UNITS, pieces
from training.evaluate.classifier import real_picture
from training.evaluate.drawing import PORTRAIT, DrawnFrame
from training.evaluate.people_scores import Staged, people_scores, staged
from training.maple_lane import MapleStory, Scene, draw_portrait

_NEAR_GROUND = 80  # of three channels; the shadow differs by 69
# The poses of somebody that a drawing is compared with beside the portrait that was given.
VIEWS = (("waving", None), ("reading", "book"), ("running", None), ("sleeping", "blanket"))


def stage(judge: Judge, pictures: Iterable[Image.Image], scenes: Sequence[Scene]) -> list[Staged]:
    """Returns who is who in pictures that should be of these scenes."""
    vocabulary = judge.vocabulary
    return [staged(scene, seen, vocabulary) for scene, seen in zip(scenes, judge.look(pictures), strict=True)]


def seen_or_nothing(judge: Judge, pictures: Sequence[Image.Image | None]) -> list[SeenFrame]:
    """Returns what is in each picture; nobody and no place where there is none."""
    looked = iter(judge.look(picture for picture in pictures if picture is not None))
    nothing = SeenFrame((), np.zeros(len(judge.vocabulary.places), np.float32))
    return [nothing if picture is None else next(looked) for picture in pictures]


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
    """Returns what the judge reads off everybody in the poses of VIEWS, by (story, name)."""
    views = [portrait_traits(judge, tales, action, prop) for action, prop in VIEWS]
    return {key: [view[key] for view in views] for key in views[0]}


def portrait_traits(
    judge: Judge, tales: Iterable[MapleStory], action: str = "standing", prop: str | None = None
) -> dict[tuple[str, str], np.ndarray]:
    """Returns what the judge reads off everybody's portrait, by (story, name).

    With an `action` they are drawn doing that. A portrait shows one person on a plain ground, so nobody has to be found
    in it: the judge, which learned on scenes, overlooked one portrait in four, and these counted as unlike anybody.
    """
    who = [(tale.id, name, tale.wears(name)) for tale in tales for name in (*tale.outfits, *tale.looks)]
    worn = list(dict.fromkeys((name, wears) for _, name, wears in who))
    drawn = [draw_portrait(*one, PORTRAIT, action, prop) for one in worn]
    size = tuple(judge.config.piece)
    cut = np.concatenate([pieces(Image.fromarray(one), _outline(one), size) for one in drawn])
    with torch.inference_mode():
        read = judge.look_closer(torch.from_numpy(cut).to(judge.device))["traits"].cpu().numpy()
    traits = dict(zip(worn, read, strict=True))
    return {(story, name): traits[name, wears] for story, name, wears in who}


def _outline(portrait: np.ndarray) -> np.ndarray:
    """Returns the box (1, 4), in units, of what is neither the ground of a portrait (H, W, 3) nor the shadow on it."""
    ground = portrait[0, 0].astype(int)
    ys, xs = np.nonzero(np.abs(portrait - ground).sum(-1) > _NEAR_GROUND)
    return np.array([[xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]]) * (UNITS / portrait.shape[1])
