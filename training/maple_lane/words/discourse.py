"""What a reader of the captions so far knows, and which people a pronoun can therefore stand for.

The rule for one person: among the people of the sentence so far, only that person has the pronoun. If nobody of the
sentence so far has it, the people of the caption before count. "They" is the group of the frame before, or the people
named so far in the caption. Uses no words except the pronouns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FORMS = {  # for each pronoun: subject, object, possessive, reflexive
    "he": ("he", "him", "his", "himself"),
    "she": ("she", "her", "her", "herself"),
    "it": ("it", "it", "its", "itself"),
    "they": ("they", "them", "their", "themselves"),
}
CASES = ("subject", "object", "possessive", "reflexive")


@dataclass(frozen=True)
class Discourse:
    """What a reader knows after some captions of a story.

    known: everybody who was named so far
    focus: the people of the last caption, present or absent
    shown: the people who were present in it
    place, circumstances, things: its place, its time and weather, and what stood beside people
    kin: pairs (whose, who) of relatives that were told
    past: whether the story is told in the past tense
    curly: whether it uses curly quotation marks
    used: recent phrases, which a teller does not repeat so soon
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
    """Returns the people that a pronoun for one person can stand for.

    `pronouns` gives the pronoun of each person by name.
    """
    here = [name for name in mentioned if pronouns[name] == pronoun]
    known = here or [name for name in focus if pronouns[name] == pronoun]
    return tuple(dict.fromkeys(known))


def group_antecedents(shown: Sequence[str], mentioned: Sequence[str]) -> tuple[frozenset[str], ...]:
    """Returns the groups that "they" can stand for: one group, or two if they are equally likely."""
    groups = {frozenset(names) for names in (shown, mentioned) if len(set(names)) > 1}
    return tuple(groups)
