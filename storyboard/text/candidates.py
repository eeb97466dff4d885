"""Whom a pronoun can stand for, from words alone: the cast's pronouns, who is named where, who does what.

Knows neither torch, gradio nor stories. Which of several candidates it is, the model says (`explain.py`).
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from itertools import combinations
from typing import Protocol

from storyboard.text.captions import PRONOUN_FORMS, Binding, Pronoun, ReadSentence, is_possessive
from storyboard.text.clauses import subject_of
from storyboard.text.impersonal import is_impersonal, is_thing

MAX_GROUP = 4  # people that "they" may stand for

Names = tuple[str, ...]


class Person(Protocol):
    """One of the cast, in a story or in a request."""

    name: str
    pronoun: str
    aliases: tuple[str, ...]


def candidates(
    sentence: ReadSentence, pronoun: Pronoun, cast: Sequence[Person], earlier: Sequence[ReadSentence]
) -> list[Names]:
    """Whom a pronoun of `sentence` can stand for, those named latest first; empty where there is nobody.

    sentence, earlier: read for the names of `cast`, the latter oldest first. People of fitting pronoun whom one of
    `earlier` names, or this sentence before the pronoun; who is named behind it is somebody else ("She waves to Rosa"),
    and so is who does something to it ("Rosa meets her"), except for possessives ("In her garden, Rosa reads", "Rosa
    reads her book"). For "they" also groups of them. An "it" that is the weather, the time or a thing stands for nobody
    (`impersonal.py`).
    """
    key = next(key for key, forms in PRONOUN_FORMS.items() if pronoun.word in forms)
    people = _people(sentence, pronoun, earlier)
    pronouns = {member.name: member.pronoun for member in cast}
    found: list[Names] = [(name,) for name in people if pronouns[name] == key]
    if key == "it" and _is_nobody(sentence, pronoun, [name for (name,) in found]):
        return []
    if key == "they":
        for size in range(2, min(len(people), MAX_GROUP) + 1):
            found += combinations(people, size)
    return found


def bindings_by_words(
    sentence: ReadSentence, bound: Container[int], cast: Sequence[Person], earlier: Sequence[ReadSentence]
) -> tuple[Binding, ...]:
    """The pronouns of `sentence`, without the occurrences `bound`, whose names the words leave no choice in.

    Only those that somebody named does something to: a language model reads "Rosa dances. She waves." well, and of
    "Rosa dances. Nana meets her." it had Nana drawn twice.
    """
    found = []
    for occurrence, pronoun in enumerate(sentence.pronouns):
        if occurrence in bound or is_possessive(sentence.text, pronoun):
            continue
        if subject_of(sentence, pronoun):
            people = candidates(sentence, pronoun, cast, earlier)
            if len(people) == 1:
                found.append(Binding(pronoun.word, occurrence, people[0]))
    return tuple(found)


def _people(sentence: ReadSentence, pronoun: Pronoun, earlier: Sequence[ReadSentence]) -> list[str]:
    """Who may be meant at all, those named latest first."""
    before = [mention.name for mention in sentence.mentions if mention.start < pronoun.start]
    behind = {mention.name for mention in sentence.mentions if mention.start > pronoun.start} - set(before)
    latest = [name for read in reversed(earlier) for name in reversed(read.names)]
    others: set[str] = set()
    owners: list[str] = []
    if is_possessive(sentence.text, pronoun):
        owners = [mention.name for mention in sentence.mentions if mention.name in behind]
    else:
        others = behind | set(subject_of(sentence, pronoun))
    order = dict.fromkeys([*reversed(before), *owners, *latest])
    return [name for name in order if name not in others]


def _is_nobody(sentence: ReadSentence, pronoun: Pronoun, people: Sequence[str]) -> bool:
    """Whether an "it" that could be one of `people` is none of the cast."""
    named = sentence.among(people).mentions
    since = max((one.end for one in named if one.end <= pronoun.start), default=0)
    return is_impersonal(sentence.text, pronoun) or is_thing(sentence.text, pronoun, since)
