"""Lists whom a pronoun can stand for, by the words alone: the cast's pronouns, who is named where, and who does what.

Knows neither torch, gradio nor stories. `preferences.py` says how likely each candidate is by the words. The model says
which of several candidates it drew (`explain.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Protocol

from storyboard.text.captions import PRONOUN_FORMS, Mention, Pronoun, ReadSentence, read_sentence
from storyboard.text.clauses import FOLLOWING, Analysis, Expression, analyse, is_about_oneself
from storyboard.text.expletives import is_expletive
from storyboard.text.impersonal import is_impersonal, is_left_thing, is_said_of_things, is_thing
from storyboard.text.speech import is_spoken, unspoken
from storyboard.text.things import are_left, is_things
from storyboard.text.word_classes import DETERMINERS, QUANTIFIED, WORD

MAX_GROUP = 4  # how many people "they" may stand for
NEAR = 2  # an "it" means somebody whom so many sentences before it name, not whom an older one did
GROUPED = 7  # groups are made of the people who were named latest, at most this many

Names = tuple[str, ...]
Meant = Mapping[int, Names]  # the place of a pronoun in the sentence -> the people it is taken for


class Person(Protocol):
    """A person of the cast, in a story or in a request."""

    @property
    def name(self) -> str: ...

    @property
    def pronoun(self) -> str: ...

    @property
    def aliases(self) -> tuple[str, ...]: ...


def read_for(
    cast: Sequence[Person], sentence: str, told: Iterable[str]
) -> tuple[ReadSentence, list[ReadSentence]]:
    """Returns a sentence and the sentences before it, read for the names of `cast`."""
    names = {member.name: member.aliases for member in cast}
    return read_sentence(sentence, names), [read_sentence(one, names) for one in told]


def candidates(
    sentence: ReadSentence,
    pronoun: Pronoun,
    cast: Sequence[Person],
    earlier: Sequence[ReadSentence],
    meant: Meant | None = None,
) -> list[Names]:
    """Returns whom a pronoun of `sentence` can stand for, those named latest first; empty if it can stand for nobody.

    sentence, earlier: read for the names of `cast`; `earlier` begins with the oldest sentence. meant: the people for
    whom other pronouns of the sentence are taken.

    Candidates are people of the fitting pronoun whom an earlier sentence names, or whom this sentence names before the
    pronoun. Somebody who is named only behind the pronoun is a candidate in two cases: the pronoun is in a clause that
    stands before theirs ("Before she leaves, Nana reads"), or it owns something ("In her garden, Rosa reads"). Whoever
    does something to the person of the pronoun is somebody else ("Rosa meets her", "They wake him").

    "They" can also stand for groups. If there is neither a group nor a person whose pronoun is "they", it can stand for
    anybody. Some pronouns stand for nobody of the cast: an "it" that is the weather, the time or a thing, a "them" that
    is things, and a "their" that belongs to "everyone".
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
    """Returns the names in a group of a sentence. The people for whom its pronouns are taken are among them."""
    found: set[str] = set()
    for one in analysis.expressions:
        if one.group == group:
            found.update(names_of(one, meant))
    return found


def names_of(expression: Expression, meant: Meant) -> Names:
    """Returns the people whom an expression is about: the person it names, or those for whom the pronoun is taken."""
    what = expression.what
    return (what.name,) if isinstance(what, Mention) else meant.get(what.start, ())


def doer_of(analysis: Analysis, expression: Expression, meant: Meant) -> set[str]:
    """Returns the names of those who do something to this object, or to the thing that this owner has."""
    if expression.doer != FOLLOWING:
        return group_of(analysis, expression.doer, meant)
    behind = analysis.clauses[expression.clause + 1 : expression.clause + 2]
    return group_of(analysis, behind[0].subject, meant) if behind else set()


def _people(
    sentence: ReadSentence, pronoun: Pronoun, earlier: Sequence[ReadSentence], meant: Meant
) -> list[str]:
    """Returns everybody who can be meant, those named latest first."""
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
    """Returns whether a pronoun may stand for a person who is named only behind it."""
    if own.role == "owner":
        return True
    clause = analysis.clauses[own.clause]
    if clause.leading:
        return named.clause > own.clause
    # "Behind her, Rosa hears a noise": the pronoun is before the subject, and nobody does anything to it.
    return own.role == "object" and own.doer is None and not clause.begun and named.clause > own.clause


def _others(sentence: ReadSentence, analysis: Analysis, own: Expression, meant: Meant) -> set[str]:
    """Returns the people in the same clause who must be somebody else than the pronoun `own`."""
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
    """Returns whether one verb has both objects: "introduces Nana to her", not "hugs Nana and waves to her"."""
    first, last = sorted((one, other), key=lambda each: each.start)
    between = WORD.findall(sentence.text[first.end : last.start].lower())
    pairs = zip(between, between[1:], strict=False)
    # "promises Nana to call her" has a second verb; "takes Nana to the park with her" does not.
    second = any(one == "to" and two not in DETERMINERS for one, two in pairs)
    return not second and not {"and", "but", "then", "or"} & set(between)


def _groups(
    sentence: ReadSentence,
    pronoun: Pronoun,
    people: Sequence[str],
    cast: Sequence[Person],
    earlier: Sequence[ReadSentence],
) -> list[Names]:
    """Returns whom "they" can stand for: each person whose pronoun it is, and groups.

    If there are neither, it can stand for any single person, unless the last sentence introduced several things.
    """
    before = WORD.findall(unspoken(sentence.text)[: pronoun.start].lower())
    if QUANTIFIED.intersection(before) or is_things(sentence, pronoun, earlier):
        return []
    pronouns = {member.name: member.pronoun for member in cast}
    found: list[Names] = [(name,) for name in people if pronouns[name] == "they"]
    for size in range(2, min(len(people), MAX_GROUP) + 1):
        found += combinations(people[:GROUPED], size)
    return found or ([] if are_left(earlier) else [(name,) for name in people])


def _is_nobody(
    sentence: ReadSentence, pronoun: Pronoun, people: Sequence[str], earlier: Sequence[ReadSentence]
) -> bool:
    """Returns whether an "it" means nobody of the cast, although it could be one of `people`."""
    if is_spoken(sentence.text, pronoun.start):
        return True  # "It's only water," says Rosa: of a robot that is there people speak by its name, or as "you"
    named = sentence.among(people).mentions
    since = max((one.end for one in named if one.end <= pronoun.start), default=0)
    if not named and not any(name in read.names for read in earlier[-NEAR:] for name in people):
        return True
    if is_expletive(sentence.text, pronoun) or is_impersonal(sentence.text, pronoun):
        return True
    if is_thing(sentence.text, pronoun, since):
        return True
    if not since and is_said_of_things(sentence.text, pronoun, [read.text for read in earlier[-NEAR:]]):
        return True
    return not since and bool(earlier) and is_left_thing(sentence.text, pronoun, earlier[-1].among(people))
