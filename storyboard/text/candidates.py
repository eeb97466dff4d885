"""Whom a pronoun can stand for, from words alone: the cast's pronouns, who is named where, who does what.

Knows neither torch, gradio nor stories. How likely each is by the words is `preferences.py`'s; which of several it is
in a picture, the model says (`explain.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Protocol

from storyboard.text.captions import PRONOUN_FORMS, Mention, Pronoun, ReadSentence, read_sentence
from storyboard.text.clauses import FOLLOWING, Analysis, Expression, analyse, is_about_oneself
from storyboard.text.impersonal import is_impersonal, is_left_thing, is_thing
from storyboard.text.speech import unspoken
from storyboard.text.things import is_things
from storyboard.text.word_classes import DETERMINERS, QUANTIFIED, WORD

MAX_GROUP = 4  # people that "they" may stand for
GROUPED = 7  # people, those named latest, of whom groups are made

Names = tuple[str, ...]
Meant = Mapping[int, Names]  # where a pronoun of the sentence stands -> whom it is taken for


class Person(Protocol):
    """One of the cast, in a story or in a request."""

    @property
    def name(self) -> str: ...

    @property
    def pronoun(self) -> str: ...

    @property
    def aliases(self) -> tuple[str, ...]: ...


def read_for(
    cast: Sequence[Person], sentence: str, told: Iterable[str]
) -> tuple[ReadSentence, list[ReadSentence]]:
    """Returns a sentence and those told before it, read for the names of `cast`."""
    names = {member.name: member.aliases for member in cast}
    return read_sentence(sentence, names), [read_sentence(one, names) for one in told]


def candidates(
    sentence: ReadSentence,
    pronoun: Pronoun,
    cast: Sequence[Person],
    earlier: Sequence[ReadSentence],
    meant: Meant | None = None,
) -> list[Names]:
    """Returns whom a pronoun of `sentence` can stand for, those named latest first; empty where there is nobody.

    sentence, earlier: read for the names of `cast`, the latter oldest first. meant: what other pronouns of the sentence
    are taken for. People of fitting pronoun whom one of `earlier` names, or this sentence before the pronoun; behind it
    only where it opens a clause of theirs ("Before she leaves, Nana reads") or owns ("In her garden, Rosa reads"). Who
    does something to it is somebody else ("Rosa meets her", "They wake him"). For "they" also groups of them, and where
    there is none, anybody. An "it" that is the weather, the time or a thing, a "them" that is things and a "their" of
    everyone stand for nobody.
    """
    key = next(key for key, forms in PRONOUN_FORMS.items() if pronoun.word in forms)
    meant = meant or {}
    people = _people(sentence, pronoun, earlier, meant)
    if key == "they":
        return _groups(sentence, pronoun, people, cast, earlier)
    pronouns = {member.name: member.pronoun for member in cast}
    fitting = [name for name in people if pronouns[name] == key]
    if key == "it" and _is_nobody(sentence, pronoun, fitting, earlier):
        return []
    return [(name,) for name in fitting]


def group_of(analysis: Analysis, group: int | None, meant: Meant) -> set[str]:
    """Returns the names in a group of a sentence, those that its pronouns are taken for among them."""
    found: set[str] = set()
    for one in analysis.expressions:
        if one.group == group:
            found.update(names_of(one, meant))
    return found


def names_of(expression: Expression, meant: Meant) -> Names:
    """Returns who an expression is about: the one it names, or whom the pronoun is taken for."""
    what = expression.what
    return (what.name,) if isinstance(what, Mention) else meant.get(what.start, ())


def doer_of(analysis: Analysis, expression: Expression, meant: Meant) -> set[str]:
    """Returns the names of those who do what is done to an object, or to what an owner has."""
    if expression.doer != FOLLOWING:
        return group_of(analysis, expression.doer, meant)
    behind = analysis.clauses[expression.clause + 1 : expression.clause + 2]
    return group_of(analysis, behind[0].subject, meant) if behind else set()


def _people(
    sentence: ReadSentence, pronoun: Pronoun, earlier: Sequence[ReadSentence], meant: Meant
) -> list[str]:
    """Who may be meant at all, those named latest first."""
    analysis = analyse(sentence)
    own = analysis.of(pronoun)
    named = [(one.what.name, one) for one in analysis.expressions if isinstance(one.what, Mention)]
    before = [name for name, one in named if one.start < pronoun.start]
    behind = {name for name, one in named if one.start > pronoun.start} - set(before)
    reach = [name for name, one in named if name in behind and _reaches(analysis, own, one)]
    latest = [name for read in reversed(earlier) for name in reversed(read.names)]
    others = (behind - set(reach)) | _others(sentence, analysis, own, meant)
    order = dict.fromkeys([*reversed(before), *reach, *latest, *_meant_before(analysis, own, meant)])
    return [name for name in order if name not in others]


def _meant_before(analysis: Analysis, own: Expression, meant: Meant) -> list[str]:
    return [name for one in analysis.expressions if one.start < own.start for name in names_of(one, meant)]


def _reaches(analysis: Analysis, own: Expression, named: Expression) -> bool:
    """Whether a pronoun may stand for somebody who is only named behind it."""
    if own.role == "owner":
        return True
    clause = analysis.clauses[own.clause]
    if clause.leading:
        return named.clause > own.clause
    # "Behind her, Rosa hears a noise": before the subject, and nothing is done to her.
    return own.role == "object" and own.doer is None and not clause.begun and named.clause > own.clause


def _others(sentence: ReadSentence, analysis: Analysis, own: Expression, meant: Meant) -> set[str]:
    """Those in the same clause who are somebody else than the pronoun `own`."""
    others: set[str] = set()
    if own.role == "owner":
        return others
    oneself = own.role == "object" and is_about_oneself(sentence.text, own.pronoun)
    for one in analysis.expressions:
        if one.start == own.start or one.role == "owner":
            continue
        together = one.group == own.group
        acts = not oneself and own.role == "object" and own.doer is not None and _is_doer(analysis, own, one)
        done_to = one.role == "object" and _is_doer(analysis, one, own) and _is_other(sentence, one)
        beside = (
            not oneself
            and own.role == one.role == "object"
            and (one.clause, one.doer) == (own.clause, own.doer)
        )
        if together or acts or done_to or (beside and _share_a_verb(sentence, one, own)):
            others.update(names_of(one, meant))
    return others


def _is_doer(analysis: Analysis, done_to: Expression, one: Expression) -> bool:
    if done_to.doer != FOLLOWING:
        return done_to.doer is not None and one.group == done_to.doer
    behind = analysis.clauses[done_to.clause + 1 : done_to.clause + 2]
    return bool(behind) and behind[0].subject == one.group


def _is_other(sentence: ReadSentence, one: Expression) -> bool:
    return isinstance(one.what, Mention) or not is_about_oneself(sentence.text, one.what)


def _share_a_verb(sentence: ReadSentence, one: Expression, other: Expression) -> bool:
    """Whether two objects are done the same thing to: "introduces Nana to her", not "hugs Nana and waves to her"."""
    first, last = sorted((one, other), key=lambda each: each.start)
    between = WORD.findall(sentence.text[first.end : last.start].lower())
    pairs = zip(between, between[1:], strict=False)
    # "promises Nana to call her" has a second verb, "takes Nana to the park with her" has not.
    second = any(one == "to" and two not in DETERMINERS for one, two in pairs)
    return not second and not {"and", "but", "then", "or"} & set(between)


def _groups(
    sentence: ReadSentence,
    pronoun: Pronoun,
    people: Sequence[str],
    cast: Sequence[Person],
    earlier: Sequence[ReadSentence],
) -> list[Names]:
    """Whom "they" can stand for: whose pronoun it is, groups, and where there is none, one of any pronoun."""
    before = WORD.findall(unspoken(sentence.text)[: pronoun.start].lower())
    if QUANTIFIED.intersection(before) or is_things(sentence, pronoun, earlier):
        return []
    pronouns = {member.name: member.pronoun for member in cast}
    found: list[Names] = [(name,) for name in people if pronouns[name] == "they"]
    for size in range(2, min(len(people), MAX_GROUP) + 1):
        found += combinations(people[:GROUPED], size)
    return found or [(name,) for name in people]


def _is_nobody(
    sentence: ReadSentence, pronoun: Pronoun, people: Sequence[str], earlier: Sequence[ReadSentence]
) -> bool:
    """Whether an "it" that could be one of `people` is none of the cast."""
    named = sentence.among(people).mentions
    since = max((one.end for one in named if one.end <= pronoun.start), default=0)
    if is_impersonal(sentence.text, pronoun) or is_thing(sentence.text, pronoun, since):
        return True
    return not since and bool(earlier) and is_left_thing(sentence.text, pronoun, earlier[-1].among(people))
