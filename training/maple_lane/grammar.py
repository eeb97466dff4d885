"""Writes sentences about a scene in two versions: plain, and with pronouns that a careful reader can resolve.

The plain caption names everybody present and the place. The referential caption is for frames after the first. It

- leaves the place out if it is the place of the frame before,
- says "they"/"them" for a group that is exactly the people of the frame before (two or more),
- says he/him, she/her or it for one person of the frame before. That person must be the only one with this pronoun
  among the people of the frame before and the people already named in the sentence.

`candidates` is this rule. A pronoun is written only if it has one answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from .actions import MOODS, WATCHING, Phrase, phrase_with
from .cast import BY_NAME
from .more_actions import ALL_ACTIONS
from .places import Place

_SUBJECT = {"he": "he", "she": "she", "it": "it", "they": "they"}
_OBJECT = {"he": "him", "she": "her", "it": "it", "they": "them"}
CAST_PRONOUNS = {name: who.pronoun for name, who in BY_NAME.items()}
PRONOUNS = {word: key for table in (_SUBJECT, _OBJECT) for key, word in table.items()}


@dataclass(frozen=True)
class Reference:
    """A pronoun in a caption: `caption[start:start + len(word)] == word`, and the word stands for `names`."""

    word: str
    start: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Who:
    """A place in a sentence that speaks of these people."""

    names: tuple[str, ...]
    as_object: bool = False


@dataclass(frozen=True)
class Doing:
    """People who do the same thing. If they use things, each of them has one of the same kind."""

    names: tuple[str, ...]
    action: str
    prop: str | None
    expression: str


Sentence: TypeAlias = "list[str | Who]"
# A function that makes a sentence from the place, and from whether the sentence says the place.
Unplaced: TypeAlias = "Callable[[Place, bool], Sentence]"


def candidates(
    word: str, last: Sequence[str], named: Sequence[str], pronouns: Mapping[str, str] = CAST_PRONOUNS
) -> tuple[str, ...]:
    """Returns the people that a pronoun can stand for.

    last: the people of the frame before
    named: the people already named in the sentence
    pronouns: everybody's pronoun
    """
    key = PRONOUNS[word.lower()]
    if key == "they":
        return tuple(last) if len(last) > 1 else ()
    known = dict.fromkeys([*last, *named])
    return tuple(name for name in known if pronouns[name] == key)


def write(
    sentence: Sentence,
    last: Sequence[str] | None = None,
    rng: Random | None = None,
    pronouns: Mapping[str, str] = CAST_PRONOUNS,
) -> tuple[str, tuple[Reference, ...]]:
    """Returns the sentence as text, and its references. Without `last` it is plain, else it has pronouns."""
    text = ""
    references: list[Reference] = []
    named: list[str] = []
    for part in sentence:
        if isinstance(part, str):
            text += part
            continue
        for piece, names in _spoken(part, last, named, rng, pronouns):
            word = piece[:1].upper() + piece[1:] if not text else piece
            if names is not None:
                references.append(Reference(word, len(text), names))
            text += word
        named += part.names
    return text[:1].upper() + text[1:], tuple(references)


def _spoken(
    who: Who,
    last: Sequence[str] | None,
    named: Sequence[str],
    rng: Random | None,
    pronouns: Mapping[str, str],
) -> list[tuple[str, tuple[str, ...] | None]]:
    """Pieces of text for some people. A pronoun has its antecedent beside it."""
    table = _OBJECT if who.as_object else _SUBJECT
    # One mention in eight stays a name, as in what people write.
    if last is not None and (rng is None or rng.random() < 0.88):
        if len(who.names) > 1 and set(who.names) == set(last):
            return [(table["they"], tuple(last))]
        first = who.names[0]
        word = table[pronouns[first]]
        if len(who.names) <= 2 and first in last and candidates(word, last, named, pronouns) == (first,):
            rest = "".join(f" and {name}" for name in who.names[1:])
            return [(word, (first,)), *([(rest, None)] if rest else [])]
    return [(join_names(who.names), None)]


def join_names(names: Sequence[str]) -> str:
    """Returns a single name as it is, and several names as "Rosa and Milo" or "Rosa, Milo and Nana"."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def compose(
    groups: Sequence[Doing], place: Place, opening: bool, moved: bool, arrived: Sequence[str], rng: Random
) -> tuple[Sentence, Sentence]:
    """Returns one way to say what happens, as (plain sentence, referential sentence). Both use the same words.

    The referential sentence leaves the place out unless `moved`. In that case the plain sentence has the place at the
    end, except after a verb of coming. The reason: a model learns to say the plain sentence from the referential one,
    and it could not guess another position of the place.
    """
    make = _choose(groups, arrived, moved, opening or moved, rng)
    return make(place, True), make(place, moved)


def _choose(
    groups: Sequence[Doing], arrived: Sequence[str], moved: bool, said: bool, rng: Random
) -> Unplaced:
    """One way to say what happens. `said`: whether the referential sentence has the place, too."""
    if moved and len(groups) == 1 and rng.random() < 0.6:
        return _going(groups[0], rng)
    if len(groups) == 1:
        return _together(groups[0], said, rng)
    if len(groups) == 2 and groups[1].action == "standing" and rng.random() < 0.75:
        return _looking_on(groups[0], groups[1], arrived, moved, said, rng)
    return _each(groups, said, rng)


def _form(count: int, rng: Random, said: bool, at_the_end: dict[int, int]) -> int:
    """One of `count` sentence forms.

    Unless `said`, a form with the place elsewhere becomes a form with it at the end.
    """
    form = rng.randrange(count)
    return form if said else at_the_end.get(form, form)


