"""A scene and its picture: who stands where and does what. The picture is drawn from the description alone, at any
size.

Masks are `{name: (H, W) bool}`: the visible skin, hair and clothes of a character. Things that people hold or lean on
belong to nobody's mask. They hide what is behind them, and so does a character in front.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image

from storyboard.people import Figure, Look, build, draw_person
from storyboard.people.canvas import UNITS, Colour, Pen, Point, average_down, enlargement, mix
from storyboard.people.drawing import THINGS, draw_figure, draw_shadow

from .cast import BY_NAME
from .places import MARGIN, PLACES, background
from .things import THINGS_BESIDE

EXPRESSIONS = ("happy", "sad", "surprised", "cross")
_FEET = 242.0
_FIRST_THING = 100  # the label of a scene's first thing in a mask
_EDGE = 3.0  # units that are kept free at the left and right border


@dataclass(frozen=True)
class Actor:
    """One person in a scene. `x` is the person's position, from 0 (left border) to 1.

    A person of the cast wears an `outfit`. Any other person has a `look` and no outfit. `partner` is the name of the
    person that this person hugs, holds by the hand or gives something to.
    """

    name: str
    outfit: str
    action: str
    prop: str | None = None
    expression: str = "happy"
    facing: str = "right"
    x: float = 0.5
    look: Look | None = None
    partner: str | None = None

    @property
    def pronoun(self) -> str:
        return self.look.pronoun if self.look else BY_NAME[self.name].pronoun


@dataclass(frozen=True)
class Thing:
    """An animal or a thing in a scene. `x` is its middle, from 0 to 1. `colour` is None for its usual colour."""

    kind: str
    x: float = 0.5
    facing: str = "right"
    colour: Colour | None = None


@dataclass(frozen=True)
class Scene:
    """A scene. `actors` are from left to right. `layout` seeds the small differences between drawings of equal content.

    `time` is day, dusk or night; `weather` is clear, rain or snow. Both show only under the sky.
    """

    place: str
    actors: tuple[Actor, ...] = ()
    layout: int = 0
    things: tuple[Thing, ...] = ()
    time: str = "day"
    weather: str = "clear"


def _jitter(*parts: object) -> float:
    """A number in -1..1 that depends only on the parts."""
    return zlib.crc32("|".join(map(str, parts)).encode()) / 0x7FFFFFFF - 1.0


def draw(scene: Scene, size: int = 256, feet: Sequence[Point] | None = None) -> np.ndarray:
    """Returns the picture, (size, size, 3) uint8.

    feet: the position of each person's feet in units; by default `feet_of(scene)`.
    """
    return average_down(_paint(scene, size, None, feet), enlargement(size))


def draw_with_masks(scene: Scene, size: int = 256) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Returns the picture and every character's (size, size) bool mask.

    A mask holds the pixels that the character covers by more than half.
    """
    picture, masks, _ = draw_with_things(scene, size)
    return picture, masks


def draw_with_things(scene: Scene, size: int = 256) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Returns the picture and masks of `draw_with_masks`, and the (size, size) bool mask of things.

    Things are everything that people hold, lean on or lie under.
    """
    layers = draw_layers(scene, size)
    return layers.picture, layers.people, layers.held


@dataclass(frozen=True)
class Layers:
    """A picture and the exact (size, size) bool masks of its contents. No two masks overlap.

    people: the masks by name
    things: the masks in the order of the scene's things
    held: the mask of everything that people hold or lean on
    """

    picture: np.ndarray
    people: dict[str, np.ndarray]
    things: tuple[np.ndarray, ...]
    held: np.ndarray


def draw_layers(scene: Scene, size: int = 256) -> Layers:
    """Returns the picture and the masks of its contents.

    A mask holds the pixels that its content covers by more than half.
    """
    factor = enlargement(size)
    labels = Image.new("L", (size * factor, size * factor))
    picture = average_down(_paint(scene, size, labels), factor)
    drawn = np.asarray(labels).reshape(size, factor, size, factor)

    def mostly(label: int) -> np.ndarray:
        return (drawn == label).mean(axis=(1, 3)) >= 0.5

    people = {actor.name: mostly(number) for number, actor in enumerate(scene.actors, start=1)}
    things = tuple(mostly(_FIRST_THING + k) for k in range(len(scene.things)))
    return Layers(picture, people, things, mostly(THINGS))


def _paint(
    scene: Scene, size: int, labels: Image.Image | None, feet: Sequence[Point] | None = None
) -> Image.Image:
    factor = enlargement(size)
    scale = size * factor / UNITS
    still = background(scene.place, size, scene.time, scene.weather)
    left = round((MARGIN + _jitter(scene.layout, scene.place) * (MARGIN - 1)) * scale)
    image = still.crop((left, 0, left + size * factor, size * factor))
    pen = Pen(image, scale, labels)
    spots, shadow = feet or feet_of(scene), _shadow(scene)
    for (x, y), actor in zip(spots, scene.actors, strict=True):
        draw_shadow(pen.at(x, y), figure_of(actor), actor.action, actor.facing, shadow)
    for (x, y), thing in zip(_thing_spots(scene), scene.things, strict=True):
        if thing.kind != "kite":
            pen.oval(x, y + 1, THINGS_BESIDE[thing.kind].half, 5, shadow)
    standing: list[tuple[float, Pen, Actor | Thing]]
    standing = [(y, pen.labelled(number).at(x, y), actor) for (x, y), number, actor in
                zip(spots, range(1, len(spots) + 1), scene.actors, strict=True)]  # fmt: skip
    standing += [(y, pen.labelled(_FIRST_THING + k).at(x, y, flip=1 if thing.facing == "right" else -1), thing) for k,
                 ((x, y), thing) in enumerate(zip(_thing_spots(scene), scene.things, strict=True))]  # fmt: skip
    # Small people and small things stand a little nearer. They are drawn last, in front of the tall ones.
    for _, spot, who in sorted(standing, key=lambda one: one[0]):
        if isinstance(who, Thing):
            kind = THINGS_BESIDE[who.kind]
            kind.draw(spot, who.colour or kind.colour)
        else:
            draw_figure(
                spot, figure_of(who), who.action, who.prop, who.expression, who.facing, _reach(scene, who)
            )
    return image


# The distance between two people in units, beyond the sum of their shoulders.
_APART = {"hugging": -4.0, "holding hands": 24.0, "giving": 40.0, "taking": 40.0}


def _reach(scene: Scene, actor: Actor) -> float:
    """How far away an actor's partner stands, in units. 0 without a partner."""
    partner = next((other for other in scene.actors if other.name == actor.partner), None)
    if partner is None or actor.action not in _APART:
        return 0.0
    return _APART[actor.action] + figure_of(actor).body.shoulder + figure_of(partner).body.shoulder


