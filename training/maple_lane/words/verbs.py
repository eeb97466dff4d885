"""How people's actions are said: a verb phrase of the table for each action, its aspect and its adverb.

Besides its own phrases, an action has `near` phrases: actions that the world cannot draw and shows with the same pose.
"""

from __future__ import annotations

from dataclasses import dataclass

from .inflection import finite, other_form
from .sentence import Sentence, Subject
from .tables import fitting, pick, table
from .templates import verb_phrase


@dataclass(frozen=True)
class Deed:
    """A verb phrase. plain: it may have an adverb and the progressive form ("is reading").

    obj: the people it is done to.
    """

    template: str
    plain: bool
    obj: tuple[str, ...] = ()


def choose_deed(
    s: Sentence,
    names: tuple[str, ...],
    obj: tuple[str, ...] = (),
    among: str = "",
    plain: bool = False,
    begins: bool = False,
) -> Deed:
    """Returns a way to say what `names` do, who all do the same.

    With `obj`, it is something done at or for these people.

    among: a section of the table to choose from instead
    plain: whether the phrase must be plain
    begins: whether the action follows something else; then people fall asleep instead of sleep, and pick up a basket
        instead of hold it
    """
    action = s.facts.person(names[0]).action
    kind = ""
    if begins and f"{action} begin" in table("verbs"):
        s.near -= set(names)
        kind = " begin"
    elif s.near.issuperset(names):
        kind = " near"
    tags = s.tags(names)
    section = among or f"{action}{' towards' if obj else kind}"
    for _ in range(20):
        fresh = s.fresh("verbs", section, tags) or s.fresh("verbs", action, tags)
        template = fresh or pick("verbs", f"{action} canonical", set(), s.rng) or action
        whole = template.endswith("!") or "*" in template or template.startswith("be ")
        if not (plain and whole):
            break
    return Deed(template.rstrip("! "), not whole, obj if "{obj" in template else ())


def has_towards(s: Sentence, names: tuple[str, ...]) -> bool:
    """Returns whether the action of these people can be done at or for somebody."""
    return bool(fitting("verbs", f"{s.facts.person(names[0]).action} towards", s.tags(names)))


def say_deed(s: Sentence, subject: Subject, deed: Deed, aspect: str = "", adverb: bool = True) -> None:
    """Adds the verb phrase after its subject. aspect: "simple" or "progressive"; if it is empty, chance decides."""
    aspect = aspect or ("progressive" if s.chance(0.35) else "simple")
    s.state_said = deed.template.startswith("be ")
    outer = pick("verbs", "wrap", s.tags(subject.names), s.rng)
    if outer and adverb and deed.plain and aspect == "simple" and not deed.obj and s.spend(0.08):
        _wrapped(s, subject, deed, outer)
        return
    free = deed.plain and adverb and not any(word.endswith("ly") for word in deed.template.split())
    free = free and "~standing" not in s.tags(subject.names)  # avoids "serenely coughed"
    manner = pick("manner", "adverb", s.tags(subject.names), s.rng) if free and s.spend(0.12) else None
    s.manner_said = s.manner_said or manner is not None
    before = manner is not None and (len(deed.template.split()) > 2 or s.chance(0.6))
    if aspect == "progressive" and deed.plain:
        s.put(finite("be", s.discourse.past, subject.many))
        form = "ing"
    else:
        form = "finite"
    if manner and before:
        s.put(manner)
    verb_phrase(s, deed.template, subject, form, deed.obj)
    if manner and not before:
        s.put(manner)


def say_ing(s: Sentence, subject: Subject, deed: Deed) -> None:
    """Adds the participle, for example "reading a book"."""
    verb_phrase(s, deed.template, subject, "ing", deed.obj)


def say_base(s: Sentence, subject: Subject, deed: Deed) -> None:
    """Adds the bare form, as in "watches him *read a book*"."""
    verb_phrase(s, deed.template, subject, "base", deed.obj)


def say_perfect(s: Sentence, subject: Subject, deed: Deed) -> None:
    """Adds the perfect, for example "has been reading a book"."""
    s.put(finite("have", s.discourse.past, subject.many))
    s.put("been")
    verb_phrase(s, deed.template, subject, "ing", deed.obj)


def _wrapped(s: Sentence, subject: Subject, deed: Deed, outer: str) -> None:
    """Adds a phrase like "keeps reading" or "begins to read", with a verb of the table [wrap]: "keep | ing"."""
    outer, form = (part.strip() for part in outer.split("|"))
    verb, _, rest = outer.partition(" ")
    s.put(f"{finite(verb, s.discourse.past, subject.many)} {rest}".strip())
    verb_phrase(s, deed.template, subject, form, deed.obj)


def done_to(s: Sentence, names: tuple[str, ...]) -> tuple[str, str, bool] | None:
    """Returns a passive of the table as (thing, participle phrase, whether the thing is plural). None if there is none.

    A line of the table looks like "the flowers | water | many".
    """
    row = pick("verbs", f"{s.facts.person(names[0]).action} passive", s.tags(names), s.rng)
    if row is None:
        return None
    thing, verb, *number = (part.strip() for part in row.split("|"))
    head, _, rest = verb.partition(" ")
    return thing, f"{other_form(head, 'done')} {rest}".strip(), bool(number)