def _phrase(doing: Doing, rng: Random) -> Phrase:
    if doing.action == "standing" and rng.random() < 0.6:
        return rng.choice(MOODS[doing.expression])
    return phrase_with(rng.choice(ALL_ACTIONS[doing.action].phrases), doing.prop)


def _verb(names: Sequence[str], phrase: Phrase) -> str:
    return phrase.one if len(names) == 1 else phrase.many


def _be(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _together(g: Doing, said: bool, rng: Random) -> Unplaced:
    phrase, form = _phrase(g, rng), _form(5, rng, said, {1: 0, 3: 2})
    who, verb, be = Who(g.names), _verb(g.names, phrase), _be(g.names)

    def make(place: Place, say: bool) -> Sentence:
        if not say:
            return [who, f" {be} {phrase.going}."] if form == 2 else [who, f" {verb}."]
        forms: list[Sentence] = [
            [who, f" {verb} {place.at}."],
            [f"{place.at}, ", who, f" {verb}."],
            [who, f" {be} {phrase.going} {place.at}."],
            [who, f" {be} {place.at}, {phrase.going}."],
            [who, f" {verb} {place.at}."],
        ]
        return forms[form]

    return make


def _going(g: Doing, rng: Random) -> Unplaced:
    phrase, form = _phrase(g, rng), rng.randrange(5)
    who, verb, be, many = Who(g.names), _verb(g.names, phrase), _be(g.names), len(g.names) > 1
    go, walk, come = ("go", "walk", "come") if many else ("goes", "walks", "comes")

    def make(place: Place, say: bool) -> Sentence:
        forms: list[Sentence] = [
            [who, f" {go} {place.to} and {verb}."],
            [who, f" {walk} {place.to} and {verb}."],
            [who, f" {come} {place.to} and {verb}."],
            ["now ", who, f" {be} {place.at}, {phrase.going}."],
            [f"later, {place.at}, ", who, f" {verb}."],
        ]
        return forms[form]

    return make


def _looking_on(
    g: Doing, other: Doing, arrived: Sequence[str], moved: bool, said: bool, rng: Random
) -> Unplaced:
    """One group acts, and the other looks on."""
    towards = ALL_ACTIONS[g.action].towards
    if g.names[0] in arrived and len(g.names) == 1 and not set(arrived) & set(other.names) and not moved:
        return _joining(g, other, rng)
    if towards and rng.random() < 0.6:
        return _towards(g, other, phrase_with(rng.choice(towards), g.prop), said, rng)
    phrase, form = _phrase(g, rng), _form(4, rng, said, {1: 3})
    watch = rng.choice(WATCHING)
    who, seen, them = Who(g.names), Who(g.names, as_object=True), Who(other.names)
    verb, watches = _verb(g.names, phrase), _verb(other.names, watch)
    sees = "watches" if len(other.names) == 1 else "watch"

    def make(place: Place, say: bool) -> Sentence:
        at = f" {place.at}" if say else ""
        if form == 0:
            return [them, f" {sees} ", seen, f" {phrase.many}{at}."]
        if form == 1:
            return [f"{place.at}, ", who, f" {verb} while ", them, f" {watches}."]
        if form == 2:
            return [who, f" {verb}{at}, and ", them, f" {watches}."]
        return [who, f" {verb}{at} while ", them, f" {watches}."]

    return make


def _towards(g: Doing, other: Doing, phrase: Phrase, said: bool, rng: Random) -> Unplaced:
    form = _form(3, rng, said, {0: 2})
    who, them = Who(g.names), Who(other.names, as_object=True)
    verb, be = _verb(g.names, phrase), _be(g.names)

    def make(place: Place, say: bool) -> Sentence:
        at = f" {place.at}" if say else ""
        if form == 0:
            return [f"{place.at}, ", who, f" {verb} ", them, "."]
        if form == 1:
            return [who, f" {be} {phrase.going} ", them, f"{at}."]
        return [who, f" {verb} ", them, f"{at}."]

    return make


def _joining(g: Doing, other: Doing, rng: Random) -> Unplaced:
    phrase, form = _phrase(g, rng), rng.randrange(3)
    who, them = Who(g.names), Who(other.names, as_object=True)

    def make(place: Place, say: bool) -> Sentence:
        at = f" {place.at}" if say else ""
        forms: list[Sentence] = [
            [who, " joins ", them, f"{at} and {phrase.one}."],
            [who, " comes to ", them, f"{at} and {phrase.one}."],
            [who, " meets ", them, f"{at} and {phrase.one}."],
        ]
        return forms[form]

    return make


def _each(groups: Sequence[Doing], said: bool, rng: Random) -> Unplaced:
    """Each group does something of its own."""
    phrases = [_phrase(g, rng) for g in groups]
    verbs = [_verb(g.names, p) for g, p in zip(groups, phrases, strict=True)]
    form = _form(4, rng, said, {1: 0, 3: 0})
    crowd = any(len(g.names) > 1 for g in groups)  # "Rosa and Milo run and Nana waves" has one "and" too many
    link = " while " if len(groups) == 2 and (crowd or form in (1, 2)) else " and "

    def make(place: Place, say: bool) -> Sentence:
        at = f" {place.at}" if say else ""
        parts: Sentence = [f"{place.at}, "] if form == 1 else []
        for i, (g, verb) in enumerate(zip(groups, verbs, strict=True)):
            if i:
                parts.append(", " if i < len(groups) - 1 else link)
            doing = f"{_be(g.names)} {phrases[i].going}" if form == 2 else verb
            parts += [Who(g.names), f" {doing}"]
            if form == 3 and i == 0:
                parts.append(at)
        parts.append("." if form in (1, 3) else f"{at}.")
        return parts

    return make
