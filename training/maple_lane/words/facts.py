"""What a frame shows, in the terms sentences need: people, what each does, where, and what else there is.

The writer of English sees nothing but these values, so another world needs only its own way to make them. Today's
way is `facts_of`, from a scene of Maple Lane.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from ..actions import ACTIONS
from ..cast import BY_NAME
from ..scene import Scene
from .tables import fitting, table


@cache
def undrawn() -> frozenset[str]:
    """Returns tags "no-sitting" for the actions of the word table that the world does not draw.

    Phrases for them stand, with such a condition, under the action whose pose is nearest.
    """
    actions = {
        section.removesuffix(" canonical") for section in table("verbs") if section.endswith(" canonical")
    }
    return frozenset(f"no-{action}" for action in actions - set(ACTIONS))


@dataclass(frozen=True)
class PersonFacts:
    """Somebody in a frame.

    pronoun: "he", "she", "it" or "they". looks: what they can be called instead of their name, without "the":
    "old woman". kin: whose relative they are: {"Nana": "grandson"}. age: "child", "adult", "old" or "robot".
    action: one of the word table's. prop: the thing of the action, where it has several. mood: "happy", "sad",
    "surprised", "cross" or None.
    """

    name: str
    pronoun: str
    action: str
    looks: tuple[str, ...] = ()
    kin: Mapping[str, str] = field(default_factory=dict)
    age: str = "adult"
    prop: str | None = None
    mood: str | None = None


@dataclass(frozen=True)
class FrameFacts:
    """A frame; ValueError where the word tables do not know its place or an action.

    people: from left to right, none where nobody is there. absent: those of the story who are not there.

    place: a place of the word table. time, weather: "night", "rain" ...; None is an ordinary day.
    things: what stands beside people, with its article: "a dog".
    """

    place: str
    people: tuple[PersonFacts, ...] = ()
    absent: tuple[PersonFacts, ...] = ()
    time: str | None = None
    weather: str | None = None
    things: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if f"kind {self.place}" not in table("places"):
            raise ValueError(
                f"the word table has no place {self.place!r}; add its sections to data/places.txt"
            )
        for person in self.people:
            if f"{person.action} canonical" not in table("verbs"):
                raise ValueError(
                    f"the word table has no action {person.action!r}; add its sections to data/verbs.txt"
                )

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(person.name for person in self.people)

    def person(self, name: str) -> PersonFacts:
        """Returns the facts of somebody of the story, there or not."""
        return next(person for person in (*self.people, *self.absent) if person.name == name)


def facts_of(
    scene: Scene, story_cast: tuple[str, ...] = (), kin: Mapping[tuple[str, str], str] | None = None
):
    """Returns the FrameFacts of a Maple Lane scene; `story_cast` are the names of its whole story.

    kin: (whose, who) -> "grandson", beside what the word table says of the cast.
    """
    relations = _cast_kin() | dict(kin or {})
    people = tuple(_person(a.name, relations, a.action, a.prop, a.expression) for a in scene.actors)
    here = {actor.name for actor in scene.actors}
    absent = tuple(_person(name, relations, "standing") for name in story_cast if name not in here)
    return FrameFacts(scene.place, people, absent)


def _person(name: str, kin, action: str, prop: str | None = None, mood: str | None = None) -> PersonFacts:
    whose = {other: noun for (other, who), noun in kin.items() if who == name}
    looks = tuple(fitting("people", f"looks {name}", ()))
    age = next(iter(fitting("people", f"age {name}", ())), "adult")
    return PersonFacts(name, BY_NAME[name].pronoun, action, looks, whose, age, prop, mood)


def _cast_kin() -> dict[tuple[str, str], str]:
    """Returns (whose, who) -> noun, from lines like "Nana's grandson: Pip"."""
    rows = (entry.text for entry in table("people").get("kin", ()))
    split = (row.replace("'s ", ":", 1).split(":") for row in rows)
    return {(whose.strip(), who.strip()): noun.strip() for whose, noun, who in split}
