"""Stories of any length on Maple Lane: who is where, who comes and goes, and what the captions say.

Everything follows from (split, seed). Each split has its own scenes. `split_of` hashes what a scene shows (the place,
and who does what with what), so training never meets a scene of the test stories.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from storyboard.models.stage import MIDDLES
from storyboard.people import Look, sample_look
from storyboard.people.names import sample_name

from .actions import ACTIONS, Action
from .cast import BY_NAME
from .grammar import CAST_PRONOUNS, Doing, Reference, compose, write
from .places import PLACES
from .scene import Actor, Scene

SPLITS = ("train", "val", "test")
# The number of stories in each fixed set. In stories of five frames, four frames continue a given first frame.
FIXED = {("val", 4): 200, ("test", 4): 500, ("test", 5): 500, ("test", 50): 20}
_SHARES = {"train": 0.80, "val": 0.08, "test": 0.12}
_NAMES = tuple(BY_NAME)
_PLACES = tuple(PLACES)


@dataclass(frozen=True)
class StoryFrame:
    """One picture of a story, and its captions. `references` are the pronouns of the referential caption."""

    scene: Scene
    plain: str
    referential: str
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class MapleStory:
    """A story. `outfits`: what each person of the cast wears in all frames.

    `looks`: the looks of people outside the cast.
    """

    id: str
    frames: tuple[StoryFrame, ...]
    outfits: dict[str, str]
    looks: dict[str, Look] = field(default_factory=dict)

    def wears(self, name: str) -> str | Look:
        """Returns the outfit or look that `draw_portrait` and `describe_portrait` need beside a person's name."""
        return self.looks.get(name) or self.outfits[name]


def split_of(scene: Scene) -> str:
    """Returns the split of a scene. Its content decides: the place, and who does what with what."""
    deeds = sorted(f"{a.name}:{a.action}:{a.prop}" for a in scene.actors)
    return split_of_content(scene.place, deeds)


def split_of_content(place: str, deeds: list[str]) -> str:
    """Returns the split of a place with what happens there."""
    digest = hashlib.blake2b("|".join([place, *deeds]).encode(), digest_size=4).digest()
    share = int.from_bytes(digest, "big") / 2**32
    if share < _SHARES["train"]:
        return "train"
    return "val" if share < _SHARES["train"] + _SHARES["val"] else "test"


def story(split: str, index: int, frames: int = 4) -> MapleStory:
    """Returns story number `index` of a fixed set. `FIXED` gives the size of each set; the train split has no limit.

    ValueError if the set has no such story.
    """
    count = FIXED.get((split, frames))
    if count is not None and not 0 <= index < count:
        raise ValueError(f"story {index} of {split}: that set has {count} stories of {frames} frames, from 0")
    return sample_story(1_000_003 * frames + index, frames, split)


def sample_story(seed: int, frames: int = 4, split: str = "train") -> MapleStory:
    """Returns a story with scenes of that split only. Equal arguments give an equal story."""
    check_story(frames, split)
    rng = Random(f"{split}/{seed}")
    words = Random(f"{split}/{seed}/words")  # separate, so that a new way to say things changes no picture
    pool = rng.sample(_NAMES, rng.choice((2, 3, 3, 4)))
    outfits = {name: rng.choice(BY_NAME[name].outfits) for name in pool}
    made = _tell(frames, split, pool, _Dressed(outfits), rng, words)
    return MapleStory(f"{split}-{seed}", made, outfits)


def sample_people_story(seed: int, frames: int = 4, split: str = "train") -> MapleStory:
    """Returns a story of new people. Their names and looks and the scenes all belong to that split."""
    check_story(frames, split)
    rng = Random(f"people/{split}/{seed}")
    words = Random(f"people/{split}/{seed}/words")
    looks: dict[str, Look] = {}
    for _ in range(rng.choice((2, 3, 3, 4))):
        look = sample_look(rng.getrandbits(48), split)
        looks[sample_name(look, rng, split, looks)] = look
    made = _tell(frames, split, list(looks), _Dressed({}, looks), rng, words)
    return MapleStory(f"people-{split}-{seed}", made, {}, looks)


