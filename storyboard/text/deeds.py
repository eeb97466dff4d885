"""Finds the words of a sentence that tell what each person does. They stand behind a subject, or beside another person.

"Juno saw Pip dancing" tells of Juno by "saw" and of Pip by "dancing". Knows no deeds, only where a sentence tells them.
Knows neither torch, gradio nor stories.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

from storyboard.text.candidates import Meant, Names, names_of
from storyboard.text.captions import ReadSentence
from storyboard.text.clauses import Expression, analyse
from storyboard.text.forms import may_be_verb
from storyboard.text.word_classes import WORD, is_finite, is_saying

# "Pip, still dancing", "Rosa, who was only passing with a basket", "Nana asleep".
_BESIDE = re.compile(
    r"(?P<apart>,)?\s*(?P<who>who\s+)?(?:(?:still|just|only|already|fast|sound|wide|all|is|was|are|were)\s+)*"
    r"(?P<word>\w+)",
    re.IGNORECASE,
)
_NO_VERBS = frozenset(
    "during evening morning nothing something anything everything spring string ceiling".split()
)
_STOPS = re.compile(r"[.!?](?![\w\"'\u2019\u201d])")
_ENDS = re.compile(r"[.!?;:\u2026\u2014]|\b(?:while|when|as|before|after|until)\b", re.IGNORECASE)
_WINDOW = 40


def told_of(sentence: ReadSentence, meant: Meant) -> list[tuple[Names, str]]:
    """Returns the groups of people of whom a sentence tells something, each with the words that tell it, in text order.

    meant: whom the pronouns are taken for. The words about a subject end at the next person of whom something is told.
    """
    groups = [list(some) for _, some in groupby(analyse(sentence).expressions, attrgetter("group"))]
    told = [(group, _told_from(sentence.text, group)) for group in groups]
    told = [(group, start) for group, start in told if start is not None]
    found = []
    for number, (group, start) in enumerate(told):
        end = told[number + 1][0][0].start if number + 1 < len(told) else len(sentence.text)
        ending = _STOPS if group[-1].role == "subject" else _ENDS
        ends = ending.search(sentence.text, group[-1].end, end)
        clause = sentence.text[start : ends.start() if ends else end]
        names = tuple(dict.fromkeys(name for one in group for name in names_of(one, meant)))
        found.append((names, clause))
    return found


def _told_from(text: str, group: Sequence[Expression]) -> int | None:
    """Returns where the words begin that tell what these people do; None if the sentence tells nothing of them."""
    last = group[-1]
    if last.role == "subject":
        return last.end
    if last.role == "owner":
        return None
    verb = _verb_before(text, group[0])
    if verb is not None:
        return verb
    beside = _BESIDE.match(text, last.end)
    if beside is None or (beside["apart"] and last.doer is not None and not beside["who"]):
        return None
    word = beside["word"].lower()
    doing = word.endswith("ing") and word not in _NO_VERBS and may_be_verb(word)
    return last.end if beside["who"] or doing or word in ("asleep", "awake") else None


def _verb_before(text: str, first: Expression) -> int | None:
    """Returns where a verb begins that stands before its subject: "In the window lay Otto". None if there is none."""
    if first.doer is not None:
        return None
    before = list(WORD.finditer(text, max(0, first.start - _WINDOW), first.start))
    if not before or text[before[-1].end() : first.start].strip():
        return None
    verb = before[-1].group().lower()
    return before[-1].start() if is_finite(verb) and not is_saying(verb) else None
