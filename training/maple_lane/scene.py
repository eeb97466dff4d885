"""A scene and its picture: who stands where, doing what; drawn from the description alone, at any size.

Masks: `{name: (H, W) bool}`, the visible skin, hair and clothes of a character. Things held or leaned on are not part
of anybody and hide what is behind them, as does a character in front.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image

from storyboard.people import Figure, Look, build, draw_person
from storyboard.people.canvas import UNITS, Colour, Pen, average_down, enlargement
from storyboard.people.drawing import THINGS, draw_figure, draw_shadow

from .cast import BY_NAME
from .places import MARGIN, PLACES, background

EXPRESSIONS = ("happy", "sad", "surprised", "cross")
STAGE = {1: (0.5,), 2: (0.28, 0.72), 3: (0.18, 0.5, 0.82)}  # the middles of the stage slots
_FEET = 242.0
_EDGE = 3.0  # units kept free at the left and right border


@dataclass(frozen=True)
class Actor:
    """One person in a scene; `x` is where they stand, from 0 (left border) to 1.

    One of the cast wears an `outfit`; anybody else has a `look` and no outfit. `partner` names whom somebody hugs,
    holds by the hand or gives something to.
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
    """An animal or a thing that stands in a scene; `x` is its middle, `colour` None for the usual one."""

    kind: str
    x: float = 0.5
    facing: str = "right"
    colour: Colour | None = None


@dataclass(frozen=True)
class Scene:
    """`actors` from left to right; `layout` seeds the small differences two drawings of the same content have.

    `time` is day, dusk or night, `weather` clear, rain or snow; both show only under the sky.
    """

    place: str
    actors: tuple[Actor, ...] = ()
    layout: int = 0
    things: tuple[Thing, ...] = ()
    time: str = "day"
    weather: str = "clear"


def _jitter(*parts: object) -> float:
    """A number in -1..1 that depends on the parts alone."""
    return zlib.crc32("|".join(map(str, parts)).encode()) / 0x7FFFFFFF - 1.0


def draw(scene: Scene, size: int = 256) -> np.ndarray:
    """The picture, (size, size, 3) uint8."""
    return average_down(_paint(scene, size, None), enlargement(size))


def draw_with_masks(scene: Scene, size: int = 256) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The picture and every character's (size, size) bool mask: pixels of which it covers the larger part."""
    picture, masks, _ = draw_with_things(scene, size)
    return picture, masks


def draw_with_things(scene: Scene, size: int = 256) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """`draw_with_masks`, and the (size, size) bool mask of everything that anybody holds, leans on or lies under."""
    factor = enlargement(size)
    labels = Image.new("L", (size * factor, size * factor))
    picture = average_down(_paint(scene, size, labels), factor)
    drawn = np.asarray(labels).reshape(size, factor, size, factor)

    def mostly(label: int) -> np.ndarray:
        return (drawn == label).mean(axis=(1, 3)) >= 0.5

    masks = {actor.name: mostly(number) for number, actor in enumerate(scene.actors, start=1)}
    return picture, masks, mostly(THINGS)


def _paint(scene: Scene, size: int, labels: Image.Image | None) -> Image.Image:
    factor = enlargement(size)
    scale = size * factor / UNITS
    still = background(scene.place, size)
    left = round((MARGIN + _jitter(scene.layout, scene.place) * (MARGIN - 1)) * scale)
    image = still.crop((left, 0, left + size * factor, size * factor))
    pen = Pen(image, scale, labels)
    placed = list(zip(_spots(scene), range(1, len(scene.actors) + 1), scene.actors, strict=True))
    for (x, y), _, actor in placed:
        draw_shadow(pen.at(x, y), _figure(actor), actor.action, actor.facing, PLACES[scene.place].shadow)
    # the small ones stand a little nearer, in front of the tall
    for (x, y), number, a in sorted(placed, key=lambda spot: spot[0][1]):
        draw_figure(pen.labelled(number).at(x, y), _figure(a), a.action, a.prop, a.expression, a.facing)
    return image


def _figure(actor: Actor) -> Figure:
    return built(actor.look) if actor.look else BY_NAME[actor.name].figure(actor.outfit)


@lru_cache(maxsize=256)
def built(look: Look) -> Figure:
    """Returns the figure of a look; the people of a story are drawn again and again."""
    return build(look)


def _spots(scene: Scene) -> list[tuple[float, float]]:
    """Where everybody's feet are, in units: on their slots, moved apart where they would touch, never past a border."""
    spans = [_span(_figure(a), a.action, a.prop, a.facing) for a in scene.actors]
    xs = [a.x * UNITS + 1.5 * _jitter(scene.layout, a.name, "x") for a in scene.actors]
    order = sorted(range(len(xs)), key=lambda i: xs[i])
    for _ in range(12):
        for i, j in zip(order, order[1:], strict=False):
            overlap = (xs[i] + spans[i][1]) - (xs[j] - spans[j][0])
            if overlap > 0:
                xs[i], xs[j] = xs[i] - overlap / 2, xs[j] + overlap / 2
        xs = [
            min(max(x, left + _EDGE), UNITS - _EDGE - right)
            for x, (left, right) in zip(xs, spans, strict=True)
        ]
    feet = []
    for x, actor in zip(xs, scene.actors, strict=True):
        nearer = 3.0 if _figure(actor).body.leg < 35 else 0.0
        feet.append((x, _FEET + nearer + 1.5 * _jitter(scene.layout, actor.name, "y")))
    return feet


@lru_cache(maxsize=1024)
def _span(who: Figure, action: str, prop: str | None, facing: str) -> tuple[float, float]:
    """How far a figure reaches to the left and to the right of its spot, props included, in units."""
    image = Image.new("RGB", (UNITS, UNITS))
    draw_figure(Pen(image, 1.0).at(128, 242), who, action, prop, "happy", facing)
    left, _, right, _ = image.getbbox() or (128, 0, 128, 0)
    return 128.0 - left, right - 128.0


def draw_portrait(name: str, wears: str | Look, size: int = 128) -> np.ndarray:
    """One of the cast in an outfit, or anybody with a look, full figure on a plain ground; (size, size, 3) uint8."""
    return draw_person(built(wears) if isinstance(wears, Look) else BY_NAME[name].figure(wears), size)
