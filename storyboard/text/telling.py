"""Decides which words of a clause can tell what somebody does: not those for what is denied, over, nearby or looked at.

Knows no deeds and no people.
"""

from __future__ import annotations

import re

from storyboard.text.word_classes import (
    AUXILIARIES,
    COORDINATORS,
    DETERMINERS,
    PREPOSITIONS,
    SUBORDINATORS,
    WORD,
)

_ON = r"(?!(?:and|but|then|or|who)\b)\w+\s+"  # a word of the same part of the clause
# "Among the flowers", "next to a drum": things that are only near somebody tell no deed.
_NEARBY = re.compile(
    rf"""\b(?:in|into|among|near|beside|beneath|by|behind|around|at|to|past|through|between|onto)\s+(?:{_ON}){{0,2}}$""",
    re.IGNORECASE,
)
# "Huddled beneath one umbrella" tells what it is for.
_COVERS = frozenset("umbrella umbrellas parasol parasols brolly".split())
_UNDER = re.compile(r"\b(?:under|beneath|underneath|below)\s+(?:\w+\s+){0,4}$", re.IGNORECASE)
# What people look at, wait for, like, lack or cook is not what they do.
_LOOKED_AT = re.compile(
    rf"""\b(?:(?:look|star|gaz|peer|glanc|gap)\w*\s+(?:\w+\s+)?(?:at|for|towards?|through)|wait\w*\s+for
    |(?:dream|think|talk)\w*\s+(?:of|about)|(?:watch|guard|admir|inspect|examin|smell|want|lik|lov|forg[eo]t|los|left|lack|need
    |miss|bak|cook|prepar|serv|sell|sold|buy|bought|order|slic|feed|fed)\w*)
    \s+(?:{_ON}){{0,3}}$""",
    re.IGNORECASE | re.VERBOSE,
)
_NEGATED = re.compile(
    r"(?:\b(?:not|never|without|neither|nor|cannot)|n['\u2019]t)(?:\s+(?!and\b|but\b|or\b|so\b)\w+){0,3}\s+$",
    re.IGNORECASE,
)
# Who stops painting paints no more.
_ENDED = re.compile(
    r"""\b(?:stop(?:s|ped)?|quits?|finish(?:es|ed)?|g[ia]ves?\s+up|too\s+\w+\s+to|instead\s+of|rather\s+than
    |(?:refuse[sd]?|forg[eo]ts?|fail(?:s|ed)?)\s+to)\s+$""",
    re.IGNORECASE | re.VERBOSE,
)
_NEVER_ENDED = re.compile(r"(?:\b(?:not|never|cannot)|n['\u2019]t)\s+stop\w*\s+$", re.IGNORECASE)
# "Has swept the floor and is eating" tells of eating.
_PAST = re.compile(
    r"""^\s*(?:had|has|have|'d|'ve)\s+(?!been\b)[^,.;]*?,?\s+(?:and|but)\s+(?:now\s+)?
    (?=(?:is|are|was|were)\s+\w+ing\b)""",
    re.IGNORECASE | re.VERBOSE,
)
# Who lays a table does not lie, who plants a tree does not water it, who cries "Thief!" sheds no tears, and who runs a
# shop does not run.
_SAYS_NOTHING = re.compile(
    r"""(?:lay|lays|laid|laying)\s+(?:a|an|the|his|her|its|their|out)\b
    |(?:planted|planting|plant|plants)\s+(?:a|an|the|his|her|out|some|in)\b
    |lied\b|r(?:an|un|uns|unning)\s+(?:out\s+of\s+(?!the|his|her|a\b)|(?:a|an|the|his|her)\s+(?!(?:\w+\s+)?(?:race|marathon
    |mile|lap|laps|length|errand|way)\b))
    |cr(?:y|ies|ied|ying)\s+(?:out\b|[,:]\s*["\u201c])|cr(?:y|ies|ied|ying)[,:]\s*["\u201c]""",
    re.IGNORECASE | re.VERBOSE,
)
_PARTICLE = re.compile(r"\b(?:in|past|by|around|through|along|over)\s+$", re.IGNORECASE)
_QUALITIES = frozenset(
    "red green blue yellow white black brown old young new big small little huge tiny long short good bad".split()
)
_GROWING = frozenset("tree trees bush bushes orchard stall shop seller".split())
_NO_NOUNS = PREPOSITIONS | AUXILIARIES | COORDINATORS | SUBORDINATORS | DETERMINERS


def may_tell(clause: str, start: int, end: int, verb: bool) -> bool:
    """Returns whether the words at [start:end] of a clause may tell a deed. verb: whether they are its verb."""
    before, words = clause[:start], clause[start:end].lower()
    if tells_nothing(clause, start, end, verb) or _is_describing(clause, start, end, verb):
        return False
    if verb and words.endswith("ing") and _PARTICLE.search(before):
        return True  # "bursts in waving a letter"
    return bool(words in _COVERS and _UNDER.search(before)) or not _NEARBY.search(before)


def tells_nothing(clause: str, start: int, end: int, verb: bool) -> bool:
    """Returns whether words tell what is not done or only looked at, or stand in a phrase that tells something else."""
    before = clause[:start]
    if _NEVER_ENDED.search(before):
        return False
    if _NEGATED.search(before) or _ENDED.search(before) or _SAYS_NOTHING.match(clause, start):
        return True
    return clause[start:end].lower() in _QUALITIES or (not verb and _LOOKED_AT.search(before) is not None)


def without_past(clause: str) -> str:
    """Returns the words without a deed that is over, if they also tell what is done now."""
    return _PAST.sub(" ", clause)


def _is_describing(clause: str, start: int, end: int, verb: bool) -> bool:
    """Returns whether a word only says which person or thing is meant: "the sleeping boy", "under the pear tree"."""
    match = WORD.match(clause, end + 1)
    if match is None:
        return False
    before, after = WORD.findall(clause[:start].lower()), match.group().lower()
    described = before != [] and before[-1] in DETERMINERS and after not in _NO_NOUNS
    return (not verb and after in _GROWING) or (clause[start:end].lower().endswith("ing") and described)
