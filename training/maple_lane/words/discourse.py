"""What a reader of the captions so far knows, and whom a pronoun can stand for given that.

The rule for one person: among the people of the sentence so far, that person alone has the pronoun; where the
sentence has not named them yet, among those and the people of the caption before. "They" is the group of the frame
before, or the people named so far in the caption. Knows no words beyond the pronouns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FORMS = {  # pronoun -> subject, object, possessive, reflexive
    "he": ("he", "him", "his", "himself"),
    "she": ("she", "her", "her", "herself"),
    "it": ("it", "it", "its", "itself"),
    "they": ("they", "them", "their", "themselves"),
}
CASES = ("subject", "object", "possessive", "reflexive")


@dataclass(frozen=True)
class Discourse:
    """What stands after some captions of a story.

    known: who was named so far. focus: who the last caption spoke of, there or not. shown: who was there in it.
    place, circumstances, things: where it was, its time and weather, what stood beside people. kin: pairs (whose, who)
    that were said. past: whether the story is told in the past tense. curly: whether in curly quotation marks.
    used: the phrases of late, which a teller does not say again so soon.
    """

    past: bool = False
    curly: bool = False
    known: tuple[str, ...] = ()
    focus: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    place: str | None = None
    circumstances: frozenset[str] = frozenset()
    things: frozenset[str] = frozenset()
    kin: frozenset[tuple[str, str]] = frozenset()
    used: tuple[str, ...] = ()


def pronoun_form(pronoun: str, case: str) -> str:
    """Returns "him" for ("he", "object")."""
    return FORMS[pronoun][CASES.index(case)]


def antecedents(
    pronoun: str, pronouns: Mapping[str, str], focus: Sequence[str], mentioned: Sequence[str]
) -> tuple[str, ...]:
    """Returns who a pronoun for one person can stand for. `pronouns` maps everybody of the story to theirs."""
    here = [name for name in mentioned if pronouns[name] == pronoun]
    known = here or [name for name in focus if pronouns[name] == pronoun]
    return tuple(dict.fromkeys(known))


def group_antecedents(shown: Sequence[str], mentioned: Sequence[str]) -> tuple[frozenset[str], ...]:
    """Returns the groups "they" can stand for: one, or none where two are as likely."""
    groups = {frozenset(names) for names in (shown, mentioned) if len(set(names)) > 1}
    return tuple(groups)
