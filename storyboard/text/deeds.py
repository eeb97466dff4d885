"""Finds the words of a sentence that tell what each person does. They stand behind a subject, or beside another person.

"Juno saw Pip dancing" tells of Juno by "saw" and of Pip by "dancing". Knows no deeds, only where a sentence tells them.
Knows neither torch, gradio nor stories.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

from storyboard.text.belongings import is_of_the_body
from storyboard.text.candidates import Meant, Names, names_of
from storyboard.text.captions import ReadSentence
from storyboard.text.clauses import Expression, analyse
from storyboard.text.forms import is_participle, may_be_verb
from storyboard.text.phrases import is_form_of
from storyboard.text.word_classes import (
    COORDINATORS,
    PEOPLE,
    PREPOSITIONS,
    WORD,
    controls,
    is_finite,
    is_saying,
)

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
_ARMS = (
    r"(?:in|on|under|across|over)\s+(?:his|her|its|their|each|either|one|both)\s+(?:own\s+)?"
    r"(?:arms?|hands?|shoulders?|back|hip|head)\b"
)
_LOAD = rf"(?:\w+\s+){{1,6}}?{_ARMS}"  # "half a boat in his arms"
_LADEN = re.compile(rf"\b(?:with|carrying|holding|hugging|has|have|had|takes|took)\s+{_LOAD}", re.IGNORECASE)
_BESIDE_LADEN = re.compile(rf"\s*,?\s*with\s+{_LOAD}", re.IGNORECASE)
_LADEN_BEFORE = re.compile(rf"(?:^|[,;.!?]\s*|\band\s+)(with\s+{_LOAD}),?\s*$", re.IGNORECASE)
_TOGETHER = frozenset(
    """dance waltz twirl run race walk jog stroll eat munch nibble dine picnic have share read paint sing play shelter
    look""".split()
)
_BREAK = re.compile(r"[,.;:!?]|\b(?:and|but|to|while|as|when)\b", re.IGNORECASE)
_COVERS = frozenset(["umbrella", "parasol"])
_CHASING = frozenset(["chase"])
_DENIED = re.compile(r"\b(?:neither|nor)\s+$", re.IGNORECASE)
_TO_DO = re.compile(r"\s(?P<to>(?:how\s+)?to\s+)?(?P<word>\w+)", re.IGNORECASE)
_TEACHING = frozenset("teach help let make".split())
# "“Yes,” says Otto to Juno, and reads on" tells of Otto behind what he says, and so does "says Otto, reading on".
_BESIDE_SAYING = re.compile(
    r"""(?:,\s*(?:and|but|then)\s+|\s+(?:and|then)\s+|,\s*)
    (?:(?!not\b)\w+ly\s+|then\s+|still\s+|not\s+even\s+)?(?P<word>\w+)""",
    re.IGNORECASE | re.VERBOSE,
)
# "Rosa came in with a big book": whoever comes with a thing brings it.
_BROUGHT = re.compile(
    r"""\b(?:c[ao]m(?:e|es|ing)|arriv(?:e|es|ed|ing)|enter(?:s|ed|ing)?|appear(?:s|ed|ing)?|return(?:s|ed|ing)?
    |(?:turn(?:s|ed|ing)?|show(?:s|ed|ing)?)\s+up
    |(?:walk|stroll|march|stagger|stumbl|hurr|rush|burst|saunter)\w*\s+(?:in|into|up))\b
    [^,.;:!?]*?\b(?P<load>with\s+(?:a|an|the|his|her|its|their|some|two|three|four|five)\s+(?:\w+\s*){1,6})""",
    re.IGNORECASE | re.VERBOSE,
)
_NO_LOADS = frozenset(
    """smile grin frown sigh laugh shout cry limp start bang sniff yawn jump skip hop spring flourish vengeance
    crash bump clatter thud swagger face look air expression voice grace plan idea question news story song""".split()
)
_CALLING = frozenset(["cry"])  # "“Thief!” cried Pip"
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
    if _DENIED.search(text, 0, last.start):
        return None
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
    if _said_by(text, group) and (goes_on := _beside_saying(text, last.end)):
        return goes_on
    made = _made_to(text, group)
    if made is not None:
        return made
    if beside is None or (beside["apart"] and last.doer is not None and not beside["who"]):
        return None
    word = beside["word"].lower()
    doing = word.endswith("ing") and word not in _NO_VERBS and may_be_verb(word)
    laden = _BESIDE_LADEN.match(text, last.end)
    return last.end if beside["who"] or doing or laden is not None or word in ("asleep", "awake") else None


def without_load(clause: str) -> str:
    """Returns the words without those that say what somebody carries: "with half a boat in his arms"."""
    bare = _LADEN.sub(" ", clause)
    brought = _BROUGHT.search(bare)
    if brought is None or not _is_load(brought["load"]):
        return bare
    return bare[: brought.start("load")] + bare[brought.end("load") :]


def _is_load(words: str) -> bool:
    found = WORD.findall(words.lower())[2:5]
    return not any(
        word in _NO_LOADS or word in PEOPLE or is_of_the_body(word) or word in _COVERS for word in found
    )


def _verb_shared(text: str, first: Expression) -> int | None:
    """Returns where a verb begins that tells of these people too: "eaten by Otto", "dances with Otto"."""
    before = list(WORD.finditer(text, max(0, first.start - _WINDOW), first.start))
    words = [match.group().lower() for match in before]
    if words[-1:] == ["by"]:
        told = [match for match in before[:-1] if is_participle(match.group().lower())]
        return told[-1].start() if told else None
    if words[-1:] == ["with"]:
        return _verb_together(text, before[:-1], first.start)
    return before[-1].start() if words and is_form_of(words[-1], _CHASING) else None


def _verb_together(text: str, before: Sequence[re.Match[str]], place: int) -> int | None:
    """Returns where a verb begins that people do together: "eats a bun with Otto"."""
    for match in reversed(before):
        if _BREAK.search(text, match.start(), place):
            return None
        if is_form_of(match.group().lower(), _TOGETHER):
            return match.start()
    return None


def _said_by(text: str, group: Sequence[Expression]) -> bool:
    """Returns whether these people say what stands before them: "“Yes,” says Otto"."""
    before = WORD.findall(text[max(0, group[0].start - _WINDOW) : group[0].start])
    opens = text[: group[0].start].rstrip()
    said = bool(before) and is_saying(before[-1].lower())
    return said and opens[: len(opens) - len(before[-1])].rstrip()[-1:] in tuple("\",.!?\u201d\u2019'")


def _beside_saying(text: str, place: int) -> int | None:
    """Returns where the words begin that tell what a speaker does while speaking or next; None if there are none."""
    ends = _ENDS.search(text, place)
    for match in _BESIDE_SAYING.finditer(text, place, ends.start() if ends else len(text)):
        word = match["word"].lower()
        joined = not match.group().lstrip().startswith(",") or " " in match.group().strip(", ")
        if word.endswith("ing") and word not in _NO_VERBS and may_be_verb(word):
            return match.start("word")
        if joined and is_finite(word):
            return match.start("word")
    return None


def _made_to(text: str, group: Sequence[Expression]) -> int | None:
    """Returns where the words begin that tell what somebody makes or sees these people do; None if there are none.

    Examples are "sees Rosa wave" and "teaches Rosa to waltz".
    """
    place = group[-1].end
    before = WORD.findall(text[max(0, group[0].start - _WINDOW) : group[0].start].lower())
    following = _TO_DO.match(text, place)
    if not before or following is None:
        return None
    if is_form_of(before[-1], _TEACHING) and following["to"]:
        return following.start("word")
    word = following["word"].lower()
    seen = not following["to"] and may_be_verb(word) and controls(before[-1], word)
    return place if seen else None


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
    said = (is_saying(verb) or is_form_of(verb, _CALLING)) and not is_form_of(verb, _READING)
    return before[-1].start() if acts and not said else None
