"""Finds people of whom a sentence speaks without showing them: who has gone, who is only thought of, whose coat it is.

It looks at every name and pronoun of a sentence separately. A person is shown if at least one of them shows the person.
Doubtful cases stay open, and the caller decides. Knows neither torch, gradio nor stories.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from storyboard.text.belongings import is_only_maker, is_pictured, is_touched, shows_owner
from storyboard.text.captions import Mention, Pronoun, ReadSentence, clean_text, listed, read_sentence
from storyboard.text.clauses import Analysis, Expression, analyse
from storyboard.text.departures import is_away, is_doubtful
from storyboard.text.phrases import Tokens, ending_at, is_form_of, tokens_of
from storyboard.text.speech import is_spoken, is_spoken_to
from storyboard.text.topics import is_only_topic
from storyboard.text.word_classes import COORDINATORS, PREPOSITIONS, SUBORDINATORS, is_finite

_TAKING = frozenset("leave take join follow bring".split())
_BEHIND_OWNERS = frozenset("is are was were has have had will would can could".split())
_BEFORE_OWNERS = frozenset("at to of from".split())


@lru_cache(maxsize=4096)
def not_shown(sentence: ReadSentence) -> frozenset[int]:
    """Returns the places of those names and pronouns of a sentence that show nobody.

    These can be all of them: "Rosa has gone home." alone.
    """
    analysis = analyse(sentence)
    look = _Look(sentence, analysis, tokens_of(sentence.text))
    absent = [one for one in analysis.expressions if look.is_absent(one)]
    # "Milo has gone for a walk with Pip": whoever is with a person who has gone is not there either.
    gone = [one for one in absent if one.role == "subject" and look.is_gone(one)]
    clauses = {one.clause for one in gone}
    led = [one for one in analysis.expressions if one.clause in clauses and look.is_led(one)]
    again = look.told_again({one.what.name for one in gone if isinstance(one.what, Mention)})
    return frozenset(one.start for one in (*absent, *led, *again))


@lru_cache(maxsize=4096)
def in_doubt(sentence: ReadSentence) -> frozenset[int]:
    """Returns the places of those names that a picture need not show, because the sentence shows others.

    "Juno had asked for no goodbyes, so Nana and Milo whispered theirs." leaves open whether Juno is there.
    """
    analysis, absent = analyse(sentence), not_shown(sentence)
    look = _Look(sentence, analysis, tokens_of(sentence.text))
    doubtful = [
        one for one in analysis.expressions if one.start not in absent and look.is_doubtful(one, absent)
    ]
    return frozenset(one.start for one in doubtful)


def named_there(sentence: ReadSentence) -> set[str]:
    """Returns the people whom a sentence names and shows by name."""
    absent = not_shown(sentence)
    return {one.name for one in sentence.mentions if one.start not in absent}


def those_there(sentence: ReadSentence) -> tuple[str, ...]:
    """Returns the named people whom a picture shows, in text order.

    If all are said to be away, it shows all of them.
    """
    there = named_there(sentence)
    return tuple(name for name in sentence.names if name in there or not there)


def with_added(text: str, included: Iterable[str], names: Mapping[str, Sequence[str]]) -> str:
    """Returns the sentence with these people added at its end, except those it already shows: "Rosa waves, with Bolt.".

    names: the names of the cast, with their aliases. Other people are not added.
    """
    added = [name for name in dict.fromkeys(included) if name in names]
    present = those_there(read_sentence(text, names)) if added else ()
    added = [name for name in added if name not in present]
    if not added:
        return text  # almost always
    end = len(text.rstrip(".!?\u2026"))
    return clean_text(f"{text[:end]}, with {listed(added)}{text[end:]}")


def may_be_anothers(sentence: ReadSentence, owner: Pronoun) -> bool:
    """Returns whether a thing more likely belongs to somebody else than the subject: "takes her hand".

    In "opens her purse" it belongs to the subject.
    """
    tokens = tokens_of(sentence.text)
    return is_touched(tokens.before(owner.start), tokens.behind(owner.end))


class _Look:
    """Looks at the words before and behind the people of one sentence."""

    def __init__(self, sentence: ReadSentence, analysis: Analysis, tokens: Tokens) -> None:
        self.text, self.analysis, self.tokens = sentence.text, analysis, tokens

    def is_absent(self, one: Expression) -> bool:
        if is_spoken(self.text, one.start):
            named = isinstance(one.what, Mention)
            return not (named and is_spoken_to(self.text, one.start, one.end))
        before, behind = self._around(one)
        if self._is_owner(one):
            owned = self._owned(one)
            return not (shows_owner(owned) or is_pictured(before, owned))
        return is_only_topic(before, behind) or is_only_maker(before, behind) or self.is_gone(one)

    def is_gone(self, one: Expression) -> bool:
        """Returns whether the sentence, outside of quotation marks, says that a person is away."""
        return not is_spoken(self.text, one.start) and is_away(*self._around(one), self._is_contrasted(one))

    def is_led(self, one: Expression) -> bool:
        """Returns whether a person is taken along or left: "with Pip". In "out hops Pip" the person acts."""
        before, behind = self.tokens.before(one.start)[-1:], self._behind(one)[:1]
        acts = bool(behind) and is_finite(behind[0])
        taken = bool(before) and (before[0] in PREPOSITIONS | COORDINATORS or is_form_of(before[0], _TAKING))
        return one.role == "object" and taken and not acts

    def told_again(self, gone: set[str]) -> list[Expression]:
        """Returns where people who have gone are named again without acting: "and where Rosa had been stood Milo"."""
        return [
            one
            for one in self.analysis.expressions
            if isinstance(one.what, Mention) and one.what.name in gone and not self._acts(one)
        ]

    def _acts(self, one: Expression) -> bool:
        """Returns whether a person is the subject of a main clause, or comes after "with": "with Milo"."""
        if one.role == "subject":
            return self.analysis.clauses[one.clause].opener not in SUBORDINATORS
        return self.tokens.before(one.start)[-1:] == ("with",)

    def is_doubtful(self, one: Expression, absent: frozenset[int]) -> bool:
        told = one.role == "subject" or self.tokens.before(one.start)[-1:] == ("neither",)
        if not told or is_spoken(self.text, one.start):
            return False
        shown = any(
            other.role == "subject"
            and other.clause != one.clause
            and other.start not in absent
            and other.group != one.group
            and self.analysis.clauses[other.clause].opener not in SUBORDINATORS
            for other in self.analysis.expressions
        )
        return shown and is_doubtful(*self._around(one))

    def _around(self, one: Expression) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Returns the words before and behind a person, or before and behind the whole group that "and" joins."""
        group = self._group(one)
        return self.tokens.before(group[0].start), self._behind(group[-1])

    def _group(self, one: Expression) -> list[Expression]:
        """Returns the group of an expression. What is said of one person of a group is said of all."""
        return [other for other in self.analysis.expressions if other.group == one.group]

    def _behind(self, one: Expression) -> tuple[str, ...]:
        """Returns the words behind a person, up to the next subject."""
        ending, end = ending_at(self.text, one.end)
        clauses = [
            other.start
            for other in self.analysis.expressions
            if other.role == "subject" and other.start > end
        ]
        return ((f"'{ending}",) if ending else ()) + self.tokens.behind(end, min(clauses, default=None))

    def _owned(self, one: Expression) -> tuple[str, ...]:
        return self.tokens.behind(ending_at(self.text, one.end)[1])

    def _is_owner(self, one: Expression) -> bool:
        """Returns whether a person owns something, even a thing without a noun.

        Examples are "at Otto's", "a carrot of Rosa's" and "the bench is Nana's.".
        """
        if one.role == "owner":
            return True
        ending, end = ending_at(self.text, one.end)
        before, behind = self.tokens.before(one.start)[-1:], self.tokens.behind(end)[:1]
        if ending == "s" and behind[:1] != () and behind[0] in _BEHIND_OWNERS:
            return True  # "Rosa's are taller"
        if ending != "s" or not before:
            return False
        return before[0] in _BEFORE_OWNERS or (before[0] in ("is", "was") and behind < ("a",))

    def _is_contrasted(self, one: Expression) -> bool:
        return any(
            other.clause != one.clause and other.group != one.group and other.role != "owner"
            for other in self.analysis.expressions
        )
