"""Stories of an open world: anybody, by day and by night, in rain and snow, with animals and things, or nobody at all.

They are told in plain and in referential sentences, like the benchmark's own stories. The split of a scene follows from
its place and from what is done there with what things. It does not depend on who does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from storyboard.models.stage import MIDDLES
from storyboard.people import Look, sample_look
from storyboard.people.names import sample_name

from .actions import THINGS
from .grammar import Doing, Sentence, Who, compose, write
from .more_actions import ALL_ACTIONS, PAIR_PHRASES, PRESENTS
from .places import PLACES, Place
from .scene import Actor, Scene, Thing
from .stories import MapleStory, StoryFrame, check_story, doings, people_next, split_of_content
from .things import THINGS_BESIDE

_TIMES = ("day",) * 13 + ("dusk",) * 3 + ("night",) * 4
_WEATHERS = ("clear",) * 14 + ("rain",) * 3 + ("snow",) * 3
_SKY = {"rain": ("It is raining.", "It rains.", "The rain falls."),
"snow": ("It is snowing.", "It snows.", "Snow falls.")}  # fmt: skip
_EMPTY = (
    "Nobody is {at}.",
    "{At}, nobody is to be seen.",
    "Nobody is to be seen {at}.",
    "The {noun} is empty.",
)
_SLOTS = (0.12, 0.5, 0.88)
_NOBODY, _PAIRED, _WITH_THING = 0.07, 0.22, 0.45  # shares of frames without people, with a pair, with a thing
# Scenery is dark more often than a story is, and has a thing less often than an open story's frames without people.
_TIMES_OF_SCENERY = ("day",) * 4 + ("dusk",) * 2 + ("night",) * 4
_SCENERY_WITH_THING = 0.3


class _Pair(NamedTuple):
    """An action of two people: what `one` does to `other`, or what both do together, and the thing they use."""

    action: str
    one: str
    other: str
    prop: str | None


@dataclass(frozen=True)
class _View:
    """What a frame shows, before people get their places. `names` are from left to right."""

    place: str
    layout: int
    time: str
    weather: str
    names: tuple[str, ...]
    groups: tuple[Doing, ...]
    pair: _Pair | None
    thing: Thing | None


def sample_open_story(seed: int, frames: int = 4, split: str = "train") -> MapleStory:
    """Returns a story of anybody anywhere.

    All its scenes are of that split, and equal arguments give an equal story.
    """
    check_story(frames, split)
    rng, words = Random(f"open/{split}/{seed}"), Random(f"open/{split}/{seed}/words")
    looks: dict[str, Look] = {}
    for _ in range(rng.choice((1, 2, 2, 3, 3, 4))):
        look = sample_look(rng.getrandbits(48), split)
        looks[sample_name(look, rng, split, looks)] = look
    made: list[StoryFrame] = []
    before: _View | None = None
    for _ in range(frames):
        now = _next_view(before, list(looks), split, rng)
        made.append(_frame(now, before, looks, words))
        before = now
    return MapleStory(f"open-{split}-{seed}", tuple(made), {}, looks)


def sample_scenery(seed: int, frames: int = 4, split: str = "train") -> MapleStory:
    """Returns a story of places without people, by day and by night, in sun, rain and snow. Most are quite empty.

    Open stories have few frames without people, and a thing in most of those: "Night falls over the park." was drawn
    with a thing or a person. Arguments as in `sample_open_story`.
    """
    check_story(frames, split)
    rng, words = Random(f"scenery/{split}/{seed}"), Random(f"scenery/{split}/{seed}/words")
    made: list[StoryFrame] = []
    before: _View | None = None
    for _ in range(frames):
        now = _next_scenery(split, rng)
        made.append(_frame(now, before, {}, words))
        before = now
    return MapleStory(f"scenery-{split}-{seed}", tuple(made), {}, {})


def _next_scenery(split: str, rng: Random) -> _View:
    """A place without people, most often under the sky. The view is drawn again until it belongs to the split."""
    outdoors = [place for place in PLACES.values() if place.outdoors]
    while True:
        place = rng.choice((*PLACES.values(), *outdoors)).name
        time, weather = _air(place, rng, _TIMES_OF_SCENERY)
        thing = _thing(place, (), False, weather, rng) if rng.random() < _SCENERY_WITH_THING else None
        view = _View(place, rng.getrandbits(30), time, weather, (), (), None, thing)
        if _split(view) == split:
            return view


def _next_view(before: _View | None, pool: list[str], split: str, rng: Random) -> _View:
    """The next view. The whole view is drawn again until it belongs to the split."""
    while True:
        place, layout, names = _who_is_where(before, pool, rng)
        stayed = before if before is not None and before.place == place else None
        time, weather = (stayed.time, stayed.weather) if stayed else _air(place, rng)
        pair = _pair(names, rng) if len(names) == 2 and rng.random() < _PAIRED else None
        groups = doings(names, rng, ALL_ACTIONS) if names and pair is None else ()
        view = _View(
            place,
            layout,
            time,
            weather,
            names,
            groups,
            pair,
            _thing(place, names, pair is not None, weather, rng),
        )
        if _split(view) == split:
            return view


def _who_is_where(before: _View | None, pool: list[str], rng: Random) -> tuple[str, int, tuple[str, ...]]:
    """The place, layout and people of the next frame. After a frame without people, somebody comes back."""
    if before is not None and not before.names:
        place, layout, names = people_next(None, rng.sample(pool, len(pool)), rng)
        return (before.place, before.layout, names) if rng.random() < 0.6 else (place, layout, names)
    place, layout, names = people_next(before, pool, rng)
    return (place, layout, ()) if rng.random() < _NOBODY else (place, layout, names)


def _air(place: str, rng: Random, times: tuple[str, ...] = _TIMES) -> tuple[str, str]:
    """The time of day and the weather. `times` holds each time as often as it is likely."""
    if not PLACES[place].outdoors:
        return "day", "clear"
    return rng.choice(times), rng.choice(_WEATHERS)


def _pair(names: tuple[str, ...], rng: Random) -> _Pair:
    action = rng.choice(tuple(PAIR_PHRASES))
    one, other = rng.sample(names, 2)
    return _Pair(action, one, other, rng.choice(PRESENTS) if action == "giving" else None)


def _thing(place: str, names: tuple[str, ...], paired: bool, weather: str, rng: Random) -> Thing | None:
    if rng.random() > (_WITH_THING if names else 0.8):
        return None
    kinds = [kind for kind in THINGS_BESIDE.values() if PLACES[place].outdoors or not kind.outdoors]
    kinds = [kind for kind in kinds if kind.name != "snowman" or weather == "snow"]
    if len(names) == 2:  # between two people there is only room for small things
        kinds = [kind for kind in kinds if kind.half < 40]
    elif len(names) == 3:  # among three people there is only room for things in front of their feet
        kinds = [kind for kind in kinds if kind.half < 30 and kind.nearer >= 4]
    kind = rng.choice(kinds)
    if weather == "snow" and len(names) < 2 and rng.random() < 0.3:
        kind = THINGS_BESIDE["snowman"]
    slots = (0.1, 0.9) if paired else {0: _SLOTS, 1: (0.14, 0.86), 2: (0.5,), 3: (0.34, 0.66)}[len(names)]
    return Thing(kind.name, rng.choice(slots), rng.choice(("left", "right")))


def _split(view: _View) -> str:
    """The split of a view. Names play no part: nobody does in training what is done in a test scene."""
    deeds = sorted(f"{g.action}:{g.prop}" for g in view.groups for _ in g.names)
    if view.pair:
        deeds.append(f"{view.pair.action}:{view.pair.prop}")
    return split_of_content(
        view.place, [*deeds, view.thing.kind if view.thing else "", view.time, view.weather]
    )


# ---- the picture ----------------------------------------------------------------------------------------------------


def _scene(view: _View, looks: Mapping[str, Look]) -> Scene:
    actors = _paired_actors(view, view.pair, looks) if view.pair else _actors(view, looks)
    things = (view.thing,) if view.thing else ()
    return Scene(view.place, actors, view.layout, things, view.time, view.weather)


def _stage(view: _View) -> dict[str, float]:
    """The position of each person. A single person makes room for a thing."""
    if len(view.names) == 1 and view.thing:
        return {view.names[0]: 0.36 if view.thing.x > 0.5 else 0.64}
    return dict(zip(view.names, MIDDLES.get(len(view.names), ()), strict=True))


def _actors(view: _View, looks: Mapping[str, Look]) -> tuple[Actor, ...]:
    spots = _stage(view)
    doing = {name: g for g in view.groups for name in g.names}
    lead = view.groups[0].names[0] if view.groups else None
    actors = []
    for name in view.names:
        x = spots[name]
        target = spots[lead] if lead and lead != name and len(view.groups) > 1 else 0.5
        if target == x:
            target = 1.0 if view.layout & 1 else 0.0
        g = doing[name]
        facing = "right" if target > x else "left"
        actors.append(Actor(name, "", g.action, g.prop, g.expression, facing, x, looks[name]))
    return tuple(actors)


def _paired_actors(view: _View, pair: _Pair, looks: Mapping[str, Look]) -> tuple[Actor, ...]:
    action, one, other, prop = pair
    actors = []
    for index, (name, x) in enumerate(_stage(view).items()):
        does = "taking" if action == "giving" and name == other else action
        held = prop if does == "giving" else None
        facing = "left" if index else "right"
        actors.append(
            Actor(name, "", does, held, "happy", facing, x, looks[name], other if name == one else one)
        )
    return tuple(actors)


# ---- the words ------------------------------------------------------------------------------------------------------


def _frame(now: _View, before: _View | None, looks: Mapping[str, Look], rng: Random) -> StoryFrame:
    moved = before is None or before.place != now.place
    place = PLACES[now.place]
    full, short = _sentences(now, before, place, moved, rng)
    pronouns = {name: look.pronoun for name, look in looks.items()}
    plain, _ = write(full, pronouns=pronouns)
    scene = _scene(now, looks)
    added = _added(now, rng, moved)
    if before is None:
        return StoryFrame(scene, plain + added, plain + added)
    referential, references = write(short, before.names, rng, pronouns)
    return StoryFrame(scene, plain + added, referential + added, references)


def _sentences(
    now: _View, before: _View | None, place: Place, moved: bool, rng: Random
) -> tuple[Sentence, Sentence]:
    if not now.names:
        empty = rng.choice(_EMPTY).format(at=place.at, At=place.at.capitalize(), noun=place.noun)
        return [empty], [empty]
    if now.pair:
        make = _pair_sentence(now.names, now.pair, rng)
        return make(f" {place.at}"), make(f" {place.at}" if moved else "")
    last = before.names if before else ()
    arrived = [name for name in now.names if before and name not in last]
    return compose(now.groups, place, before is None, before is not None and moved, arrived, rng)


def _pair_sentence(names: tuple[str, ...], pair: _Pair, rng: Random) -> Callable[[str], Sentence]:
    action, one, other, prop = pair
    to_other, of_both = PAIR_PHRASES[action]
    verb = rng.choice(to_other).replace("{prop}", THINGS.get(prop or "", ""))
    both = rng.choice(of_both) if of_both and rng.random() < 0.5 else None

    def make(at: str) -> Sentence:
        if both:
            return [Who(names), f" {both}{at}."]
        return [Who((one,)), f" {verb} ", Who((other,), as_object=True), f"{at}."]

    return make


def _added(now: _View, rng: Random, moved: bool) -> str:
    """Sentences about the time of day, the weather and the thing that stands there.

    Time of day and weather are told only if the place is new.
    """
    parts = []
    if now.thing:
        said = THINGS_BESIDE[now.thing.kind].words
        be = "are" if said.startswith("some ") else "is"
        parts.append(rng.choice((f"There {be} {said}.", f"{said.capitalize()} {be} there too.",
        f"{said.capitalize()} {be} near.")))  # fmt: skip
    if moved and now.weather != "clear":
        parts.append(rng.choice(_SKY[now.weather]))
    if moved and now.time != "day":
        parts.append(
            {"dusk": "It is evening.", "night": rng.choice(("It is night.", "It is dark."))}[now.time]
        )
    return "".join(f" {part}" for part in parts)
