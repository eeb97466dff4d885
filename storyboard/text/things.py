"""Decides whether a "them" means things: "Rosa and Juno pick apples." / "Otto carries them home."

It looks for a plural noun that was introduced, and at the verb: people fold sheets, but greet other people. Knows
neither torch, gradio nor stories.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from storyboard.text.belongings import is_of_the_body
from storyboard.text.captions import Pronoun, ReadSentence
from storyboard.text.forms import is_plural, may_be_verb
from storyboard.text.phrases import is_form_of, tokens_of
from storyboard.text.word_classes import (
    COMPLEMENTERS,
    COORDINATORS,
    PEOPLE,
    PREPOSITIONS,
    SUBORDINATORS,
    is_finite,
    is_manner,
)

FRAMES = 3  # earlier frames whose things may still be meant
# What is done to things, and almost never to people. "bear" and "stand" are here for "cannot bear them".
_TO_THINGS = frozenset(
    """eat drink wash dry fold hang iron peel chop slice cook bake boil fry burn pick gather collect pluck plant water
    grow sow dig carry pack unpack wear put tie button open close shut lock break mend repair fix sew knit stitch read
    write sign post send sell buy steal lose drop throw toss juggle pour fill empty spill wipe sweep light blow count
    sort stack pile string thread wrap unwrap hide serve taste try swallow nibble chew polish lay spread scatter have
    own bear stand borrow lend keep sharpen deal shuffle switch turn swap bite lick tear rip crack shell load unload
    hammer nail glue stick""".split()
)
# What is done to people.
_TO_PEOPLE = frozenset(
    """meet greet hug kiss thank call tell ask join wake teach invite chase lead scold help comfort introduce marry
    visit tickle warn show give hand offer bring promise answer lend send serve frighten surprise scare beg
    order allow let make interrupt""".split()
)
_GIVING = frozenset("lend send serve give hand offer bring show write".split())
# "A row of them" means things, but "a pair of them" and "a couple of them" may mean people.
_HEAPS = frozenset(
    """row heap pile handful fistful armful mouthful bunch basket bag bucket bowl plate plateful slice box crate stack
    tray pinch jar pot cup glass spoonful bite bundle sack barrel string batch""".split()
)
_SHARES = frozenset(
    """every each one two three four five six seven eight nine ten twelve dozen all most many some none any half both
    several few a""".split()
)
_INTO = frozenset("in inside into on onto".split())
_TIMES = frozenset(
    """second minute hour day week month year night morning evening afternoon time moment o'clock season summer winter
    spring autumn""".split()
)
_PAIRS = frozenset(
    "trousers pyjamas scissors spectacles goggles glasses shorts binoculars jeans tights".split()
)
_NOT_BEFORE = COORDINATORS | COMPLEMENTERS | frozenset("he she it they to who not".split())
_AFTER = PREPOSITIONS | COORDINATORS | SUBORDINATORS | {"all", "both", "again", "too", "away"}


def is_things(sentence: ReadSentence, pronoun: Pronoun, earlier: Sequence[ReadSentence]) -> bool:
    """Returns whether this "them" means several things that this sentence or one of `earlier` introduced."""
    if pronoun.word != "them":
        return False
    before = tokens_of(sentence.text).before(pronoun.start)
    behind = tokens_of(sentence.text).behind(pronoun.end)
    here = [place for place in _plurals(sentence) if place < pronoun.start]
    if behind[:1] == ("both",) and not here:
        return False
    if before[-1:] == ("of",) and before[-2:-1]:
        if before[-2].removesuffix("s") in _HEAPS:
            return True
        before = _before_share(before[:-1])
        if before[-1:] != () and before[-1] in _INTO:
            return bool(here) or any(_plurals(one) for one in earlier[-FRAMES:])  # "in one of them"
        if not here and not is_form_of(next(reversed(before), ""), _TO_THINGS):
            return False
    verb = next((one for one in reversed(before) if not is_manner(one)), "")
    to_things = verb == "without" or is_form_of(verb, _TO_THINGS)
    if is_form_of(verb, _GIVING) and behind and behind[0] not in _AFTER and behind[0].isalnum():
        return False  # "gives them apples"
    if is_form_of(verb, _TO_PEOPLE) and not is_form_of(verb, _GIVING):
        return False
    named = [one.end for one in sentence.mentions if one.end <= pronoun.start]
    if here:
        return to_things or len(named) < 3
    if to_things:
        return any(_plurals(one) for one in earlier[-FRAMES:])
    return len(named) < 2 and bool(earlier) and _are_left(earlier[-1], verb)


def are_left(earlier: Sequence[ReadSentence]) -> bool:
    """Returns whether the last sentence introduced several things that a "they" may mean: "Nana keeps bees"."""
    return bool(earlier) and bool(_plurals(earlier[-1]))


def _before_share(before: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the words before "every one of", "most of", "both of"."""
    while before and before[-1] in _SHARES:
        before = before[:-1]
    return before


def _are_left(last: ReadSentence, verb: str) -> bool:
    """Returns whether the last frame has at most one person, and several things: "Otto had lost Otto's glasses"."""
    return len(last.names) < 2 and verb not in PREPOSITIONS and bool(_plurals(last))


@lru_cache(maxsize=4096)
def _plurals(sentence: ReadSentence) -> tuple[int, ...]:
    """Returns the places of the plural nouns that are neither people, nor parts of the body, nor times."""
    tokens = tokens_of(sentence.text)
    ends = {one.end for one in sentence.mentions}
    found = []
    for index, word in enumerate(tokens.words):
        start = tokens.starts[index]
        if not (is_plural(word) or word in _PAIRS) or _is_no_thing(word):
            continue
        if any(one.start <= start < one.end for one in sentence.mentions):
            continue
        previous = tokens.words[index - 1] if index else ""
        subject = index and tokens.ends[index - 1] in ends
        if word not in _PAIRS and may_be_verb(word) and (subject or not _is_before_noun(previous)):
            continue
        found.append(start)
    return tuple(found)


def _is_no_thing(word: str) -> bool:
    single = word.removesuffix("s")
    return word in PEOPLE or single in PEOPLE or single in _TIMES or is_of_the_body(word)


def _is_before_noun(previous: str) -> bool:
    """Returns whether a word that may also be a verb is a noun after `previous`: "the plates", "sells flowers"."""
    if not previous or not previous[0].isalnum() or previous in _NOT_BEFORE or is_manner(previous):
        return False
    return previous not in PEOPLE and (is_finite(previous) or not is_plural(previous))
