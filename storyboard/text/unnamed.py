"""Decides whether a sentence speaks of people without names or pronouns: "the boy", "all three", "the other one".

There is no parser here. So these rules guess whether "two" or "old" has a noun behind it. It has none if the next word
is a verb or a preposition, or if nothing follows. Knows neither torch, gradio nor stories.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from storyboard.text.belongings import is_only_maker, shows_owner
from storyboard.text.captions import ReadSentence
from storyboard.text.departures import is_away
from storyboard.text.forms import is_plural, part_of
from storyboard.text.phrases import Tokens, tokens_of
from storyboard.text.speech import unspoken
from storyboard.text.things import is_things
from storyboard.text.topics import is_only_topic
from storyboard.text.word_classes import (
    AUXILIARIES,
    COMPLEMENTERS,
    COORDINATORS,
    COUNTING,
    DETERMINERS,
    PEOPLE,
    PREPOSITIONS,
    SUBORDINATORS,
    is_counted,
    is_finite,
    is_manner,
)

_SMALL = PREPOSITIONS | COORDINATORS | SUBORDINATORS | COMPLEMENTERS | AUXILIARIES
_NUMBERS = frozenset("two three four five six seven eight nine ten".split())
_AGES = frozenset("old young elder younger eldest youngest oldest smallest tallest".split())
_SET_PHRASES = {("other", "each"), ("one", "by")}  # a word and the one before it
_THEM = frozenset("them the us these those".split())
_WHOSE = frozenset("them they we us you it".split())  # "they all" means the people of the pronoun
# A number behind these words tells the time, a page and the like: "at three", "by half past nine", "page two".
_BEFORE_NUMBERS = frozenset(
    "at by past till until around about before after since page chapter number verse line platform half minus".split()
)
_BEFORE_ALL = frozenset("after at of in above for".split())  # "after all", "at all", "first of all"
_NOBODY = frozenset("nobody no-one noone anyone anybody".split())
_EFFIGIES = frozenset(
    "gingerbread snow toy paper straw wooden tin stone clay chocolate marzipan sugar wax".split()
)
# "The blue one" and "a second one" are things.
_OF_THINGS = frozenset(
    """red green blue yellow white black brown pink purple orange grey gray golden silver striped wooden second third
    fourth fifth broken empty full""".split()
)
# "Milo, a baker, waves", "Juno is the new teacher": no second person.
_IS_THE_SAME = re.compile(
    r"(?:\s*,|\s+(?:is|was|becomes|became|plays?|played))\s+(?:an?|the|our|his|her|its|their)\s+(?:[a-z][\w'\u2019-]*\s+){0,3}",
)
_NO_NOUNS = frozenset(
    "himself herself itself themselves inside outside next home today tonight yesterday".split()
)
_NAME = "\0"
_FOND = frozenset("poor dear old little young good big small tall other new kind whole".split())


def speaks_of_others(sentence: ReadSentence, earlier: Sequence[ReadSentence] = ()) -> bool:
    """Returns whether a sentence may be about more people than its names and pronouns tell.

    earlier: the sentences before it, oldest first. They matter for "every one of them", which may mean buns. Words in
    quotation marks do not count, and neither do people who have gone or are only thought of: "After the others left".
    """
    tokens = tokens_of(unspoken(sentence.text))
    named = [(one.start, one.end) for one in sentence.mentions]
    for place, word in enumerate(tokens.words):
        start, end = tokens.starts[place], tokens.ends[place]
        if word.endswith("'s") and shows_owner(tokens.behind(end)):
            word = word.removesuffix("'s")  # "his sister's arm"
        if not (word in PEOPLE or word in COUNTING):
            continue
        if any(first <= start < last for first, last in named):
            continue
        before, following = _around(tokens, place, named)
        if _is_the_same(sentence, start, following):
            continue
        if word == tokens.words[place] and _is_part_of_noun(word, following):
            continue
        somebody = _is_somebody if word in PEOPLE else _counts_people
        if not somebody(word, before, following) or _is_absent(tokens, start, end):
            continue
        # "Every one of them" counts what "them" stands for.
        counted = tokens.starts[place + 2 : place + 3] if following[:1] == ("of",) else ()
        if not any(one.start in counted and is_things(sentence, one, earlier) for one in sentence.pronouns):
            return True
    return False


def _around(
    tokens: Tokens, place: int, named: Sequence[tuple[int, int]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the words before a token, and up to three words behind it, which end at a mark.

    Each word of a name behind it is _NAME.
    """
    behind = []
    for index in range(place + 1, min(place + 4, len(tokens.words))):
        if not tokens.words[index][0].isalnum():
            break
        name = any(first <= tokens.starts[index] < last for first, last in named)
        behind.append(_NAME if name else tokens.words[index])
    return tokens.before(tokens.starts[place]), tuple(behind)