def sample_guest_story(seed: int, frames: int = 4, split: str = "test") -> MapleStory:
    """Returns a story of two new people, for measuring how well their looks are kept.

    The first person of `looks` is in every frame. The second person is in every third frame.
    """
    check_story(frames, split)
    rng = Random(f"guest/{split}/{seed}")
    words = Random(f"guest/{split}/{seed}/words")
    looks: dict[str, Look] = {}
    while len(looks) < 2:
        look = sample_look(rng.getrandbits(48), split)
        looks[sample_name(look, rng, split, looks)] = look
    guest, friend = looks
    made: list[StoryFrame] = []
    before: _Moment | None = None
    for number in range(1, frames + 1):
        names = (guest,) if number % 3 else tuple(rng.sample((guest, friend), 2))
        now = _next_moment(before, list(looks), split, rng, names)
        made.append(_frame(now, before, _Dressed({}, looks), words))
        before = now
    return MapleStory(f"guest-{split}-{seed}", tuple(made), {}, looks)


def check_story(frames: int, split: str) -> None:
    """ValueError for an unknown split or for a story without frames."""
    if split not in SPLITS:
        raise ValueError(f"split {split!r} is not one of {', '.join(SPLITS)}")
    if frames < 1:
        raise ValueError(f"a story has at least one frame, not {frames}")


@dataclass(frozen=True)
class _Dressed:
    """How the people of a story look: outfits of the cast, and looks of other people."""

    outfits: Mapping[str, str]
    looks: Mapping[str, Look] = field(default_factory=dict)

    @property
    def pronouns(self) -> Mapping[str, str]:
        return {name: look.pronoun for name, look in self.looks.items()} if self.looks else CAST_PRONOUNS


def _tell(
    frames: int, split: str, pool: list[str], dressed: _Dressed, rng: Random, words: Random
) -> tuple[StoryFrame, ...]:
    made: list[StoryFrame] = []
    before: _Moment | None = None
    for _ in range(frames):
        now = _next_moment(before, pool, split, rng)
        made.append(_frame(now, before, dressed, words))
        before = now
    return tuple(made)


