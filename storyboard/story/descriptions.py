"""Descriptions such as "the old woman" that fit one member of the cast and nobody else.

A description follows from how somebody looks, if their portrait was drawn from a look, and from their aliases. Somebody
with the alias "the old woman" is an old woman, so "the old lady" means them as well. If neither is known, only the
pronoun says something. A description that fits several is left open, and the page asks the writer. Knows no sentences:
`storyboard.text` finds names in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from storyboard.people import Look, telling_words
from storyboard.people.facets import facets
from storyboard.people.wardrobe import KINDS, NONE
from storyboard.people.words import a
from storyboard.text.candidates import Person
from storyboard.text.captions import BARE_KIN

# A noun -> the pronoun, ages and kind of the people it can mean. "" and () allow any pronoun and any age.
_NOUNS: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "woman": ("she", ("adult", "old"), "human"),
    "lady": ("she", ("adult", "old"), "human"),
    "girl": ("she", ("child",), "human"),
    "man": ("he", ("adult", "old"), "human"),
    "gentleman": ("he", ("adult", "old"), "human"),
    "boy": ("he", ("child",), "human"),
    "child": ("", ("child",), "human"),
    "kid": ("", ("child",), "human"),
    "grandmother": ("she", ("old",), "human"),
    "grandma": ("she", ("old",), "human"),
    "granny": ("she", ("old",), "human"),
    "grandfather": ("he", ("old",), "human"),
    "grandpa": ("he", ("old",), "human"),
    **{kind: ("", (), kind) for kind in KINDS if kind != "human"},
}
# Words that describe an age rather than a look.
_AGES = {"old": "old", "elderly": "old"}
_SIZES = {
    "short": ("short", "small"),
    "tall": ("tall",),
    "slim": ("slim", "thin"),
    "round": ("round",),
    "big": ("big",),
}
_SAID = re.compile(
    r"(?:the|our|that|this)\s+((?:[\w-]+\s+)*?)([\w-]+)(?:\s+(?:with|in|who|from)\b.*)?", re.IGNORECASE
)


class Somebody(Person, Protocol):
    """A member of the cast with the portrait that they wear, which has a look or None."""

    @property
    def portrait(self) -> Any: ...


@dataclass(frozen=True)
class Described:
    """The descriptions of a whole cast.

    own: the name of each member -> the descriptions that fit only this member. open: a description -> the names of all
    members that it may mean.
    """

    own: Mapping[str, tuple[str, ...]]
    open: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class _Traits:
    """What is known of somebody. Fields are empty where nothing is known."""

    name: str
    pronoun: str
    kind: str = ""
    age: str = ""
    words: frozenset[str] = frozenset()

    def may_be(self, noun: str) -> bool:
        pronoun, ages, kind = _NOUNS[noun]
        if self.kind and self.kind != kind:
            return False
        if not self.kind and (kind != "human" or self.pronoun == "it"):
            return False  # somebody of unknown kind may be a human, but is not taken for an animal or a robot
        fits = not pronoun or self.pronoun in (pronoun, "they")
        return fits and (not ages or not self.age or self.age in ages)

    def is_surely(self, noun: str) -> bool:
        """Returns whether a noun certainly fits: it may fit, and the kind and the age that it depends on are known."""
        return self.may_be(noun) and bool(self.kind) and (not _NOUNS[noun][1] or bool(self.age))


def look_in_words(character: Somebody, portrait: Any) -> tuple[str, ...]:
    """Returns phrases that say who somebody is and what can be seen in their portrait, the most telling first.

    The phrases are the writer's own words for the portrait. If there are none, they follow from the look that it was
    drawn from. If there is no look, they are an alias that describes the character, such as "the old woman in the red
    coat". The result is () if there is none of these.
    """
    if portrait.words:
        return (portrait.words,)
    if portrait.look is not None:
        return telling_words(portrait.look)
    said = [match for alias in character.aliases if (match := _SAID.fullmatch(alias))]
    told = max((one.group() for one in said), key=len, default="")
    return (a(told.split(maxsplit=1)[1]),) if told else ()


def describe(cast: Sequence[Somebody]) -> Described:
    """Returns the descriptions that fit exactly one member of the cast, and those that fit several."""
    return _describe(tuple(cast))


@lru_cache(maxsize=256)
def _describe(cast: tuple[Somebody, ...]) -> Described:
    known = [_traits(character) for character in cast]
    taken = {alias.casefold() for one in cast for alias in (one.name, *one.aliases)}
    own: dict[str, list[str]] = {one.name: [] for one in cast}
    left: dict[str, tuple[str, ...]] = {}
    words = sorted({word for one in known for word in one.words})
    for noun in _NOUNS:
        for word in ("", *words, *_AGES):
            phrases = [one for one in _phrases(word, noun) if one.casefold() not in taken]
            surely = [one.name for one in known if _fits(one, word, noun, sure=True)]
            perhaps = [one.name for one in known if _fits(one, word, noun, sure=False)]
            if len(surely) == len(perhaps) == 1:
                own[surely[0]] += phrases
            elif perhaps:
                left |= dict.fromkeys(phrases, tuple(perhaps))
    return Described({name: tuple(dict.fromkeys(phrases)) for name, phrases in own.items()}, left)


def _phrases(word: str, noun: str) -> Iterable[str]:
    yield " ".join(filter(None, ("the", word, noun)))
    if not word and noun in BARE_KIN:
        yield noun.capitalize()


def _fits(one: _Traits, word: str, noun: str, sure: bool) -> bool:
    """Returns whether somebody is a `noun` that `word` describes. If not `sure`, returns whether they may be."""
    if not (one.is_surely(noun) if sure else one.may_be(noun)):
        return False
    if word in _AGES:
        if len(_NOUNS[noun][1]) < 2:
            return False  # age does not tell robots apart, and every grandmother is old
        return one.age == _AGES[word] or (not sure and not one.age)
    return not word or word in one.words


def _traits(character: Somebody) -> _Traits:
    look = character.portrait.look
    said = [match for alias in character.aliases if (match := _SAID.fullmatch(alias))]
    kinds = [match.group(2).lower() for match in said if match.group(2).lower() in _NOUNS]
    words = {
        word for match in said if match.group(2).lower() in _NOUNS for word in match.group(1).lower().split()
    }
    if look is not None:
        return _Traits(character.name, character.pronoun, look.kind, look.age, frozenset(words | _seen(look)))
    if "little" in words:
        words.add("small")
    ages = [_AGES[word] for word in words if word in _AGES]
    for noun in kinds:
        if len(_NOUNS[noun][1]) == 1:
            ages.append(_NOUNS[noun][1][0])
    kind = _NOUNS[kinds[0]][2] if kinds else ""
    # Somebody who is called "the tall woman", without "old", is an adult.
    age = ages[0] if ages else "adult" if kind == "human" else ""
    return _Traits(character.name, character.pronoun, kind, age, frozenset(words - set(_AGES)))


def _seen(look: Look) -> set[str]:
    """Returns words for what can be seen of somebody: "tall", "bearded", "red-haired", or "green" for fur and metal."""
    labels = facets(look)
    words = {*_SIZES.get(look.height, ()), *_SIZES.get(look.girth, ())}
    if look.age == "child":
        words |= {"little", "small", "young"}
    if look.kind != "human":
        return words | {str(labels["skin"])}
    if look.hair == "bald":
        words.add("bald")
    elif (colour := str(labels["hair_colour"])) != "hidden":
        words.add(f"{colour}-haired")
    if look.beard not in (NONE, "stubble"):
        words.add("bearded")
    return words
