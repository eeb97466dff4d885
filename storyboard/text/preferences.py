"""How likely each reading of a sentence's pronouns is by the words alone, and which of them the words decide.

What `candidates.py` allows is weighed by what is known of how people read: the latest frame before older ones, a
subject before an object, somebody's own things, whose doing a "because" tells of, one person under one pronoun. The
pronouns of a sentence are read together, from left to right. The weights are our own judgement, tried on the sentences
of `training/evaluate/pronoun_sentences.py`; no reading is surer than SUREST, however few there are, because the story
may speak of somebody whom it does not name. Knows neither torch, gradio nor stories.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from storyboard.text.candidates import Meant, Names, Person, candidates, doer_of, group_of, names_of
from storyboard.text.captions import PRONOUN_FORMS, Binding, Mention, Pronoun, ReadSentence, counted_from
from storyboard.text.clauses import Analysis, Expression, analyse
from storyboard.text.word_classes import WORD, causes, is_finite

SUREST = 0.9  # of a reading by words
DECIDED = 0.6  # from here the words decide, and the model is given a name
READINGS = 32  # of a sentence that are followed at once
MOST = 12  # pronouns of a sentence that are read
FRAMES = 8  # before a sentence that are weighed apart; older ones weigh as the last of them

_SOMEBODY_ELSE = 0.08  # the weight of whoever the story does not name
_OLDER = 0.4  # each frame further back
_ROLES = {"subject": 2.0, "object": 1.0, "owner": 0.7}
_KEYS = {form: key for key, forms in PRONOUN_FORMS.items() for form in forms}


@dataclass(frozen=True)
class Reading:
    """Whom the pronouns of a sentence are taken for together, by where they stand, and how well that fits."""

    meant: Mapping[int, Names]
    weight: float
    fits: Mapping[int, float]  # the weight of each pronoun's part


def ranked(
    sentence: ReadSentence,
    cast: Sequence[Person],
    earlier: Sequence[ReadSentence],
    bound: Mapping[int, Names],
) -> dict[int, list[tuple[Names, float]]]:
    """Returns by where each pronoun stands whom it can be, the likeliest first, each with how sure that is (0 to 1).

    bound: whom the pronouns stand for that are known, by where they stand. Pronouns without anybody are left out.
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
    """Returns bindings of the pronouns of `sentence` that the words decide.

    Those `bound` are not among them. Each has how sure it is.

    Only where the sentence is about several, and for nobody's things: a language model reads "Rosa dances. She waves."
    well, and of "Rosa dances. Nana meets her." it had Nana drawn twice.
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
            continue  # "the two of them": how many there are says more (`groups.py`)
        names, sure = likely[pronoun.start][0]
        if sure >= DECIDED:
            found.append(Binding(pronoun.word, occurrence, names, sure))
    return tuple(found)


def meant_by_words(sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]) -> Meant:
    """Returns whom each pronoun is taken for, where the words say so or leave only one choice."""
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
    """Returns the likeliest ways to read a sentence's pronouns that do not contradict themselves, the best first.

    At least one, at most READINGS; () is whom a pronoun is taken for that has nobody. `bound` as in `ranked`.
    """
    sentence = replace(sentence, pronouns=sentence.pronouns[:MOST])  # hostile text has hundreds
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
            # A reading in which a pronoun has nobody left is hardly one.
            for names in options or [()]:
                weight = weigh(names) if names else _SOMEBODY_ELSE
                fits = {**one.fits, pronoun.start: weight} if names else one.fits
                grown.append(Reading({**one.meant, pronoun.start: names}, one.weight * weight, fits))
        readings = sorted(grown, key=lambda each: -each.weight)[:READINGS]
    return readings


@dataclass
class _Weigher:
    """Weighs whom one pronoun may stand for, given what those before it are taken for."""

    sentence: ReadSentence
    analysis: Analysis
    told: Sequence[Analysis]  # of `earlier`, its last FRAMES
    earlier: Sequence[ReadSentence]
    own: Expression
    meant: Mapping[int, Names]
    singular: frozenset[str]  # those whose own pronoun is "they"

    def __call__(self, names: Names) -> float:
        several = _KEYS[self.own.pronoun.word] == "they" and len(names) > 1
        weight = self._groups.get(frozenset(names), 0.05) if several else self._one(names[0])
        if _KEYS[self.own.pronoun.word] == "they" and not several and names[0] not in self.singular:
            weight *= 0.1  # one of any pronoun, for want of others
        for other, role in self._alike:
            if other == names:
                # A subject is rather the subject before it: "When Otto saw him, he waved".
                weight *= 1.5 if (role, self.own.role) == ("object", "subject") else 4.0
        return weight

    @cached_property
    def _alike(self) -> list[tuple[Names, str]]:
        """Whom the pronouns of the same kind in this sentence are taken for, and their roles."""
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
        """Whom an owner's clause is about: "Nana closes her eyes", "On his birthday, Otto bakes"."""
        clause = self.analysis.clauses[self.own.clause]
        if clause.subject is not None:
            return group_of(self.analysis, clause.subject, self.meant)
        behind = self.analysis.clauses[self.own.clause + 1 : self.own.clause + 2]
        between = self.sentence.text[self.own.end : behind[0].start] if behind else ""
        # Before its subject: "In her garden, Rosa reads"; but "Her dog follows Rosa" is no phrase before it.
        before = WORD.findall(self.sentence.text[clause.start : self.own.start])
        if behind and before and not any(map(is_finite, WORD.findall(between))):
            return group_of(self.analysis, behind[0].subject, self.meant)
        return set()

    def _role(self, one: Expression) -> float:
        """A subject is who the next subject is, and a little less who something is done to."""
        if self.own.role == "subject":
            return _ROLES[one.role]
        return 1.2 if one.role == "subject" else _ROLES[one.role]

    def _link(self, one: Expression) -> float:
        """What the word that joins two clauses says of who the second is about."""
        opener = self.analysis.clauses[self.own.clause].opener
        if self.own.role != "subject" or one.clause == self.own.clause or one.role == "owner":
            return 1.0
        if opener == "because":
            whose = causes(self._verb_of(one.clause))
            return {None: 1.0, one.role: 5.0}.get(whose, 1.0)
        if opener == "until":
            return 4.0 if one.role == "object" else 1.0
        # Who goes on doing needs no pronoun ("calls Nana and waits"), so one tells of somebody else.
        return 3.0 if opener in ("and", "but", "so") and one.role == "object" else 1.0

    def _verb_of(self, clause: int) -> str:
        subject = [one for one in self.analysis.expressions if one.clause == clause and one.role == "subject"]
        found = WORD.findall(self.sentence.text[subject[-1].end :]) if subject else []
        return next((word for word in found[:3] if is_finite(word)), "")

    def _behind(self, name: str) -> float:
        """ "Before she leaves, Nana reads": who the sentence is about, though named behind."""
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
        """Groups said as one, everybody of a frame, everybody of this one and those before it: what each weighs."""
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
        """Who is with them, and so is none of them: "They wave to Rosa"."""
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
