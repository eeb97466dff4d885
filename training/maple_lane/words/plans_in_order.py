"""Sentences about people who do things in sequence: they go somewhere, or do something else before the action.

Each form is one function. Its docstring is an example of a sentence.
"""

from __future__ import annotations

from .extras import opener, prelude, tail
from .people import by_pronoun, cataphora, mention, subject_of
from .sentence import Sentence, sure
from .tables import one_of
from .templates import verb_phrase
from .verbs import choose_deed, say_deed
from .where import say_place, say_reached, say_way

Names = tuple[str, ...]


def going(s: Sentence, names: Names) -> None:
    """ "Rosa walks down to the shore and waves." """
    opener(s)
    subject = mention(s, names)
    action = s.facts.person(names[0]).action
    runs, walks = action == "running" and s.chance(0.75), action == "walking"
    verb_phrase(
        s, one_of("verbs", f"go {action}" if runs or walks else "go", s.tags(names), s.rng), subject, "finite"
    )
    say_way(s)
    if runs or walks:
        tail(s, subject, 0.6)
        return
    if s.chance(0.2):
        s.comma()
        s.put("where")
        subject = mention(s, names, again=True)
        say_deed(s, subject, choose_deed(s, names, plain=True, begins=True), "simple", adverb=False)
    else:
        s.put("and")
        verb_phrase(s, choose_deed(s, names, plain=True, begins=True).template, subject, "finite")
    tail(s, subject, 0.25)


def arriving(s: Sentence, names: Names) -> None:
    """ "When she reached the shore, Rosa waved." """
    first = len(names) == 1 and cataphora(s, names[0]) and s.chance(0.6)
    s.put(s.rng.choice(("when", "as soon as", "once", "after", "the moment")))
    if first:
        subject = by_pronoun(s, subject_of(s, names))
    else:
        subject = mention(s, names)
    verb_phrase(s, s.rng.choice(("reach", "reach", "get to", "arrive at", "come to", "step into", "enter")
                               if "in" in s.tags() else ("reach", "get to", "come to", "arrive at")),
                  subject, "finite")  # fmt: skip
    say_reached(s)
    s.comma()
    subject = mention(s, names, again=not first, plain=first)
    say_deed(s, subject, choose_deed(s, names, begins=True), "simple", adverb=False)


def first_this(s: Sentence, names: Names) -> None:
    """ "Otto goes to the kitchen, washes his hands and eats a pear." """
    opener(s, 0.2)
    subject = mention(s, names)
    if s.moved:
        verb_phrase(s, one_of("verbs", "go", s.tags(names), s.rng), subject, "finite")
        say_way(s)
    else:
        verb_phrase(s, sure(prelude(s, names)), subject, "finite")
    if extra := prelude(s, names):
        s.comma()
        verb_phrase(s, extra, subject, "finite")
    s.put("and")
    verb_phrase(s, choose_deed(s, names, plain=True, begins=True).template, subject, "finite")


def having_done(s: Sentence, names: Names) -> None:
    """ "After washing his hands, Otto eats a pear in the kitchen." """
    subject, form = subject_of(s, names), s.rng.randrange(3)
    s.put(("having", "after", "before")[form])
    words = one_of("manner", "later", s.tags(names), s.rng) if form == 2 else sure(prelude(s, names))
    verb_phrase(s, words, subject, "done" if form == 0 else "ing")
    s.comma()
    subject = mention(s, names)
    say_deed(s, subject, choose_deed(s, names, plain=True, begins=True), "simple", adverb=False)
    say_place(s, 0)
