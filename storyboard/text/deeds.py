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
from storyboard.text.forms import is_participle, may_be_verb
from storyboard.text.phrases import is_form_of
from storyboard.text.word_classes import COORDINATORS, PREPOSITIONS, WORD, is_finite, is_saying

# "Pip, still dancing", "Rosa, who was only passing with a basket", "Nana asleep".
_BESIDE = re.compile(
    r"(?P<apart>,)?\s*(?P<who>(?:who|which|that)\s+)?(?:(?:still|just|only|already|fast|sound|wide|all|is|was|are|were)\s+)*"
    r"(?P<word>\w+)",
    re.IGNORECASE,
)
_NO_VERBS = frozenset(
    "during evening morning nothing something anything everything spring string ceiling".split()
)
_STOPS = re.compile(r"[.!?](?![\w\"'\u2019\u201d])")
_ENDS = re.compile(r"[.!?;:\u2026\u2014]|\b(?:while|when|as|before|after|until)\b", re.IGNORECASE)
_WINDOW = 40
_ARMS = r"(?:in|on|under|across|over)\s+(?:his|her|its|their)\s+(?:own\s+)?(?:arms?|hands?|shoulders?|back)\b"
_LOAD = rf"(?:\w+\s+){{1,6}}?{_ARMS}"  # "half a boat in his arms"
_LADEN = re.compile(rf"\b(?:with|carrying|holding|hugging)\s+{_LOAD}", re.IGNORECASE)
_BESIDE_LADEN = re.compile(rf"\s*,?\s*with\s+{_LOAD}", re.IGNORECASE)
_LADEN_BEFORE = re.compile(rf"(?:^|[,;.!?]\s*|\band\s+)(with\s+{_LOAD}),?\s*$", re.IGNORECASE)
_TOGETHER = frozenset("dance waltz run walk jog eat dine picnic read paint sing".split())
_CHASING = frozenset(["chase"])
_READING = frozenset(["read"])


def told_of(sentence: ReadSentence, meant: Meant) -> list[tuple[Names, str]]:
    """Returns the groups of people of whom a sentence tells something, each with the words that tell it, in text order.

    meant: whom the pronouns are taken for. The words about a subject end at the next person of whom something is told.
    """
    analysis = analyse(sentence)
    groups = [list(some) for _, some in groupby(analysis.expressions, attrgetter("group"))]
    begun = [clause.start for clause in analysis.clauses if clause.begun and clause.subject is None]
    told = [(group, _told_from(sentence.text, group)) for group in groups]
    told = [(group, start) for group, start in told if start is not None]
    found = []
    for number, (group, start) in enumerate(told):
        end = told[number + 1][0][0].start if number + 1 < len(told) else len(sentence.text)
        # "Pip sleeps, the crust is eaten": what is told of nobody is not told of Pip.
        end = min([end, *(one for one in begun if one > group[-1].end)])
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
        laden = _LADEN_BEFORE.search(text, 0, group[0].start)
        return laden.start(1) if laden else last.end
    if last.role == "owner":
        return None
    verb = _verb_before(text, group)
    if verb is None:
        verb = _verb_shared(text, group[0])
    if verb is not None:
        return verb
    beside = _BESIDE.match(text, last.end)
    if beside is None or (beside["apart"] and last.doer is not None and not beside["who"]):
        return None
    word = beside["word"].lower()
    doing = word.endswith("ing") and word not in _NO_VERBS and may_be_verb(word)
    laden = _BESIDE_LADEN.match(text, last.end)
    return last.end if beside["who"] or doing or laden is not None or word in ("asleep", "awake") else None


def without_load(clause: str) -> str:
    """Returns the words without those that say what somebody has in their arms: "with half a boat in his arms"."""
    return _LADEN.sub(" ", clause)


def _verb_shared(text: str, first: Expression) -> int | None:
    """Returns where a verb begins that tells of these people too: "eaten by Otto", "dances with Otto"."""
    before = list(WORD.finditer(text, max(0, first.start - _WINDOW), first.start))
    words = [match.group().lower() for match in before]
    if words[-1:] == ["by"]:
        told = [match for match in before[:-1] if is_participle(match.group().lower())]
        return told[-1].start() if told else None
    if words[-1:] == ["with"] and words[-2:-1] and is_form_of(words[-2], _TOGETHER):
        return before[-2].start()
    return before[-1].start() if words and is_form_of(words[-1], _CHASING) else None


def _verb_before(text: str, group: Sequence[Expression]) -> int | None:
    """Returns where a verb begins that stands before its subject: "In the window lay Otto". None if there is none."""
    first = group[0]
    if first.doer is not None:
        return None
    before = list(WORD.finditer(text, max(0, first.start - _WINDOW), first.start))
    if not before or text[before[-1].end() : first.start].strip():
        return None
    verb = before[-1].group().lower()
    acts = is_finite(verb) or (
        len(group) > 1 and may_be_verb(verb) and verb not in PREPOSITIONS | COORDINATORS
    )
    said = is_saying(verb) and not is_form_of(verb, _READING)
    return before[-1].start() if acts and not said else None
