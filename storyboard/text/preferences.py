"""Says how likely each reading of a sentence's pronouns is by the words alone, and which pronouns the words decide.

It weighs what `candidates.py` allows by what is known of how people read. The latest frame counts more than older ones,
and a subject more than an object. Things belong to the person of the clause. The verb before a "because" says whose
doing it explains. The same pronoun means the same person.

The pronouns of a sentence are read together, from left to right. The weights are our own judgement, tested on the
sentences of `training/evaluate/pronoun_sentences.py`. No reading is surer than SUREST, even if it is the only one,
because the story may speak of somebody whom it does not name. Knows neither torch, gradio nor stories.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from storyboard.text.candidates import Meant, Names, Person, candidates, doer_of, group_of, names_of
from storyboard.text.captions import PRONOUN_FORMS, Binding, Mention, Pronoun, ReadSentence, counted_from
from storyboard.text.clauses import Analysis, Expression, analyse
from storyboard.text.word_classes import WORD, causes, is_finite

SUREST = 0.9  # how sure a reading by words can be at most
DECIDED = 0.6  # from here on the words decide, and the model gets a name
READINGS = 32  # readings of a sentence that are followed at the same time
MOST = 12  # pronouns of a sentence that are read, at most
FRAMES = 8  # the latest frames that have their own weight; older ones share one

_SOMEBODY_ELSE = 0.08  # the weight of a person whom the story does not name
_OLDER = 0.4  # the factor for each frame further back
_ROLES = {"subject": 2.0, "object": 1.0, "owner": 0.7}
_KEYS = {form: key for key, forms in PRONOUN_FORMS.items() for form in forms}


@dataclass(frozen=True)
class Reading:
    """One way to read all pronouns of a sentence.

    meant: whom each is taken for, by its place. weight: how well this fits.
    """

    meant: Mapping[int, Names]
    weight: float
    fits: Mapping[int, float]  # the weight of each pronoun by its place


def ranked(
    sentence: ReadSentence,
    cast: Sequence[Person],
    earlier: Sequence[ReadSentence],
    bound: Mapping[int, Names],
) -> dict[int, list[tuple[Names, float]]]:
    """Returns for the place of each pronoun whom it can mean, the likeliest first, each with how sure that is (0 to 1).

    bound: the pronouns that are already known, from their place to whom they stand for. These, and pronouns that can
    mean nobody, are left out.
    """
    readings = readings_together(sentence, cast, earlier, bound)
    total = sum(one.weight for one in readings)
    found: dict[int, list[tuple[Names, float]]] = {}
    for pronoun in sentence.pronouns:
        shares: dict[Names, float] = {}
        fits: dict[Names, float] = {}
        for one in readings:
            names = one.meant.get(pronoun.start, ())
            shares[names] = shares.get(names, 0) + one.weight / total
            fits[names] = max(fits.get(names, 0), one.fits.get(pronoun.start, 0))
        if pronoun.start in bound or not any(shares):
            continue
        known = sum(fits.values())
        order = sorted(shares, key=shares.__getitem__, reverse=True)
        sure = known / (known + _SOMEBODY_ELSE)
        found[pronoun.start] = [(names, min(SUREST, shares[names] * sure)) for names in order if names]
    return found


def bindings_by_words(
    sentence: ReadSentence, bound: Iterable[Binding], cast: Sequence[Person], earlier: Sequence[ReadSentence]
) -> tuple[Binding, ...]:
    """Returns bindings for those pronouns of `sentence` that the words decide, each with how sure it is.

    Pronouns in `bound` are left out. So are possessives, and all pronouns of a sentence with only one person. The
    reason is that a language model reads "Rosa dances. She waves." well, but drew Nana twice for "Rosa dances. Nana
    meets her."
    """
    starts = {one.occurrence: one.names for one in bound}
    known = {
        pronoun.start: starts[occurrence]
        for occurrence, pronoun in enumerate(sentence.pronouns)
        if occurrence in starts
    }
    analysis = analyse(sentence)
    people = [one for one in analysis.expressions if one.role != "owner"]
    if len(people) < 2:
        return ()
    likely = ranked(sentence, cast, earlier, known)
    found = []
    for occurrence, pronoun in enumerate(sentence.pronouns):
        if pronoun.start not in likely or analysis.of(pronoun).role == "owner":
            continue
        if counted_from(sentence.text, pronoun) != pronoun.start:
            continue  # "the two of them": the number says more (`groups.py`)
        names, sure = likely[pronoun.start][0]
        if sure >= DECIDED:
            found.append(Binding(pronoun.word, occurrence, names, sure))
    return tuple(found)


def meant_by_words(sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]) -> Meant:
    """Returns whom each pronoun is taken for, if the words decide it or leave only one choice."""
    bound = {one.occurrence: one.names for one in bindings_by_words(sentence, (), cast, earlier)}
    meant = {}
    for occurrence, pronoun in enumerate(sentence.pronouns):
        names = bound.get(occurrence)
        if names is None:
            able = candidates(sentence, pronoun, cast, earlier)
            names = able[0] if len(able) == 1 else None
        if names is not None:
            meant[pronoun.start] = names
    return meant


def readings_together(
    sentence: ReadSentence,
    cast: Sequence[Person],
    earlier: Sequence[ReadSentence],
    bound: Mapping[int, Names] | None = None,
) -> list[Reading]:
    """Returns the likeliest ways to read a sentence's pronouns without contradiction, the best first.

    There is at least one and at most READINGS. A pronoun that can mean nobody is taken for (). bound: as in `ranked`.
    """
    sentence = replace(sentence, pronouns=sentence.pronouns[:MOST])  # hostile texts have hundreds
    analysis, told = analyse(sentence), [analyse(one) for one in earlier[-FRAMES:]]
    singular = frozenset(member.name for member in cast if member.pronoun == "they")
    readings = [Reading(dict(bound or {}), 1.0, {})]
    for pronoun in sentence.pronouns:
        if pronoun.start in readings[0].meant:
            continue
        grown = []
        for one in readings:
            options = candidates(sentence, pronoun, cast, earlier, one.meant)
            weigh = _Weigher(sentence, analysis, told, earlier, analysis.of(pronoun), one.meant, singular)
            # A reading in which a pronoun can mean nobody gets a small weight.
            for names in options or [()]:
                weight = weigh(names) if names else _SOMEBODY_ELSE
                fits = {**one.fits, pronoun.start: weight} if names else one.fits
                grown.append(Reading({**one.meant, pronoun.start: names}, one.weight * weight, fits))
        readings = sorted(grown, key=lambda each: -each.weight)[:READINGS]
    return readings


@dataclass
class _Weigher:
    """Weighs whom one pronoun may stand for, when the pronouns before it are already taken for somebody."""

    sentence: ReadSentence
    analysis: Analysis
    told: Sequence[Analysis]  # the last FRAMES of `earlier`, analysed
    earlier: Sequence[ReadSentence]
    own: Expression
    meant: Mapping[int, Names]
    singular: frozenset[str]  # people whose own pronoun is "they"

    def __call__(self, names: Names) -> float:
        several = _KEYS[self.own.pronoun.word] == "they" and len(names) > 1
        weight = self._groups.get(frozenset(names), 0.05) if several else self._one(names[0])
        if _KEYS[self.own.pronoun.word] == "they" and not several and names[0] not in self.singular:
            weight *= 0.1  # a single person of another pronoun, because nobody fits better
        for other, role in self._alike:
            if other == names:
                # A subject is more likely the subject before it: "When Otto saw him, he waved".
                weight *= 1.5 if (role, self.own.role) == ("object", "subject") else 4.0
        return weight

    @cached_property
    def _alike(self) -> list[tuple[Names, str]]:
        """Returns whom the pronouns of the same kind in this sentence are taken for, each with its role."""
        key = _KEYS[self.own.pronoun.word]
        return [
            (self.meant[one.start], one.role)
            for one in self.analysis.expressions
            if isinstance(one.what, Pronoun) and _KEYS[one.what.word] == key and self.meant.get(one.start)
        ]

    def _one(self, name: str) -> float:
        if self.own.role == "owner":
            doers = doer_of(self.analysis, self.own, self.meant) or self._local_subject()
            if name in doers:
                return 6.0
        here = [
            one
            for one in self.analysis.expressions
            if name in names_of(one, self.meant) and one.start < self.own.start
        ]
        if here:
            return max(self._role(one) * self._link(one) for one in here)
        return max(self._behind(name), self._before(name))

    def _local_subject(self) -> set[str]:
        """Returns whom an owner's clause is about: "Nana closes her eyes", "On his birthday, Otto bakes"."""
        clause = self.analysis.clauses[self.own.clause]
        if clause.subject is not None:
            return group_of(self.analysis, clause.subject, self.meant)
        behind = self.analysis.clauses[self.own.clause + 1 : self.own.clause + 2]
        between = self.sentence.text[self.own.end : behind[0].start] if behind else ""
        # The phrase stands before its subject in "In her garden, Rosa reads", but not in "Her dog follows Rosa".
        before = WORD.findall(self.sentence.text[clause.start : self.own.start])
        if behind and before and not any(map(is_finite, WORD.findall(between))):
            return group_of(self.analysis, behind[0].subject, self.meant)
        return set()

    def _role(self, one: Expression) -> float:
        """Returns the weight of a role.

        A subject is likely the next subject too, and a little less likely the next object.
        """
        if self.own.role == "subject":
            return _ROLES[one.role]
        return 1.2 if one.role == "subject" else _ROLES[one.role]

    def _link(self, one: Expression) -> float:
        """Returns how much the word that joins two clauses favours this person of the first clause."""
        opener = self.analysis.clauses[self.own.clause].opener
        if self.own.role != "subject" or one.clause == self.own.clause or one.role == "owner":
            return 1.0
        if opener == "because":
            whose = causes(self._verb_of(one.clause))
            return {None: 1.0, one.role: 5.0}.get(whose, 1.0)
        if opener == "until":
            return 4.0 if one.role == "object" else 1.0
        # The same subject needs no second pronoun ("calls Nana and waits"), so a pronoun means the other person.
        return 3.0 if opener in ("and", "but", "so") and one.role == "object" else 1.0

    def _verb_of(self, clause: int) -> str:
        subject = [one for one in self.analysis.expressions if one.clause == clause and one.role == "subject"]
        found = WORD.findall(self.sentence.text[subject[-1].end :]) if subject else []
        return next((word for word in found[:3] if is_finite(word)), "")

    def _behind(self, name: str) -> float:
        """Returns the weight of a person who is named only behind the pronoun: "Before she leaves, Nana reads"."""
        for one in self.analysis.expressions:
            if isinstance(one.what, Mention) and one.what.name == name and one.start > self.own.start:
                if self.own.role == "owner":
                    return 0.3
                about = one.group == self.analysis.clauses[one.clause].subject
                return (3.0 if self.own.role == "subject" else 0.6) if about else 0.1
        return 0.0

    def _before(self, name: str) -> float:
        weight = _OLDER
        for analysis in reversed(self.told):
            here = [one for one in analysis.expressions if name in names_of(one, {})]
            if here:
                return weight * max(self._role(one) for one in here)
            weight *= _OLDER
        return weight

    @cached_property
    def _groups(self) -> dict[frozenset[str], float]:
        """Returns the weight of each group that "they" may mean.

        The groups are people who are named together, everybody of a frame, and everybody since a frame.
        """
        found: dict[frozenset[str], float] = {}

        def weigh(people: Iterable[str], weight: float) -> None:
            people = frozenset(people)
            found[people] = max(found.get(people, 0), weight)

        before = [one for one in self.analysis.expressions if one.start < self.own.start]
        here = {name for one in before for name in names_of(one, self.meant)}
        away = self._not_they()
        for group in _said_together(before, self.meant):
            weigh(group, 4.0)
        weigh(here, 3.0)
        weight, since = 1.0, set(here)
        for read, analysis in zip(reversed(self.earlier[-FRAMES:]), reversed(self.told), strict=True):
            weight *= _OLDER
            since |= set(read.names)
            for group in _said_together(analysis.expressions, {}):
                weigh(group, 5.0 * weight)
            weigh(set(read.names) - away, 4.0 * weight)
            weigh(since - away, 2.0 * weight)
        return found

    def _not_they(self) -> set[str]:
        """Returns the people who are with "them" and so do not belong to them: "They wave to Rosa"."""
        return {
            name
            for one in self.analysis.expressions
            if one.clause == self.own.clause and one.start != self.own.start
            for name in names_of(one, self.meant)
        }


def _said_together(expressions: Iterable[Expression], meant: Mapping[int, Names]) -> Iterable[set[str]]:
    groups: dict[int, set[str]] = {}
    for one in expressions:
        groups.setdefault(one.group, set()).update(names_of(one, meant))
    return groups.values()
