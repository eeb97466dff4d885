"""Real frames for the judge: as in stories, and with people doubled, missing, added or partly hidden by others.

The world's own code draws all of them, with the people of one split. No picture is generated.
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

UNITS = 256  # the height and width of a picture, in the units of the drawing code
MOST = 5  # people in a frame, at most
APART = 34.0  # the least distance between people in units, so that a part of everybody can be seen
LEAST_SEEN = 0.35  # the share of a person that must be visible; with less even we could not recognise people
_TRIES = 40
_GROUND = 242.0  # the height at which feet are
_BORDER = 24.0
_AROUND = 8.0  # units beside shoulders and head that a person's box also has


@dataclass(frozen=True)
class CrowdFrame:
    """A scene whose people stand at `feet` (x, y), in units."""

    scene: Scene
    feet: tuple[tuple[float, float], ...]

    @property
    def boxes(self) -> np.ndarray:
        """Returns the boxes of all bodies (people, 4): left, top, right, bottom in units. Hidden parts are included."""
        rows = [body_box(actor, x, y) for actor, (x, y) in zip(self.scene.actors, self.feet, strict=True)]
        return np.array(rows, np.float32).reshape(-1, 4)

    def picture(self) -> np.ndarray:
        """Returns the picture, (256, 256, 3) uint8."""
        return draw(self.scene, PICTURE, self.feet)


def body_box(actor: Actor, x: float, y: float) -> tuple[float, float, float, float]:
    """Returns a person's box from the top of the head to the sole, without arms and held things. (x, y): the feet."""
    body, pose = pose_of(actor.action, figure_of(actor).body)
    middle = x + pose.shift * (1 if actor.facing == "right" else -1)
    half = max(body.shoulder, body.hip, body.head[0]) + _AROUND
    sole = y - pose.lift
    return middle - half, sole + head_centre(body)[1] - body.crown, middle + half, sole + 3.0


def sample_frame(seed: int, split: str = "train", people: bool | None = None) -> CrowdFrame:
    """Returns the frame with this number. Equal arguments give equal frames.

    people: True for people of any look, False for the seven, None for either. Three of ten frames are as in a story.
    """
    rng = Random(f"judge/{split}/{seed}/{people}")
    anybody = rng.random() < 0.5 if people is None else people
    scene = _story_scene(rng, split, anybody)
    if rng.random() < 0.3 or not scene.actors:
        return story_frame(scene)
    return changed_frame(scene, rng, split, anybody)


def story_frame(scene: Scene) -> CrowdFrame:
    """Returns the frame of a scene without changes."""
    return CrowdFrame(scene, tuple(feet_of(scene)))


def changed_frame(scene: Scene, rng: Random, split: str, anybody: bool) -> CrowdFrame:
    """Returns the scene with people doubled, added or removed. All stand in new places."""
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
    """Returns fields of the scene: another place in three of ten cases, and sometimes things, dusk or snow."""
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
    """Returns a story's scene, and a frame of it with one person doubled, missing or added.

    The other people do what they do in the story, in new places.
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
    """Returns these people in new places.

    They may hide one another, but a part of everybody stays visible if possible.
    """
    staged = replace(scene, actors=tuple(actors), layout=rng.getrandbits(30))
    for _ in range(_TRIES):
        feet = tuple((x, _GROUND + rng.uniform(-4, 5)) for x in _spread(len(actors), rng))
        frame = CrowdFrame(staged, feet)
        if min(visible_shares(frame), default=1.0) >= LEAST_SEEN:
            break
    return frame


def visible_shares(frame: CrowdFrame) -> list[float]:
    """Returns for each person the visible share of their box, which no box of a nearer person covers."""
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
    """Returns the same person, sometimes with a larger gesture; always if the action needs a partner close by."""
    if actor.action not in PAIR_POSES and rng.random() >= chance:
        return actor
    return replace(actor, action=rng.choice(tuple(GESTURES)), prop=None, partner=None)


def _again(actor: Actor, rng: Random) -> Actor:
    """Returns the same person again: in half of the cases with another action, some of the cast in other clothes."""
    action, prop, outfit = actor.action, actor.prop, actor.outfit
    if rng.random() < 0.5:
        action = rng.choice(tuple(ACTIONS))
        prop = rng.choice(ACTIONS[action].props or (None,))
    if not actor.look and rng.random() < 0.16:
        outfit = rng.choice(BY_NAME[actor.name].outfits)
    expression, facing = rng.choice(EXPRESSIONS), rng.choice(("left", "right"))
    return replace(actor, outfit=outfit, action=action, prop=prop, expression=expression, facing=facing)


def _spread(count: int, rng: Random) -> list[float]:
    """Returns random positions from left to right that are at least APART from each other."""
    room = UNITS - 2 * _BORDER - APART * (count - 1)
    steps = sorted(rng.uniform(0, room) for _ in range(count))
    return [_BORDER + step + APART * number for number, step in enumerate(steps)]


def worn(picture: np.ndarray, rng: np.random.Generator) -> Image.Image:
    """Returns a real picture with the faults of a good generator: softer, with blotches and with litter."""
    if rng.random() < 0.35:
        picture = _littered(picture, rng)
    image = Image.fromarray(picture)
    if rng.random() < 0.3:
        side = int(image.width * rng.uniform(0.55, 0.9))
        small = image.resize((side, side), Image.Resampling.BOX)
        image = small.resize(image.size, Image.Resampling.BILINEAR)
    return soften(np.asarray(image), rng)


def _littered(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Returns the picture with a few soft patches of its own colours in its lower part.

    They look like things that a generator did not fully remove.
    """
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
