"""Reads people off a picture by drawing them: analysis by synthesis.

The judge says where people are, and a first guess of the rest. Then the world's own code draws the picture again and
again, with one thing changed at a time, and keeps what makes it most like the picture. So a look is compared with the
picture itself, in full detail, and nothing about people has to be learned. It takes some seconds a person. Works for
people of any look. Knows no captions, and is never told who should be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PIL import Image

from storyboard.errors import StoryError
from storyboard.models.judge import SeenFrame
from storyboard.models.judge.matching import seen_label
from storyboard.models.judge.network import SeenPerson
from storyboard.models.judge.vocabulary import SETS, Vocabulary
from storyboard.people import Look, facets
from storyboard.people import wardrobe as w
from storyboard.people.canvas import Colour, Point
from storyboard.people.changes import changed, choices
from storyboard.people.colours import CLOTH
from storyboard.people.facets import COAT_OF, TRIM_OF
from storyboard.people.figure import Part
from storyboard.people.gestures import PAIR_POSES, SINGLE_ACTIONS
from training.evaluate.judge.frames import UNITS, body_box
from training.maple_lane import ACTIONS, EXPRESSIONS, PLACES, Actor, Scene, draw
from training.maple_lane.sky import TIMES, WEATHERS

SIZE = 128  # the side in pixels at which pictures are compared
MOST = 0.35  # no pixel counts as more different than this, of 0..1, so that a wrong thing behind people costs little
LAYOUTS = 32  # so many positions of the background are tried
SHARP = 2e-4  # a difference of errors by which one label is e times as likely as another

Change = Callable[[Look], Look]
Field = Callable[[Look], Iterator[Change]]  # what is tried for one part of a look


@dataclass(frozen=True)
class Fitted:
    """The scene, with feet as `draw` takes them, whose drawing is nearest to a picture. error: the mean difference."""

    scene: Scene
    feet: tuple[Point, ...]
    error: float


def read_by_drawing(picture: Image.Image, seen: SeenFrame, vocabulary: Vocabulary) -> SeenFrame:
    """Returns what the judge saw in a picture, with the labels of looks and actions as drawing finds them.

    A label's probability falls with the error of the drawing that shows it, so labels that draw the same are equally
    likely. Who somebody is by name stays what the judge said.
    """
    if not seen.people:
        return seen
    search = _Search(picture, seen, vocabulary)
    search.run()
    people = [replace(one, said=one.said | search.said(k)) for k, one in enumerate(seen.people)]
    return replace(seen, people=tuple(people))


def fitted(picture: Image.Image, seen: SeenFrame, vocabulary: Vocabulary) -> Fitted:
    """Returns the drawing that is nearest to a picture, with as many people as the judge saw in it."""
    search = _Search(picture, seen, vocabulary)
    search.run()
    return search.best


class _Search:
    """Coordinate descent over the background, and over each person's place, pose and look."""

    def __init__(self, picture: Image.Image, seen: SeenFrame, vocabulary: Vocabulary):
        shrunk = picture.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BOX)
        self.target = np.asarray(shrunk, np.float32) / 255
        self.vocabulary, self.seen = vocabulary, seen
        scene = self._background(seen)
        actors = [_first_guess(one, k, vocabulary) for k, one in enumerate(seen.people)]
        feet = tuple((float(one.box[[0, 2]].mean()), float(one.box[3]) - 3) for one in seen.people)
        scene = replace(scene, actors=tuple(actors))
        self.best = Fitted(scene, feet, self.error(scene, feet))

    def error(self, scene: Scene, feet: tuple[Point, ...], where: np.ndarray | None = None) -> float:
        """Returns the mean difference of a drawing from the picture. where: a mask (SIZE, SIZE) of what counts."""
        drawn = draw(scene, SIZE, feet or []) / np.float32(255)
        different = np.minimum(np.abs(drawn - self.target).mean(-1), MOST)
        return float(different.mean() if where is None else different[where].mean())

    def run(self) -> None:
        people = range(len(self.best.feet))
        for k in people:
            self._place(k, (4, 2, 1))
            self._pose(k, 6)
            self._look(k, _FIELDS)
            self._place(k, (2, 1))
        for k in people:
            self._body(k)
            self._place(k, (4, 2, 1))
            self._pose(k, 4)
            self._look(k, [*_FIELDS, *_WORN])
            self._place(k, (2, 1, 0.5))
        for k in people:
            self._look(k, _TOGETHER)
            self._body(k)
            self._look(k, [*_FIELDS, *_WORN])
            self._pose(k, 3)
            self._place(k, (1, 0.5))
        for k in people:
            self._look(k, _FIELDS)

    def said(self, k: int) -> dict[str, np.ndarray]:
        """Returns the probabilities of all labels of person k, by head; heads that nothing shows are left out."""
        look = self._look_of(k)
        errors: dict[str, dict[str, float]] = {}
        for field in _FIELDS:
            for change in field(look):
                for other in _tried(look, change):
                    error = self.error(self._with(k, look=other), self.best.feet)
                    _note(errors, facets(other), error)
        _note(errors, facets(look), self.best.error)
        found = {}
        for head, by_label in errors.items():
            if head in self.vocabulary.facets:
                found[head] = self._probabilities(head, by_label)
        worn = facets(look)
        for head in SETS:
            labels = self.vocabulary.labels(head)
            found[head] = np.array([float(one in worn[head]) for one in labels], np.float32)
        action = self.best.scene.actors[k].action
        found["action"] = self._probabilities("action", {action: 0.0})
        return found

    def _probabilities(self, head: str, errors: dict[str, float]) -> np.ndarray:
        least = min(errors.values())
        weights = [
            np.exp((least - errors[one]) / SHARP) if one in errors else 0.0
            for one in self.vocabulary.labels(head)
        ]
        return np.array(weights, np.float32) / np.float32(sum(weights))

    # ---- one step ---------------------------------------------------------------------------------------------------

    def _try(self, scene: Scene, feet: tuple[Point, ...]) -> bool:
        """Takes a drawing if it is nearer than the best so far. Returns whether it is."""
        error = self.error(scene, feet)
        if error < self.best.error - 1e-7:
            self.best = Fitted(scene, feet, error)
            return True
        return False

    def _with(self, k: int, **values: object) -> Scene:
        actors = list(self.best.scene.actors)
        actors[k] = replace(actors[k], **values)  # type: ignore[arg-type]  # fields of an Actor
        return replace(self.best.scene, actors=tuple(actors))

    def _look_of(self, k: int) -> Look:
        look = self.best.scene.actors[k].look
        assert look is not None  # everybody here has one, from `_first_guess` on
        return look

    def _moved(self, k: int, spot: Point) -> tuple[Point, ...]:
        return (*self.best.feet[:k], spot, *self.best.feet[k + 1 :])

    def _background(self, seen: SeenFrame) -> Scene:
        """Returns the empty scene that is nearest to the picture outside the boxes of people."""
        place = self.vocabulary.places[int(seen.places.argmax())]
        free = np.ones((SIZE, SIZE), bool)
        for one in seen.people:
            left, top, right, bottom = (one.box / UNITS * SIZE).round().astype(int)
            free[max(0, top - 2) : bottom + 2, max(0, left - 10) : right + 10] = False
        where = free if free.mean() > 0.1 else None
        airs = [("day", "clear")]
        if PLACES[place].outdoors:
            airs = [(time, weather) for time in TIMES for weather in WEATHERS]
        scenes = [Scene(place, time=time, weather=weather) for time, weather in airs]
        scene = min(scenes, key=lambda one: self.error(one, (), where))
        layouts = (replace(scene, layout=number) for number in range(LAYOUTS))
        return min(layouts, key=lambda one: self.error(one, (), where))

    def _place(self, k: int, steps: Iterable[float]) -> None:
        """Moves a person as long as that helps, in ever smaller steps (units)."""
        for step in steps:
            for _ in range(3):
                x, y = self.best.feet[k]
                around = ((x + step, y), (x - step, y), (x, y + step), (x, y - step))
                if not any([self._try(self.best.scene, self._moved(k, spot)) for spot in around]):
                    break

    def _pose(self, k: int, most: int) -> None:
        """Tries every action, thing and direction. The `most` nearest are moved to where they fit best."""
        start = self.best
        tries = []
        for scene in self._poses(k):
            spots = {start.feet[k], *self._spots_in_box(k, scene.actors[k])}
            tries += [
                Fitted(scene, f, self.error(scene, f)) for f in (self._moved(k, spot) for spot in spots)
            ]
        found = [start]
        for one in sorted(tries, key=lambda one: one.error)[:most]:
            self.best = one
            self._place(k, (6, 3))
            found.append(self.best)
        self.best = min(found, key=lambda one: one.error)
        for expression in EXPRESSIONS:
            self._try(self._with(k, expression=expression), self.best.feet)

    def _poses(self, k: int) -> Iterator[Scene]:
        for action in SINGLE_ACTIONS:
            for prop in _props(action):
                for facing in ("left", "right"):
                    yield self._with(k, action=action, prop=prop, facing=facing)

    def _spots_in_box(self, k: int, actor: Actor) -> list[Point]:
        """Returns where an actor's feet are if the body's box has the middle, and the bottom or top, that was seen."""
        left, top, right, bottom = map(float, self.seen.people[k].box)
        own = body_box(actor, 0.0, 0.0)
        x = (left + right) / 2 - (own[0] + own[2]) / 2
        return [(x, bottom - own[3]), (x, top - own[1])]

    def _body(self, k: int) -> None:
        """Tries every age, height and girth together, with the feet or the top of the head where they were."""
        for age in w.AGES:
            for height in w.HEIGHTS:
                for girth in w.GIRTHS:
                    look = self._look_of(k)
                    change = partial(replace, age=age, height=height, girth=girth)
                    for other in _tried(look, change):
                        self._resize(k, other)

    def _resize(self, k: int, look: Look) -> None:
        scene, (x, y) = self._with(k, look=look), self.best.feet[k]
        before, after = (body_box(one.actors[k], 0.0, 0.0)[1] for one in (self.best.scene, scene))
        for spot in dict.fromkeys([(x, y), (x, y + before - after)]):
            self._try(scene, self._moved(k, spot))

    def _look(self, k: int, fields: Iterable[Field]) -> None:
        for field in fields:
            for change in field(self._look_of(k)):
                for other in _tried(self._look_of(k), change):
                    if field in _SIZES:
                        self._resize(k, other)
                    else:
                        self._try(self._with(k, look=other), self.best.feet)


