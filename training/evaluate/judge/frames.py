"""Real frames for the judge: as stories have them, and with people twice, missing, too many and in each other's way.

All are drawn by the world's own code from the people of one split. None is a generated picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

import numpy as np
from PIL import Image, ImageFilter

from storyboard.people.gestures import GESTURES, PAIR_POSES, pose_of
from storyboard.people.poses import head_centre
from training.evaluate.classifier import PICTURE, soften
from training.maple_lane import (
    ACTIONS,
    BY_NAME,
    EXPRESSIONS,
    PLACES,
    Actor,
    Scene,
    Thing,
    draw,
    sample_story,
)
from training.maple_lane.open_stories import sample_open_story
from training.maple_lane.scene import feet_of, figure_of
from training.maple_lane.sky import TIMES, WEATHERS
from training.maple_lane.things import THINGS_BESIDE

UNITS = 256  # a picture is as high and wide in the units of the drawing code
MOST = 5  # people in a frame
APART = 34.0  # units that people are apart at least, so that of everybody some is seen
LEAST_SEEN = 0.35  # share of a person that nobody hides; with less even we could not tell who it is
_TRIES = 40
_GROUND = 242.0  # where feet are
_BORDER = 24.0
_AROUND = 8.0  # units beside shoulders and head that belong to a person's box


@dataclass(frozen=True)
class CrowdFrame:
    """A scene whose people stand at `feet` (x, y), in units."""

    scene: Scene
    feet: tuple[tuple[float, float], ...]

    @property
    def boxes(self) -> np.ndarray:
        """(people, 4): left, top, right, bottom of everybody's body, in units, what hides it or not."""
        rows = [body_box(actor, x, y) for actor, (x, y) in zip(self.scene.actors, self.feet, strict=True)]
        return np.array(rows, np.float32).reshape(-1, 4)

    def picture(self) -> np.ndarray:
        """Returns the picture, (256, 256, 3) uint8."""
        return draw(self.scene, PICTURE, self.feet)


def body_box(actor: Actor, x: float, y: float) -> tuple[float, float, float, float]:
    """Returns the box of somebody whose feet are at (x, y): from crown to sole, without arms and what they hold."""
    body, pose = pose_of(actor.action, figure_of(actor).body)
    middle = x + pose.shift * (1 if actor.facing == "right" else -1)
    half = max(body.shoulder, body.hip, body.head[0]) + _AROUND
    sole = y - pose.lift
    return middle - half, sole + head_centre(body)[1] - body.crown, middle + half, sole + 3.0


def sample_frame(seed: int, split: str = "train", people: bool | None = None) -> CrowdFrame:
    """Returns the frame of that number; equal arguments give the equal one.

    people: whether of anybody, or of the seven; None for either. Three in ten are as a story has them.
    """
    rng = Random(f"judge/{split}/{seed}/{people}")
    anybody = rng.random() < 0.5 if people is None else people
    scene = _story_scene(rng, split, anybody)
    if rng.random() < 0.3 or not scene.actors:
        return story_frame(scene)
    return changed_frame(scene, rng, split, anybody)


def story_frame(scene: Scene) -> CrowdFrame:
    """Returns a scene as it is."""
    return CrowdFrame(scene, tuple(feet_of(scene)))


def changed_frame(scene: Scene, rng: Random, split: str, anybody: bool) -> CrowdFrame:
    """Returns the scene with somebody twice, somebody more or somebody less, all of them on new spots."""
    actors = list(scene.actors)
    chance = rng.random()
    if chance < 0.65:
        doubled = rng.choice(actors)
        for _ in range(1 if rng.random() < 0.85 else 2):
            actors.append(_again(doubled, rng))
    if chance > 0.55 and rng.random() < 0.7:
        actors.append(rng.choice(_peopled_scene(rng, split, anybody != (rng.random() < 0.2)).actors))
    if chance > 0.8:
        actors.remove(rng.choice(actors))
    actors = [_gesturing(actor, rng, 0.2) for actor in rng.sample(actors, len(actors))[:MOST]]
    return _restaged(replace(scene, **_surroundings(scene.place, rng)), actors, rng)


def _surroundings(place: str, rng: Random) -> dict:
    """Another place three times in ten; now and then things stand about, or it is dusk, or snows."""
    found: dict = {"place": rng.choice(tuple(PLACES)) if rng.random() < 0.3 else place}
    if rng.random() < 0.2:
        kinds = rng.sample(tuple(THINGS_BESIDE), rng.choice((1, 1, 2)))
        found["things"] = tuple(Thing(kind, rng.random()) for kind in kinds)
    if rng.random() < 0.1:
        found |= {"time": rng.choice(TIMES), "weather": rng.choice(WEATHERS)}
    return found