class _Before(Protocol):
    """The part of a frame that the next frame carries on from."""

    @property
    def place(self) -> str: ...
    @property
    def layout(self) -> int: ...
    @property
    def names(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class _Moment:
    """What a frame shows, before people get their places and clothes. `names` are from left to right."""

    place: str
    layout: int
    names: tuple[str, ...]
    groups: tuple[Doing, ...]


def _next_moment(
    before: _Moment | None, pool: list[str], split: str, rng: Random, people: tuple[str, ...] = ()
) -> _Moment:
    """The next moment. The whole moment is drawn again until it belongs to the split.

    So the splits differ in content, not in kind. people: who is there; if it is empty, chance decides.
    """
    while True:
        place, layout, names = people_next(before, pool, rng)
        names = people or names
        groups = doings(names, rng)
        deeds = sorted(f"{name}:{g.action}:{g.prop}" for g in groups for name in g.names)
        if split_of_content(place, deeds) == split and not _repeats(before, place, names, groups):
            return _Moment(place, layout, names, groups)


def _repeats(before: _Moment | None, place: str, names: Sequence[str], groups: Sequence[Doing]) -> bool:
    if before is None or before.place != place or before.names != names:
        return False
    return [(g.names, g.action) for g in before.groups] == [(g.names, g.action) for g in groups]


def people_next(before: _Before | None, pool: list[str], rng: Random) -> tuple[str, int, tuple[str, ...]]:
    """Returns the place, the layout and the people of the next frame.

    The place stays the same in three frames out of four. People stay more often than not.
    """
    if before is None:
        count = min(len(pool), rng.choice((1, 1, 1, 2, 2, 2, 2, 3)))
        return rng.choice(_PLACES), rng.getrandbits(30), tuple(pool[:count])
    place, layout, names = before.place, before.layout, list(before.names)
    absent = [name for name in pool if name not in names]
    chance = rng.random()
    if chance < 0.25 and absent and len(names) < 3:
        names.insert(rng.choice((0, len(names))), rng.choice(absent))
    elif chance < 0.45 and len(names) > 1:
        names.remove(rng.choice(names))
    elif chance < 0.52 and absent:
        names[rng.randrange(len(names))] = rng.choice(absent)
    if rng.random() < 0.25:
        place = rng.choice([p for p in _PLACES if p != place])
        layout = rng.getrandbits(30)
    return place, layout, tuple(names)


def doings(names: tuple[str, ...], rng: Random, actions: Mapping[str, Action] = ACTIONS) -> tuple[Doing, ...]:
    """Returns who does what. All do the same, or one acts while the others look on, or each does something else."""
    chance = rng.random()
    if len(names) == 1:
        return (_doing(names, rng, standing=0.09, actions=actions),)
    if chance < 0.38:
        return (_doing(names, rng, standing=0.05, actions=actions),)
    if chance < 0.72:
        actor = rng.choice(names)
        others = tuple(name for name in names if name != actor)
        return (_doing((actor,), rng, actions=actions), _doing(others, rng, standing=1.0, actions=actions))
    if len(names) == 3 and chance < 0.9:
        odd = rng.choice(names)
        pair = tuple(name for name in names if name != odd)
        return (
            (_doing(pair, rng, actions=actions), _doing((odd,), rng, actions=actions))
            if rng.random() < 0.5
            else (_doing((odd,), rng, actions=actions), _doing(pair, rng, actions=actions))
        )
    return tuple(_doing((name,), rng, actions=actions) for name in names)


def _doing(
    names: tuple[str, ...], rng: Random, standing: float = 0.0, actions: Mapping[str, Action] = ACTIONS
) -> Doing:
    busy = tuple(name for name in actions if name != "standing")
    action = "standing" if rng.random() < standing else rng.choice(busy)
    props = actions[action].props
    mood = rng.random()
    expression = "happy" if mood < 0.64 else "sad" if mood < 0.76 else "surprised" if mood < 0.88 else "cross"
    return Doing(names, action, rng.choice(props) if props else None, expression)


def _frame(now: _Moment, before: _Moment | None, dressed: _Dressed, rng: Random) -> StoryFrame:
    last = before.names if before else ()
    moved = before is not None and before.place != now.place
    arrived = [name for name in now.names if before and name not in last]
    full, short = compose(now.groups, PLACES[now.place], before is None, moved, arrived, rng)
    scene = _scene(now, dressed)
    plain, _ = write(full, pronouns=dressed.pronouns)
    if before is None:
        return StoryFrame(scene, plain, plain)
    referential, references = write(short, last, rng, dressed.pronouns)
    return StoryFrame(scene, plain, referential, references)


def _scene(now: _Moment, dressed: _Dressed) -> Scene:
    """The scene, with everybody on their slot.

    People who look on face the acting person, and others face the middle.
    """
    spots = dict(zip(now.names, MIDDLES[len(now.names)], strict=True))
    lead = now.groups[0]
    watched = spots[lead.names[0]] if len(now.groups) > 1 and len(lead.names) == 1 else None
    doing = {name: g for g in now.groups for name in g.names}
    actors = []
    for index, name in enumerate(now.names):
        g, x = doing[name], spots[name]
        target = watched if watched is not None and watched != x else _target(x, index, now)
        facing = "right" if target > x else "left"
        outfit, look = dressed.outfits.get(name, ""), dressed.looks.get(name)
        actors.append(Actor(name, outfit, g.action, g.prop, g.expression, facing, x, look))
    return Scene(now.place, tuple(actors), now.layout)


def _target(x: float, index: int, now: _Moment) -> float:
    """Where a person looks who looks at nobody: to the middle, or from the middle to either side."""
    if abs(x - 0.5) > 0.01:
        return 0.5
    return 1.0 if (now.layout >> index) & 1 else 0.0
