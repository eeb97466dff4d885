"""People whom a sentence counts instead of naming them: "all three", "the two women", "the other two", "both of them".

These rules decide whom such words mean only if exactly this number of people fits. Otherwise the model decides. Knows
neither torch, gradio nor stories.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from storyboard.text.candidates import Person
from storyboard.text.captions import Binding, Pronoun, ReadSentence, find_pronouns, listed, read_sentence
from storyboard.text.forms import is_plural, may_be_verb
from storyboard.text.preferences import SUREST, readings_together
from storyboard.text.presence import named_there
from storyboard.text.word_classes import (
    AUXILIARIES,
    COORDINATORS,
    OPENING_ADVERBS,
    PREPOSITIONS,
    is_counted,
    is_finite,
    is_manner,
)

_COUNTS = {
    "two": 2, "both": 2, "neither": 2, "pair": 2, "duo": 2, "couple": 2, "three": 3, "trio": 3, "four": 4,
}  # fmt: skip
# Nouns that may be counted -> the pronoun of such people; "" for any pronoun.
_NOUNS = {
    **dict.fromkeys(("women", "ladies", "girls"), "she"),
    **dict.fromkeys(("men", "gentlemen", "boys"), "he"),
    **dict.fromkeys(
        """friends people pals mates chums children kids grown-ups adults neighbours neighbors companions partners
        teammates team-mates rivals opponents champions winners losers players singers dancers musicians artists
        painters cooks bakers chefs gardeners farmers builders inventors scientists explorers travellers travelers
        detectives spies heroes pirates sailors robbers thieves burglars rascals culprits conspirators plotters readers
        runners swimmers sleepers dreamers helpers workers guests visitors strangers""".split(),
        "",
    ),
}
_GROUP = re.compile(
    rf"""(?<![\w-])(?:
        (?:(?P<all>all)|the(?P<other>\s+other)?)\s+(?P<count>two|three|four)|(?P<both>both)
        |the\s+(?P<pair>pair)(?=\s+of\s+them)|(?P<some>two|three|four)(?=\s+of\s+them)
        |the\s+(?P<team>pair|duo|couple|trio)(?=\s+[^\W\d_])|(?P<neither>neither)(?=\s+[^\W\d_])
        |the\s+(?P<kind>women|men|ladies|gentlemen|girls|boys)(?![\w'\u2019-])
    )(?:\s+(?P<them>of\s+them)|\s+(?:of\s+the\s+)?(?P<noun>{"|".join(_NOUNS)}))?(?![\w-])""",
    re.IGNORECASE | re.VERBOSE,
)
_ALL_OF = re.compile(r"(?<!\w)all\s+of\s+$", re.IGNORECASE)
_ALL_BEHIND = re.compile(
    r"\s+(?:were\s+|are\s+|had\s+|have\s+)?all\b(?!\s+(?:the|day|night|over|at|alone)\b)", re.IGNORECASE
)
_ALL = 3  # "all" of two people would be "both"
_PHRASE = re.compile(r"\s+(?P<how>\w+)\s+(?P<things>\w+)(?P<of>\s+of\b)?")
_NEXT = re.compile(r"\s*(?P<mark>[^\w\s])|\s+(?P<word>\w+)|\s*$")


def counts_people(caption: str) -> bool:
    """Returns whether a sentence may count people at all. Earlier sentences are read only if it may."""
    return _GROUP.search(caption) is not None or any(_is_all(caption, one) for one in find_pronouns(caption))


def name_groups(caption: str, cast: Sequence[Person], earlier: Sequence[ReadSentence]) -> str:
    """Returns the sentence with names in place of words that only count people.

    An example is "All three eat." after "Rosa, Milo and Pip run."

    earlier: the sentences before it, oldest first, read for the names of `cast`. "The two of them" is a pronoun and
    stays (see `counted_pronouns`).
    """
    for found in reversed(list(_GROUP.finditer(caption))):
        if not found["them"] and _is_of_people(found, caption):
            names = _whom(found, caption, cast, earlier)
            if names:
                people = (
                    " nor ".join(["neither " + names[0], *names[1:]]) if found["neither"] else listed(names)
                )
                people = people[0].upper() + people[1:] if found.group()[0].isupper() else people
                caption = caption[: found.start()] + people + caption[found.end() :]
    return caption


def counted_pronouns(
    sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]
) -> tuple[Binding, ...]:
    """Returns whom the counted pronouns of `sentence` stand for: "the two of them", "both of them"."""
    counted = {found.end(): found for found in _GROUP.finditer(sentence.text) if found["them"]}
    decided = []
    for occurrence, pronoun in enumerate(sentence.pronouns):
        names = []
        if pronoun.end in counted:
            names = _whom(counted[pronoun.end], sentence.text, cast, earlier)
        elif _is_all(sentence.text, pronoun):
            names = _everybody(sentence, cast, earlier)
        if names:
            decided.append(Binding(pronoun.word, occurrence, tuple(names), SUREST))
    return tuple(decided)


def _is_all(text: str, pronoun: Pronoun) -> bool:
    """Returns whether "all" says that a pronoun means at least three: "they all", "all of them"."""
    if pronoun.word == "they":
        return _ALL_BEHIND.match(text, pronoun.end) is not None
    return pronoun.word == "them" and _ALL_OF.search(text, 0, pronoun.start) is not None


def _everybody(sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]) -> list[str]:
    """Returns whom "they all" means: the three people who were shown latest; nobody if there are more or fewer."""
    if sentence.names:
        return []
    told = _latest([named_there(read) for read in earlier], set(), set(), _ALL)
    return [one.name for one in cast if one.name in told] if len(told) == _ALL else []


def _is_of_people(found: re.Match[str], caption: str) -> bool:
    """Returns whether people are counted: not in "the two buns", "both hands" or "both Rosa and Milo"."""
    if found["noun"]:
        return True
    following = _NEXT.match(caption, found.end())
    written = (following["word"] or "") if following else ""
    word = written.lower()
    if found["both"]:
        # In another place "both" says no more than "they" does: "They both wave."
        before = caption[: found.start()].rstrip()
        opens = not before or before[-1] in ".!?:;"
        joins = before.endswith(",") or before.rpartition(" ")[2].lower() in COORDINATORS | OPENING_ADVERBS
        acts = word in AUXILIARIES or (may_be_verb(word) and not is_plural(word))
        return written.islower() and ((opens and not is_counted(word)) or (joins and acts))
    if found["team"] or found["neither"]:
        bare = found["team"] and may_be_verb(word) and word not in PREPOSITIONS
        return bool(bare) or word in AUXILIARIES or is_manner(word) or is_finite(word)
    return not word or not (is_counted(word) or _describes(found.end(), caption))


def _describes(start: int, caption: str) -> bool:
    """Returns whether the word at `start` says how counted things are: "the two thin lines of a sledge"."""
    following = _PHRASE.match(caption, start)
    if not following or not is_counted(following["things"]):
        return False
    return following["of"] is not None or not may_be_verb(following["how"].lower())


def _whom(
    found: re.Match[str], caption: str, cast: Sequence[Person], earlier: Sequence[ReadSentence]
) -> list[str]:
    """Returns the people who are counted, in the order of the cast; nobody if another number of people fits."""
    said = next(filter(None, map(found.group, ("count", "both", "pair", "some", "team", "neither"))), "two")
    count = _COUNTS[said.lower()]
    pronoun = _NOUNS.get((found["noun"] or found["kind"] or "").lower(), "")
    fitting = {one.name for one in cast if not pronoun or one.pronoun == pronoun}
    names = {one.name: one.aliases for one in cast}
    sentence = read_sentence(caption, names)
    before = {one.name for one in sentence.mentions if one.end <= found.start()} & fitting
    if len(before) == count and not found["other"]:
        return [one.name for one in cast if one.name in before]
    likeliest = readings_together(sentence, cast, earlier)[0].meant
    meant = {name for start, who in likeliest.items() if start < found.start() for name in who} & fitting
    here = before | meant  # "She meets Milo, and the two of them dance."
    if len(here) == count and not found["other"]:
        return [one.name for one in cast if one.name in here]
    # "All" includes the people of this sentence. Without "all", a person who is named beside the counted people usually
    # does something else. But the person may also be one of them: "So the three of them ate for six, Otto alone for
    # four."
    known = before if found["all"] else set()
    apart: list[set[str]] = [set()]
    if not found["all"]:
        apart.insert(0, {*sentence.names, *meant})
    shown = [named_there(read) & fitting for read in earlier]
    for others in apart:
        told = _latest(shown, others, known, count)
        if len(told) > count and not found["all"]:
            told = next((group for one in reversed(shown) if len(group := one - others) == count), set())
        if told:
            fits = len(told) == count or found["kind"]
            return [one.name for one in cast if one.name in told] if fits else []
    return []


def _latest(shown: Sequence[set[str]], others: set[str], known: set[str], count: int) -> set[str]:
    """Returns the people whom the latest sentences show, without `others`, together with those `known`.

    It goes back only until they are `count` or more. Empty if they never are.
    """
    for people in reversed(shown):
        known = known | (people - others)
        if len(known) >= count:
            return known
    return set()