def _is_somebody(word: str, before: Sequence[str], following: Sequence[str]) -> bool:
    """Returns whether a word means a person who is there, unlike "nobody", "a washing machine" and "like a king"."""
    if before[-1:] == ("as",) and following[:1] in (("knows",), ("knew",)):
        return False
    if word in _NOBODY or before[-1:] in (("no",), ("oh",)):
        return False
    last = before[-1] if before else ""
    if last in _EFFIGIES or (word == "machine" and last not in DETERMINERS | _FOND):
        return False
    rest = [one for one in before if one not in _FOND]
    return not (rest[-1:] in (["a"], ["an"]) and rest[-2:-1] in (["like"], ["as"], ["than"]))


def _is_the_same(sentence: ReadSentence, start: int, following: Sequence[str]) -> bool:
    """Returns whether the word at `start` says what somebody is who is named before it: "Milo, a baker, waves"."""
    named = any(_IS_THE_SAME.fullmatch(sentence.text, one.end, start) for one in sentence.mentions)
    return named and following[:1] != ("and",)  # "Rosa, a boy and Milo" are three


def _is_part_of_noun(word: str, following: Sequence[str]) -> bool:
    """Returns whether a word for a person only says what kind of thing follows: "his sailor suit"."""
    after = following[0] if following else _NAME
    if word not in PEOPLE or is_plural(word) or after == _NAME or is_manner(after) or is_finite(after):
        return False
    return after not in _SMALL | DETERMINERS | _NO_NOUNS and part_of(after) == "noun"


def _counts_people(word: str, before: Sequence[str], following: Sequence[str]) -> bool:
    """Returns whether a number or an age stands for people by itself, unlike "two hours" and "all over town"."""
    last = before[-1] if before else ""
    after = following[0] if following else ""
    if (word, last) in _SET_PHRASES or last in _WHOSE or (word == "each" and last == ","):
        return False  # "run Pip and Otto, each with a bun"
    if after == _NAME:
        return False  # "both Rosa and Milo" are named people
    if after == "of":
        return following[1:2] == () or following[1] in _THEM
    if word == "all":
        return last not in _BEFORE_ALL and (after in _NUMBERS | AUXILIARIES | {""} or is_finite(after))
    if word in ("one", "each"):
        if last in _OF_THINGS:
            return False
        return after in AUXILIARIES | {"who"} or is_finite(after)
    if word in _NUMBERS:
        return last not in _BEFORE_NUMBERS and not _is_measured(following)
    if word in _AGES and last not in DETERMINERS:
        return False
    if word == "other" and "one" in before:
        return False  # "on one leg and then on the other"
    if after in PREPOSITIONS or not after:
        return True
    if word == "both":
        return not is_counted(after)
    return after in _SMALL or is_manner(after) or is_finite(after)


def _is_measured(following: Sequence[str]) -> bool:
    """Returns whether the thing that is counted follows: "buns", "red apples"."""
    for word in following:
        if word in _SMALL | DETERMINERS or is_manner(word):
            return False
        if is_counted(word):
            return True
    return False


def _is_absent(tokens: Tokens, start: int, end: int) -> bool:
    before, behind = tokens.before(start), tokens.behind(end)
    while before and (before[-1] in DETERMINERS or before[-1] in _FOND):
        before = before[:-1]
    told = is_only_topic(before, behind) or is_only_maker(before, behind)
    return told or is_away(before, behind, contrasted=False)
