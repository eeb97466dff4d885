"""Sentences about three or more people or groups who each do something else.

Each form is one function. Its docstring is an example of a sentence.
"""

from __future__ import annotations

from .extras import opener
from .inflection import finite
from .people import mention
from .sentence import Plan, Sentence
from .tables import one_of
from .templates import clause, verb_phrase
from .verbs import choose_deed, say_deed
from .where import front_place, say_place, say_way

Names = tuple[str, ...]


def listed(s: Sentence, *groups: Names) -> None:
    """ "Rosa waves, Milo reads and Pip waits at the shore." """
    opener(s)
    front_place(s, 0.4)
    aspect = "progressive" if s.chance(0.3) else "simple"
    for index, names in enumerate(groups):
        if index:
            s.put(", and" if index == len(groups) - 1 else ",", glued=True)
        subject = mention(s, names)
        say_deed(s, subject, choose_deed(s, names), aspect, adverb=False)
    say_place(s, 0.05)


def three_while(s: Sentence, *groups: Names) -> None:
    """ "While Rosa waves and Milo reads, Pip waits at the shore." """
    s.put("while")
    for index, names in enumerate(groups):
        s.put(("", "and", ",")[index], glued=index == 2)
        subject = mention(s, names)
        say_deed(s, subject, choose_deed(s, names, plain=True), adverb=False)
    say_place(s)


def three_sentences(s: Sentence, *groups: Names) -> None:
    """ "Rosa waves at the shore. Milo is reading, and Pip waits." """
    opener(s)
    front_place(s)
    subject = mention(s, groups[0])
    say_deed(s, subject, choose_deed(s, groups[0]))
    say_place(s)
    s.stop()
    if s.chance(0.5):
        clause(s, one_of("people", "near", s.tags(groups[0]), s.rng), subject)
        s.comma()
    subject = mention(s, groups[1])
    say_deed(s, subject, choose_deed(s, groups[1]), adverb=False)
    s.put(s.rng.choice((", and", "while")))
    subject = mention(s, groups[2])
    say_deed(s, subject, choose_deed(s, groups[2]), adverb=False)


def together_listed(s: Sentence, *groups: Names) -> None:
    """ "The three of them go to the shore. Rosa waves, Milo reads and Pip waits." """
    everybody = tuple(name for names in groups for name in names)
    subject = mention(s, everybody)
    if s.moved:
        verb_phrase(s, one_of("verbs", "go", s.tags(everybody) | {"company"}, s.rng), subject, "finite")
        say_way(s)
    else:
        s.put(finite("be", s.discourse.past, subject.many))
        clause(s, one_of("places", "still there", s.tags(everybody), s.rng))
    s.stop()
    listed(s, *groups)


PLANS_THREE: tuple[Plan, ...] = (
    (listed, 12, 0, None),
    (three_while, 6, 0, None),
    (three_sentences, 8, 0, None),
    (together_listed, 6, 0, None),
)
PLANS_MORE: tuple[Plan, ...] = (
    (listed, 2, 0, None),
    (together_listed, 1, 0, None),
)
