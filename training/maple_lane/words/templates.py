"""Fills in the templates of the word tables and inflects their verbs.

{his} {him} {he} {himself}   the subject, in the form that its number and pronoun need
{obj} {obj's}                somebody else
{away} {away's}              somebody who is absent
{prop} {food}                a thing from the table of nouns
{prop(s)} hand(s)            the plural if the subject is several people
{path}                       across the place, if the place is still to be said
*verb                        a verb in the form of the verb phrase
~verb +verb ^verb            finite: for one thing, for several things, for the subject
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from .discourse import pronoun_form
from .inflection import finite, other_form, plural
from .people import absent_person, mention
from .sentence import Sentence, Subject, sure
from .tables import one_of, pick

_PIECES = re.compile(r"\{[^}]+\}|[*+^~][\w-]+|[^{*+^~]+")


@dataclass(frozen=True)
class _Filling:
    """What a template is filled with. inflected: gives the form of a verb that is marked with `*`."""

    subject: Subject | None
    obj: tuple[str, ...]
    inflected: Callable[[str], str]

    @property
    def doer(self) -> Subject:
        """The subject that the template speaks of."""
        return sure(self.subject)

    @property
    def several(self) -> bool:
        return self.subject is not None and self.subject.several


def clause(s: Sentence, template: str, subject: Subject | None = None) -> None:
    """Adds a clause or phrase of a table. Its finite verbs get the tense of the story."""
    _expand(s, template, _Filling(subject, (), lambda verb: finite(verb, s.discourse.past, many=False)))


def verb_phrase(s: Sentence, template: str, subject: Subject, form: str, obj: tuple[str, ...] = ()) -> None:
    """Adds a verb phrase. Its first word and each `*word` are verbs in the form `form` (finite, base, ing, done)."""

    def inflected(verb: str) -> str:
        return finite(verb, s.discourse.past, subject.many) if form == "finite" else other_form(verb, form)

    _expand(s, "*" + template.lstrip("*"), _Filling(subject, obj, inflected))


def pronoun(s: Sentence, subject: Subject, case: str) -> None:
    """Adds the pronoun of a verb's subject. It is certain, because the verb shows whom it means."""
    s.put(pronoun_form(subject.pronoun, case), subject.names)


def _expand(s: Sentence, template: str, filling: _Filling) -> None:
    for word in template.split():
        glued = False
        for piece in _PIECES.findall(word):
            before = len(s.tokens)
            filling = _add(s, piece, filling, glued)
            glued = glued or len(s.tokens) > before


def _add(s: Sentence, piece: str, filling: _Filling, glued: bool) -> _Filling:
    """Adds a piece of a word. Returns the filling for the rest: after {he}, verbs agree with the pronoun."""
    past, verb = s.discourse.past, piece[1:]
    if piece[0] == "{":
        return _fill(s, piece[1:-1], filling)
    if piece[0] == "*":
        words = filling.inflected(verb)
    elif piece[0] in "~+":
        words = finite(verb, past, many=piece[0] == "+")
    elif piece[0] == "^":
        words = finite(verb, past, filling.doer.many)
    else:
        words = re.sub(r"\((e?s)\)", r"\1" if filling.several else "", piece)
    s.put(words, glued=glued)
    return filling


def _fill(s: Sentence, slot: str, filling: _Filling) -> _Filling:
    if slot in ("his", "himself"):
        pronoun(s, filling.doer, "possessive" if slot == "his" else "reflexive")
    elif slot == "he":
        # Only a pronoun is possible: "he stayed where the man was" would read as two people.
        s.described |= set(filling.doer.names)
        return replace(filling, subject=mention(s, filling.doer.names, again=True))
    elif slot == "him":
        mention(s, filling.doer.names, "object", again=True)
    elif slot in ("obj", "obj's"):
        mention(s, filling.obj, "object" if slot == "obj" else "possessive", doers=filling.doer.names)
    elif slot in ("away", "away's"):
        mention(s, (sure(absent_person(s)),), "object" if slot == "away" else "possessive", plain=True)
    elif slot == "path":
        _path(s)
    else:
        _noun(s, slot, filling)
    return filling


def _noun(s: Sentence, slot: str, filling: _Filling) -> None:
    section, names = slot.removesuffix("(s)"), filling.subject.names if filling.subject else ()
    if section == "prop":
        section = f"prop {s.facts.person(names[0]).prop}"
        s.things_said |= set(names)
    phrase = one_of("nouns", section, s.tags(names), s.rng)
    clause(s, plural(phrase) if slot.endswith("(s)") and filling.several else phrase, filling.subject)


def _path(s: Sentence) -> None:
    where = pick("places", f"through {s.facts.place}", s.tags(), s.rng)
    if s.place_pending and where:
        s.place_pending, s.place_said = False, True
        s.put(where)
    else:
        s.put("along")