def _shadow(scene: Scene) -> Colour:
    """The colour of the ground under a person, at that time and in that weather."""
    place = PLACES[scene.place]
    if not place.outdoors:
        return place.shadow
    tone = mix(place.shadow, (214, 222, 234), 0.8) if scene.weather == "snow" else place.shadow
    return mix(tone, (24, 26, 60), {"day": 0.0, "dusk": 0.3, "night": 0.66}[scene.time])


def _thing_spots(scene: Scene) -> list[tuple[float, float]]:
    """The positions of the things' feet in units, inside the borders."""
    spots = []
    for number, thing in enumerate(scene.things):
        kind = THINGS_BESIDE[thing.kind]
        x = thing.x * UNITS + 1.5 * _jitter(scene.layout, thing.kind, number)
        room = min(kind.half + _EDGE, UNITS / 2)
        spots.append((min(max(x, room), UNITS - room), _FEET + kind.nearer))
    return spots


def figure_of(actor: Actor) -> Figure:
    """Returns the figure of an actor in their clothes, for the drawing code."""
    return built(actor.look) if actor.look else BY_NAME[actor.name].figure(actor.outfit)


@lru_cache(maxsize=256)
def built(look: Look) -> Figure:
    """Returns the figure of a look. It is cached, because the people of a story are drawn again and again."""
    return build(look)


def feet_of(scene: Scene) -> list[Point]:
    """Returns the position of each person's feet, in units.

    People stand on their slots. They are moved apart if they would touch, but never past a border.
    """
    spans = [_span(figure_of(a), a.action, a.prop, a.facing) for a in scene.actors]
    xs = [a.x * UNITS + 1.5 * _jitter(scene.layout, a.name, "x") for a in scene.actors]
    order = sorted(range(len(xs)), key=lambda i: xs[i])
    for _ in range(12):
        for i, j in zip(order, order[1:], strict=False):
            overlap = (xs[i] + spans[i][1]) - (xs[j] - spans[j][0])
            reach = _reach(scene, scene.actors[i]) if scene.actors[i].partner == scene.actors[j].name else 0.0
            if reach:  # two people who touch stand exactly as far apart as their action needs
                overlap = reach - (xs[j] - xs[i])
            if overlap > 0 or reach:
                xs[i], xs[j] = xs[i] - overlap / 2, xs[j] + overlap / 2
        xs = [
            min(max(x, left + _EDGE), UNITS - _EDGE - right)
            for x, (left, right) in zip(xs, spans, strict=True)
        ]
    feet = []
    for x, actor in zip(xs, scene.actors, strict=True):
        nearer = 3.0 if figure_of(actor).body.leg < 35 else 0.0
        feet.append((x, _FEET + nearer + 1.5 * _jitter(scene.layout, actor.name, "y")))
    return feet


@lru_cache(maxsize=1024)
def _span(who: Figure, action: str, prop: str | None, facing: str) -> tuple[float, float]:
    """How far a figure reaches to the left and to the right of its position in units, with its thing."""
    image = Image.new("RGB", (UNITS, UNITS))
    draw_figure(Pen(image, 1.0).at(128, 242), who, action, prop, "happy", facing)
    left, _, right, _ = image.getbbox() or (128, 0, 128, 0)
    return 128.0 - left, right - 128.0


def draw_portrait(
    name: str, wears: str | Look, size: int = 128, action: str = "standing", prop: str | None = None
) -> np.ndarray:
    """Returns the full figure of a person on a plain ground: of the cast in an outfit, or of anybody with a look.

    The picture is (size, size, 3) uint8.
    """
    who = built(wears) if isinstance(wears, Look) else BY_NAME[name].figure(wears)
    return draw_person(who, size, action, prop)