# ---- what is tried -------------------------------------------------------------------------------------------------


def _words(field: str, look: Look) -> Iterator[Change]:
    """Yields every value of a field that is chosen from words."""
    for value in choices(look, field):
        yield partial(_set, field, value)


def _colours(field: str, look: Look) -> Iterator[Change]:
    for colour in _palette(field, look):
        yield partial(_set, field, colour)


def _both(field: str, colour_field: str, look: Look) -> Iterator[Change]:
    """Yields every value of a field in every colour: a wrong garment in its best colour may hide the right one."""
    for value in choices(look, field):
        for colour in _palette(colour_field, look):
            yield partial(_set_both, field, value, colour_field, colour)


def _extras(look: Look) -> Iterator[Change]:
    """Yields each extra in every colour, and left out."""
    for name in (*w.ROBOT_EXTRAS, *w.EXTRAS) if look.kind == "robot" else w.EXTRAS:
        yield partial(_wear, name, None)
        for colour in CLOTH.values():
            yield partial(_wear, name, colour)


def _marks(look: Look) -> Iterator[Change]:
    for mark in w.MARKS:
        yield partial(_mark, mark)


def _set(field: str, value: object, look: Look) -> Look:
    return changed(look, field, value)


def _set_both(field: str, value: object, other: str, also: object, look: Look) -> Look:
    return changed(changed(look, field, value), other, also)


