"""What a frame shows, in the terms that sentences need: the people, what each does, where, and what else is there.

The writer of English sees only these values. So another world needs only its own way to make them. For Maple Lane,
`facts_of` makes them from a scene.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from storyboard.people import Look
from storyboard.people.words import phrases

from ..cast import BY_NAME
from ..places import PLACES
from ..scene import Scene
from ..things import THINGS_BESIDE
from .tables import fitting, table

_LONGEST_LOOK = 7  # most words in the description of a person
# The mood that a pose itself shows. It counts more than the expression that was chosen.
_MOOD_OF = {"crying": "sad"} | dict.fromkeys(
    ("laughing", "cheering", "clapping", "jumping", "hugging"), "happy"
)


@dataclass(frozen=True)
class PersonFacts:
    """A person in a frame.

    pronoun: "he", "she", "it" or "they"
    looks: descriptions that can replace the name, without "the", for example "old woman"
    kin: relatives, for example {"Nana": "grandson"} for Nana's grandson
    age: "child", "adult", "old" or "robot"
    action: an action of the word table
    prop: the thing of the action, if it has several; a person who takes something has the thing that the other person
        gives
    mood: "happy", "sad", "surprised", "cross" or None
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
    """A frame. ValueError if the word tables do not have its place or one of its actions.

    people: from left to right; empty if nobody is there
    absent: the people of the story who are not there
    place: a place of the word table
    time, weather: "night", "rain" ...; None for an ordinary day
    things: what stands beside people, with its article, for example "a dog"
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

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """The groups of people who do the same with the same thing, from left to right."""
        found: dict[tuple, list[str]] = {}
        for person in self.people:
            found.setdefault((person.action, person.prop), []).append(person.name)
        return tuple(map(tuple, found.values()))

    def person(self, name: str) -> PersonFacts:
        """Returns the facts of a person of the story, present or absent."""
        return next(person for person in (*self.people, *self.absent) if person.name == name)


def facts_of(
    scene: Scene,
    looks: Mapping[str, Look | None] | None = None,
    kin: Mapping[tuple[str, str], str] | None = None,
) -> FrameFacts:
    """Returns the facts of a Maple Lane scene.

    looks: the look of each person of the whole story by name; None for a person of the cast
    kin: maps (whose, who) to a word like "grandson", in addition to the cast's relatives in the word table
    """
    relations = _cast_kin() | dict(kin or {})
    given = {actor.partner: actor.prop for actor in scene.actors if actor.action == "giving"}
    people = tuple(
        _person(a.name, a.look, relations, a.action, given.get(a.name, a.prop), a.expression)
        for a in scene.actors
    )
    here = {actor.name for actor in scene.actors}
    absent = tuple(
        _person(name, look, relations, "standing") for name, look in (looks or {}).items() if name not in here
    )
    # Time and weather can be seen only under the sky.
    sky = (scene.time, scene.weather) if PLACES[scene.place].outdoors else ("day", "clear")
    time, weather = (None if word in ("day", "clear") else word for word in sky)
    things = tuple(THINGS_BESIDE[thing.kind].words for thing in scene.things)
    return FrameFacts(scene.place, people, absent, time, weather, things)


def _person(
    name: str,
    look: Look | None,
    kin: Mapping[tuple[str, str], str],
    action: str,
    prop: str | None = None,
    mood: str | None = None,
) -> PersonFacts:
    whose = {other: noun for (other, who), noun in kin.items() if who == name}
    mood = _MOOD_OF.get(action, mood)
    if look is None:
        looks = fitting("people", f"looks {name}", ())
        age = next(iter(fitting("people", f"age {name}", ())), "adult")
        return PersonFacts(name, BY_NAME[name].pronoun, action, looks, whose, age, prop, mood)
    found = (phrase.removeprefix("the ") for phrase in phrases(look))
    looks = tuple(words for words in found if len(words.split()) <= _LONGEST_LOOK)
    age = "robot" if look.kind == "robot" else look.age
    return PersonFacts(name, look.pronoun, action, looks, whose, age, prop, mood)


def _cast_kin() -> dict[tuple[str, str], str]:
    """The relatives of the cast, (whose, who) -> noun, from lines like "Nana's grandson: Pip"."""
    rows = (entry.text for entry in table("people").get("kin", ()))
    split = (row.replace("'s ", ":", 1).split(":") for row in rows)
    return {(whose.strip(), who.strip()): noun.strip() for whose, noun, who in split}
