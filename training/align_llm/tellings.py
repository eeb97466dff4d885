"""Stories as a writer tells them, each frame with the one canonical caption that its picture is drawn from.

A mapper that translates free wording learns from them: the writer's captions go in, and the canonical caption comes
out. Works on text alone and uses no models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from storyboard.people import Look
from storyboard.text.captions import mentioned_names
from training.maple_lane import ACTIONS, KINDS, MapleStory, kind_of
from training.maple_lane.more_actions import PRESENTS
from training.maple_lane.words import (
    FrameFacts,
    PersonFacts,
    Shown,
    Shows,
    canonical_caption,
    facts_of,
    free_captions,
)

FRAMES = 5  # a frame, and the four frames before it that the pipeline reads
# Share of stories told from a later frame on, as a window shows only a part of a long story.
LATE_SHARE = 0.25
FREE_SHARE, REFERENTIAL_SHARE = 0.7, 0.2  # shares of captions; the other captions are plain


@dataclass(frozen=True)
class ToldFrame:
    """A caption as a writer may word it, and what the frame shows.

    `shows` leaves nothing open, and its people are in the order of the words.
    """

    caption: str
    shows: Shows

    @property
    def target(self) -> str:
        """The canonical plain caption."""
        return canonical(self.shows)


@dataclass(frozen=True)
class Telling:
    """`FRAMES` frames of a story, the pronoun of each person by name, and the looks of the people who have a look."""

    frames: tuple[ToldFrame, ...]
    pronouns: dict[str, str]
    looks: dict[str, Look] = field(default_factory=dict)


def canonical(shows: Shows) -> str:
    """Returns the canonical caption for what a frame shows."""
    people = tuple(PersonFacts(one.name, "they", one.does, prop=one.prop) for one in shows.people)
    facts = FrameFacts(shows.place, people, (), shows.time, shows.weather, shows.things)
    return canonical_caption(facts)


def sample_telling(seed: int, split: str = "train", world: str = "cast") -> Telling:
    """Returns telling number `seed` in a world of stories. Equal arguments give an equal telling."""
    rng = Random(f"telling/{split}/{seed}")
    late = rng.choice((1, 2)) if rng.random() < LATE_SHARE else 0
    return tell_story(KINDS[kind_of(world, seed)](seed, late + FRAMES, split), rng, late)


def tell_story(story: MapleStory, rng: Random, first: int = 0) -> Telling:
    """Returns a story from frame `first` on. Each frame is told in free, referential or plain words."""
    told: list[ToldFrame] = []
    order: tuple[str, ...] = ()
    pronouns: dict[str, str] = {}
    for number, (frame, free) in enumerate(zip(story.frames, free_captions(story), strict=True)):
        facts, kind = facts_of(frame.scene, dict(story.looks)), rng.random()
        pronouns |= {person.name: person.pronoun for person in facts.people}
        people = tuple(Shown(one.name, one.action, one.prop) for one in facts.people)
        if kind < FREE_SHARE:
            caption, said = free.text, {one.name: one for one in free.shows.people}
            people = _given(tuple(_settled(one, said[one.name]) for one in people))
        else:
            caption = frame.referential if kind < FREE_SHARE + REFERENTIAL_SHARE else frame.plain
        order = _order(caption, facts.names, order)
        if number >= first:
            people = tuple(sorted(people, key=lambda one: order.index(one.name)))
            told.append(ToldFrame(caption, replace(free.shows, people=people)))
    looks = {name: look for name, look in story.looks.items() if name in pronouns}
    return Telling(tuple(told), pronouns, looks)


def _settled(person: Shown, said: Shown) -> Shown:
    """The person with everything decided. What the caption leaves open becomes what is most usual.

    The alternative would be an average of all possibilities, and nobody can draw an average.
    """
    if said.action is None:
        return Shown(person.name, "standing")
    if said.prop is None and person.prop is not None and person.action != "taking":
        usual = PRESENTS if person.action == "giving" else ACTIONS[person.does].props
        return Shown(person.name, person.action, usual[0])
    return person


def _given(people: tuple[Shown, ...]) -> tuple[Shown, ...]:
    """The people, where a person who takes something takes the thing that the other person gives."""
    given = next((one.prop for one in people if one.action == "giving"), None)
    return tuple(replace(one, prop=given or one.prop) if one.action == "taking" else one for one in people)


def _order(caption: str, names: Sequence[str], before: Sequence[str]) -> tuple[str, ...]:
    """The names in the order of the caption.

    Names that it does not mention follow, in the order of the frame before.
    """
    said = mentioned_names(caption, {name: () for name in names})
    ranks: Mapping[str, int] = {name: rank for rank, name in enumerate((*said, *before, *names)[::-1])}
    return tuple(sorted(names, key=lambda name: -ranks[name]))