def _wear(name: str, colour: Colour | None, look: Look) -> Look:
    rest = tuple(part for part in look.extras if part.name != name)
    return replace(look, extras=rest if colour is None else (*rest, Part(name, colour)))


def _mark(mark: str, look: Look) -> Look:
    rest = tuple(one for one in look.marks if one != mark)
    return replace(look, marks=rest if mark in look.marks else (*rest, mark))


def _palette(field: str, look: Look) -> Iterable[Colour]:
    if field == "skin":
        return COAT_OF[look.kind].values()
    return (TRIM_OF[look.kind] if field == "hair_colour" else CLOTH).values()


_SIZES: list[Field] = [partial(_words, field) for field in ("kind", "age", "height", "girth")]
_FIELDS: list[Field] = [
    *_SIZES,
    *(partial(_colours, field) for field in ("skin", "top_colour", "bottom_colour", "hair_colour")),
    *(partial(_words, field) for field in ("headwear", "hair")),
    *(partial(_colours, field) for field in ("headwear_colour", "hair_colour")),
    *(partial(_words, field) for field in ("top", "bottom", "pattern")),
    *(partial(_colours, field) for field in ("top_colour", "bottom_colour", "accent")),
    *(partial(_words, field) for field in ("footwear", "beard", "glasses")),
    *(partial(_colours, field) for field in ("footwear_colour", "skin")),
]
_WORN: list[Field] = [_extras, _marks]
_TOGETHER: list[Field] = [
    partial(_both, "bottom", "bottom_colour"),
    partial(_both, "top", "top_colour"),
    partial(_both, "top", "accent"),
    partial(_both, "pattern", "accent"),
    partial(_both, "headwear", "headwear_colour"),
    partial(_both, "hair", "hair_colour"),
    partial(_both, "footwear", "footwear_colour"),
]


