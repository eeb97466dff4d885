"""Stories as a writer tells them, each frame with the one canonical caption that its picture is drawn from.

What a reader that translates free wording learns: the captions in, the canonical one out. Text only; knows no models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from storyboard.text.captions import mentioned_names
from training.maple_lane import ACTIONS, MapleStory, sample_story
from training.maple_lane.words import (
    FrameFacts,
    PersonFacts,
    Shown,
    Shows,
    canonical_caption,
    facts_of,
    free_captions,
)

FRAMES = 5  # a frame and the four before it that the pipeline reads
LATE_SHARE = 0.25  # stories told from a later frame on, as a long one looks through its window
FREE_SHARE, REFERENTIAL_SHARE = 0.7, 0.2  # of captions; the rest are plain


@dataclass(frozen=True)
class ToldFrame:
    """A caption as it may be written, and what it says is seen, nothing left open, people in the order of words."""

    caption: str
    shows: Shows

    @property
    def target(self) -> str:
        """The canonical plain caption."""
        return canonical(self.shows)


@dataclass(frozen=True)
class Telling:
    """`FRAMES` frames of a story, and the pronoun of everybody in it by name."""

    frames: tuple[ToldFrame, ...]
    pronouns: dict[str, str]


def canonical(shows: Shows) -> str:
    """Returns the canonical caption of what a frame shows."""
    people = tuple(PersonFacts(one.name, "they", one.action, prop=one.prop) for one in shows.people)
    facts = FrameFacts(shows.place, people, (), shows.time, shows.weather, shows.things)
    return canonical_caption(facts)


def sample_telling(seed: int, split: str = "train") -> Telling:
    """Returns the telling of that number; equal arguments give the equal one."""
    rng = Random(f"telling/{split}/{seed}")
    late = rng.choice((1, 2)) if rng.random() < LATE_SHARE else 0
    return tell_story(sample_story(seed, late + FRAMES, split), rng, late)


def tell_story(story: MapleStory, rng: Random, first: int = 0) -> Telling:
    """Returns a story from frame `first` on, each frame in free, referential or plain words."""
    told: list[ToldFrame] = []
    order: tuple[str, ...] = ()
    pronouns: dict[str, str] = {}
    for number, (frame, free) in enumerate(zip(story.frames, free_captions(story), strict=True)):
        facts, kind = facts_of(frame.scene, dict(story.looks)), rng.random()
        pronouns |= {person.name: person.pronoun for person in facts.people}
        people = tuple(Shown(one.name, one.action, one.prop) for one in facts.people)
        if kind < FREE_SHARE:
            caption, said = free.text, {one.name: one for one in free.shows.people}
            people = tuple(_settled(one, said[one.name]) for one in people)
        else:
            caption = frame.referential if kind < FREE_SHARE + REFERENTIAL_SHARE else frame.plain
        order = _order(caption, facts.names, order)
        if number >= first:
            people = tuple(sorted(people, key=lambda one: order.index(one.name)))
            told.append(ToldFrame(caption, replace(free.shows, people=people)))
    return Telling(tuple(told), pronouns)


def _settled(person: Shown, said: Shown) -> Shown:
    """What the caption leaves open is what is most usual, as an average of all there could be is nothing to draw."""
    if said.action is None:
        return Shown(person.name, "standing")
    if said.prop is None and person.prop is not None:
        return Shown(person.name, person.action, ACTIONS[person.action].props[0])
    return person


def _order(caption: str, names: Sequence[str], before: Sequence[str]) -> tuple[str, ...]:
    """These people as the caption names them, then those it does not name as the frame before had them."""
    said = mentioned_names(caption, {name: () for name in names})
    ranks: Mapping[str, int] = {name: rank for rank, name in enumerate((*said, *before, *names)[::-1])}
    return tuple(sorted(names, key=lambda name: -ranks[name]))
