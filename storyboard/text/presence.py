"""Whom a sentence speaks of without showing them: who has gone, who is only thought of, whose coat it is.

Every name and pronoun of a sentence is looked at by itself; somebody is shown who is shown by one of them. What is in
doubt is left open: whoever reads the sentence on decides then. Knows neither torch, gradio nor stories.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from storyboard.text.belongings import is_pictured, is_touched, shows_owner
from storyboard.text.captions import Mention, Pronoun, ReadSentence, clean_text, listed, read_sentence
from storyboard.text.clauses import Analysis, Expression, analyse
from storyboard.text.departures import is_away
from storyboard.text.phrases import Tokens, ending_at, tokens_of
from storyboard.text.speech import is_spoken, is_spoken_to
from storyboard.text.topics import is_only_topic

_BEFORE_OWNERS = frozenset("at to of from".split())


@lru_cache(maxsize=4096)
def not_shown(sentence: ReadSentence) -> frozenset[int]:
    """Returns where those names and pronouns of a sentence stand by which nobody is to be seen.

    All of them may be: "Rosa has gone home." alone.
    """
    analysis = analyse(sentence)
    look = _Look(sentence, analysis, tokens_of(sentence.text))
    absent = [one for one in analysis.expressions if look.is_absent(one)]
    # "Milo has gone for a walk with Pip": whoever is told of with them is there as little.
    told = [one for one in absent if one.role == "subject" and not is_spoken(sentence.text, one.start)]
    gone = {one.clause for one in told}
    led = [one for one in analysis.expressions if one.role == "object" and one.clause in gone]
    return frozenset(one.start for one in (*absent, *led))


def named_there(sentence: ReadSentence) -> set[str]:
    """Returns those whom a sentence names and shows by it."""
    absent = not_shown(sentence)
    return {one.name for one in sentence.mentions if one.start not in absent}


def those_there(sentence: ReadSentence) -> tuple[str, ...]:
    """Returns those named whom a picture shows, as they come: all of them where all are said to be away."""
    there = named_there(sentence)
    return tuple(name for name in sentence.names if name in there or not there)


def with_added(text: str, included: Iterable[str], names: Mapping[str, Sequence[str]]) -> str:
    """Returns the sentence with these people added at its end whom it does not show: "Rosa waves, with Bolt.".

    names: the cast's, with their aliases; others are not added.
    """
    added = [name for name in dict.fromkeys(included) if name in names]
    present = those_there(read_sentence(text, names)) if added else ()
    added = [name for name in added if name not in present]
    if not added:
        return text  # nearly always
    end = len(text.rstrip(".!?\u2026"))
    return clean_text(f"{text[:end]}, with {listed(added)}{text[end:]}")


def may_be_anothers(sentence: ReadSentence, owner: Pronoun) -> bool:
    """Returns whether it is rather somebody else's than the subject's: "takes her hand", but not "opens her purse"."""
    tokens = tokens_of(sentence.text)
    return is_touched(tokens.before(owner.start), tokens.behind(owner.end))


class _Look:
    """One sentence, and what stands before and behind those in it."""

    def __init__(self, sentence: ReadSentence, analysis: Analysis, tokens: Tokens) -> None:
        self.text, self.analysis, self.tokens = sentence.text, analysis, tokens

    def is_absent(self, one: Expression) -> bool:
        if is_spoken(self.text, one.start):
            named = isinstance(one.what, Mention)
            return not (named and is_spoken_to(self.text, one.start, one.end))
        group = self._group(one)
        before, behind = self.tokens.before(group[0].start), self._behind(group[-1])
        if self._is_owner(one):
            owned = self._owned(one)
            return not (shows_owner(owned) or is_pictured(before, owned))
        if is_only_topic(before, behind):
            return True
        return is_away(before, behind, self._is_contrasted(one))

    def _group(self, one: Expression) -> list[Expression]:
        """Those with whom it is joined: what is said of one of them is said of all."""
        return [other for other in self.analysis.expressions if other.group == one.group]

    def _behind(self, one: Expression) -> tuple[str, ...]:
        ending, end = ending_at(self.text, one.end)
        return ((f"'{ending}",) if ending else ()) + self.tokens.behind(end)

    def _owned(self, one: Expression) -> tuple[str, ...]:
        return self.tokens.behind(ending_at(self.text, one.end)[1])

    def _is_owner(self, one: Expression) -> bool:
        """Also of what is not said: "at Otto's", "a carrot of Rosa's", "the bench is Nana's."."""
        if one.role == "owner":
            return True
        ending, end = ending_at(self.text, one.end)
        before, behind = self.tokens.before(one.start)[-1:], self.tokens.behind(end)[:1]
        if ending != "s" or not before:
            return False
        return before[0] in _BEFORE_OWNERS or (before[0] in ("is", "was") and behind < ("a",))

    def _is_contrasted(self, one: Expression) -> bool:
        return any(
            other.clause != one.clause and other.group != one.group and other.role != "owner"
            for other in self.analysis.expressions
        )