def _tried(look: Look, change: Change) -> tuple[Look, ...]:
    """Returns what a change makes of a look; nothing if it cannot be worn, or if nothing changes."""
    try:
        other = change(look)
    except StoryError:
        return ()
    return (other,) if other != look else ()


def _note(
    errors: dict[str, dict[str, float]], labels: dict[str, str | tuple[str, ...]], error: float
) -> None:
    """Notes the least error of each label that a drawing shows."""
    for head, label in labels.items():
        if isinstance(label, str):
            known = errors.setdefault(head, {})
            known[label] = min(error, known.get(label, error))


_GUESSED = (
    "kind", "age", "height", "girth", "skin", "top", "top_colour", "bottom", "bottom_colour", "hair", "hair_colour",
    "headwear", "headwear_colour", "beard", "glasses", "pattern", "footwear", "footwear_colour",
)  # fmt: skip


def _first_guess(person: SeenPerson, number: int, vocabulary: Vocabulary) -> Actor:
    """Returns the actor that the judge's likeliest labels describe."""
    look = Look()
    for field in _GUESSED:
        label = seen_label(person, field, vocabulary)
        if field == "skin" or field.endswith("_colour"):
            palette = (
                COAT_OF[look.kind]
                if field == "skin"
                else TRIM_OF[look.kind]
                if field == "hair_colour"
                else CLOTH
            )
            label = palette.get(label)  # type: ignore[arg-type,assignment]
        for other in _tried(look, partial(_set, field, label)):
            look = other
    action = str(seen_label(person, "action", vocabulary))
    action = "standing" if action in PAIR_POSES else action
    return Actor(f"somebody {number}", "", action, _props(action)[0], look=look)


def _props(action: str) -> tuple[str | None, ...]:
    return (ACTIONS[action].props if action in ACTIONS else ()) or (None,)