def broken_frame(
    number: int, how: Literal["twice", "missing", "extra"], split: str, people: bool
) -> tuple[Scene, CrowdFrame]:
    """Returns a story's scene, and a frame in which one of its people is there twice or missing, or somebody more is.

    The others do what they do in the story, on other spots.
    """
    rng = Random(f"broken/{how}/{split}/{number}/{people}")
    scene = _peopled_scene(rng, split, people)
    actors = list(scene.actors)
    if how == "twice":
        actors.append(_again(rng.choice(actors), rng))
    elif how == "missing":
        actors.remove(rng.choice(actors))
    else:
        there = {actor.name for actor in actors}
        while (guest := rng.choice(_peopled_scene(rng, split, people).actors)).name in there:
            pass
        actors.append(guest)
    actors = [_gesturing(actor, rng) for actor in rng.sample(actors, len(actors))]
    return scene, _restaged(scene, actors, rng)


def _restaged(scene: Scene, actors: Sequence[Actor], rng: Random) -> CrowdFrame:
    """These people on new spots, in each other's way perhaps; but of everybody something can be seen."""
    staged = replace(scene, actors=tuple(actors), layout=rng.getrandbits(30))
    for _ in range(_TRIES):
        feet = tuple((x, _GROUND + rng.uniform(-4, 5)) for x in _spread(len(actors), rng))
        frame = CrowdFrame(staged, feet)
        if min(visible_shares(frame), default=1.0) >= LEAST_SEEN:
            break
    return frame


def visible_shares(frame: CrowdFrame) -> list[float]:
    """Returns for everybody the share of their box that no box of somebody nearer covers."""
    nearer = sorted(
        zip(frame.feet, frame.boxes, range(len(frame.feet)), strict=True), key=lambda one: one[0][1]
    )
    on_top = np.full((UNITS, UNITS), -1)
    areas = np.zeros(len(nearer))
    for _, box, number in nearer:
        left, top, right, bottom = (int(min(max(edge, 0), UNITS)) for edge in box)
        on_top[top:bottom, left:right] = number
        areas[number] = max((bottom - top) * (right - left), 1)
    return [float((on_top == number).sum() / area) for number, area in enumerate(areas)]


def _story_scene(rng: Random, split: str, anybody: bool) -> Scene:
    tell = sample_open_story if anybody else sample_story
    return tell(rng.getrandbits(31), 1, split).frames[0].scene


def _peopled_scene(rng: Random, split: str, anybody: bool) -> Scene:
    while not (scene := _story_scene(rng, split, anybody)).actors:
        pass
    return scene


def _gesturing(actor: Actor, rng: Random, chance: float = 0.0) -> Actor:
    """The same person, now and then with a larger gesture, and always for an act that needs a partner close by."""
    if actor.action not in PAIR_POSES and rng.random() >= chance:
        return actor
    return replace(actor, action=rng.choice(tuple(GESTURES)), prop=None, partner=None)


def _again(actor: Actor, rng: Random) -> Actor:
    """The same person once more, half of the time doing the same, one in six of the cast in other clothes."""
    action, prop, outfit = actor.action, actor.prop, actor.outfit
    if rng.random() < 0.5:
        action = rng.choice(tuple(ACTIONS))
        prop = rng.choice(ACTIONS[action].props or (None,))
    if not actor.look and rng.random() < 0.16:
        outfit = rng.choice(BY_NAME[actor.name].outfits)
    expression, facing = rng.choice(EXPRESSIONS), rng.choice(("left", "right"))
    return replace(actor, outfit=outfit, action=action, prop=prop, expression=expression, facing=facing)


def _spread(count: int, rng: Random) -> list[float]:
    """Middles at least APART from each other, anywhere on the stage."""
    room = UNITS - 2 * _BORDER - APART * (count - 1)
    steps = sorted(rng.uniform(0, room) for _ in range(count))
    return [_BORDER + step + APART * number for number, step in enumerate(steps)]


def worn(picture: np.ndarray, rng: np.random.Generator) -> Image.Image:
    """Returns a real picture as soft, blotched and littered as a good generator's may be, people unharmed."""
    if rng.random() < 0.35:
        picture = _littered(picture, rng)
    image = Image.fromarray(picture)
    if rng.random() < 0.3:
        side = int(image.width * rng.uniform(0.55, 0.9))
        small = image.resize((side, side), Image.Resampling.BOX)
        image = small.resize(image.size, Image.Resampling.BILINEAR)
    return soften(np.asarray(image), rng)


def _littered(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A few soft patches of the picture's own colours about hands and feet: things that were not painted out."""
    side = picture.shape[0]
    image = Image.fromarray(picture)
    for _ in range(int(rng.integers(1, 5))):
        w, h = (int(n) for n in rng.integers(side // 14, side // 5, 2))
        left, top = int(rng.integers(side - w)), int(rng.integers(side * 0.5, side - h))
        x, y = int(rng.integers(side - w)), int(rng.integers(side * 0.6, side - h))
        patch = image.crop((left, top, left + w, top + h)).filter(ImageFilter.GaussianBlur(2))
        mask = Image.new("L", (w, h), 0)
        mask.paste(int(rng.integers(120, 240)), (w // 6, h // 6, w - w // 6, h - h // 6))
        image.paste(patch, (x, y), mask.filter(ImageFilter.GaussianBlur(max(2, w // 8))))
    return np.asarray(image)
