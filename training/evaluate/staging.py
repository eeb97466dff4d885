"""Takes pictures and gives the judge's scores: for drawn frames, for real pictures of the same scenes, for portraits.

Only this module shows the judge pictures for scoring. Uses no systems and no tables.
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

_NEAR_GROUND = 80  # sum of the differences of three channels; the shadow differs by 69
# A drawing is compared with the given portrait, and with drawings of the same person in these poses.
VIEWS = (("waving", None), ("reading", "book"), ("running", None), ("sleeping", "blanket"))


def stage(judge: Judge, pictures: Iterable[Image.Image], scenes: Sequence[Scene]) -> list[Staged]:
    """Returns who is who in pictures that should show these scenes."""
    vocabulary = judge.vocabulary
    return [staged(scene, seen, vocabulary) for scene, seen in zip(scenes, judge.look(pictures), strict=True)]


def seen_or_nothing(judge: Judge, pictures: Sequence[Image.Image | None]) -> list[SeenFrame]:
    """Returns what is in each picture. For None, it is nobody and no place."""
    looked = iter(judge.look(picture for picture in pictures if picture is not None))
    nothing = SeenFrame((), np.zeros(len(judge.vocabulary.places), np.float32))
    return [nothing if picture is None else next(looked) for picture in pictures]


def judged(judge: Judge, frames: Sequence[DrawnFrame]) -> tuple[list[Staged], dict[str, dict]]:
    """Returns who is who in drawn frames, and all their scores as JSON."""
    seen = stage(judge, (frame.open() for frame in frames), [frame.truth.scene for frame in frames])
    return seen, _scores(judge, seen, frames)


def judged_real(judge: Judge, frames: Sequence[DrawnFrame]) -> dict[str, dict]:
    """Returns the judge's scores on the real pictures of the same scenes.

    They tell how far the judge can be trusted.
    """
    scenes = [frame.truth.scene for frame in frames]
    return _scores(judge, stage(judge, map(real_picture, scenes), scenes), frames)


def _scores(judge: Judge, seen: Sequence[Staged], frames: Sequence[DrawnFrame]) -> dict[str, dict]:
    stories = np.array([frame.story.id for frame in frames])
    tales = tuple({frame.story.id: frame.story for frame in frames}.values())
    portraits = portrait_traits(judge, tales)
    return people_scores(seen, stories, judge.vocabulary, portraits, view_traits(judge, tales))


def view_traits(judge: Judge, tales: Sequence[MapleStory]) -> dict[tuple[str, str], list[np.ndarray]]:
    """Returns the traits that the judge reads from everybody in the poses of VIEWS, by (story, name)."""
    views = [portrait_traits(judge, tales, action, prop) for action, prop in VIEWS]
    return {key: [view[key] for view in views] for key in views[0]}


def portrait_traits(
    judge: Judge, tales: Iterable[MapleStory], action: str = "standing", prop: str | None = None
) -> dict[tuple[str, str], np.ndarray]:
    """Returns the traits that the judge reads from everybody's portrait, by (story, name).

    With an `action`, people are drawn doing it. A portrait shows one person on a plain ground, so the judge does not
    have to find the person. This matters: the judge learned on scenes and overlooked one portrait in four, and these
    portraits counted as unlike anybody.
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
    """The box (1, 4) in units around what is neither the ground of a portrait (H, W, 3) nor the shadow on it."""
    ground = portrait[0, 0].astype(int)
    ys, xs = np.nonzero(np.abs(portrait - ground).sum(-1) > _NEAR_GROUND)
    return np.array([[xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]]) * (UNITS / portrait.shape[1])
