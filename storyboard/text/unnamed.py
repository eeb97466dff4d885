"""Whether a sentence speaks of people otherwise than by a name or a pronoun: "the boy", "all three", "the other one".

There is no dictionary here, so whether a word behind "two" or "old" is what is counted or described is a guess by the
words that cannot be: a verb, a preposition, the end. Knows neither torch, gradio nor stories.
"""

from __future__ import annotations

from storyboard.text.captions import ReadSentence
from storyboard.text.word_classes import (
    AUXILIARIES,
    COMPLEMENTERS,
    COORDINATORS,
    COUNTING,
    PEOPLE,
    PREPOSITIONS,
    SUBORDINATORS,
    WORD,
    is_counted,
    is_finite,
    is_manner,
)

_SMALL = PREPOSITIONS | COORDINATORS | SUBORDINATORS | COMPLEMENTERS | AUXILIARIES
_SEVERAL = frozenset("all both two three four five six seven eight nine ten".split())
_SET_PHRASES = {("other", "each"), ("one", "by")}  # a word and the one before it
_THEM = frozenset("them the us these those".split())


def speaks_of_others(sentence: ReadSentence) -> bool:
    """Returns whether a sentence may be about more people than its names and pronouns tell."""
    words = [
        one
        for one in WORD.finditer(sentence.text)
        if not any(mention.start <= one.start() < mention.end for mention in sentence.mentions)
    ]
    lower = [one.group().lower() for one in words]
    named = {one.start for one in sentence.mentions}
    for place, word in enumerate(lower):
        if word in PEOPLE:
            return True
        end = words[place].end()
        if (word, *lower[:place][-1:]) in _SET_PHRASES:
            continue
        if word in COUNTING and end + 1 not in named:  # "both Rosa and Milo" are those who are named
            next_to = place + 1 < len(words) and sentence.text[end : words[place + 1].start()].isspace()
            if _counts_people(word, lower[place + 1 : place + 3] if next_to else []):
                return True
    return False


def _counts_people(word: str, following: list[str]) -> bool:
    """Whether a word for how many or for what age stands for people itself: not in "two hours" or "all over town"."""
    if not following:
        return True
    after = following[0]
    if after == "of":
        return following[1:2] == [] or following[1] in _THEM
    if after in PREPOSITIONS:
        return word not in ("all", "one")  # "all over", "one by one"
    if word in _SEVERAL:
        return not is_counted(after)
    return after in _SMALL or is_manner(after) or is_finite(after)
