"""Sentences about people who all do the same.

Each form is one function. Its docstring is an example of a sentence. `PLANS_ONE` says when a form is possible.
"""

from __future__ import annotations

from collections.abc import Callable

from . import dialogue
from .extras import TAILS, duration, leading_participle, opener, prelude, relative, tail, without
from .inflection import finite
from .people import absent_person, by_pronoun, cataphora, mention, subject_of
from .plans_in_order import arriving, first_this, going, having_done
from .sentence import Plan, Sentence, sure
from .tables import one_of
from .templates import clause, verb_phrase
from .verbs import choose_deed, done_to, say_deed, say_ing, say_perfect
from .where import front_place, say_place, say_way, sight

Names = tuple[str, ...]


def _be(s: Sentence, many: bool) -> str:
    return finite("be", s.discourse.past, many)


def simple(s: Sentence, names: Names) -> None:
    """ "Rosa dashes across the park with a grin." """
    opener(s)
    front_place(s)
    subject = mention(s, names)
    say_deed(s, subject, choose_deed(s, names))
    say_place(s)
    tail(s, subject)


def being_there(s: Sentence, names: Names) -> None:
    """ "Rosa is at the shore, waving." """
    opener(s, 0.3 if s.moved else 0)
    subject = mention(s, names)
    s.put(_be(s, subject.many))
    if s.place_pending:
        say_place(s)
    else:
        clause(s, one_of("places", "still there", s.tags(names), s.rng))
    s.comma()
    say_ing(s, subject, choose_deed(s, names, plain=True))


def with_relative(s: Sentence, names: Names) -> None:
    """ "Rosa, who loves the sea, waves at the shore." """
    front_place(s, 0.2)
    subject = mention(s, names, plain=True)
    relative(s, subject)
    say_deed(s, subject, choose_deed(s, names))
    say_place(s)
    tail(s, subject, 0.2)


def after_participle(s: Sentence, names: Names) -> None:
    """ "Humming a tune, Rosa waters the flowers." """
    subject = subject_of(s, names)
    leading_participle(s, names, subject)
    subject = mention(s, names)
    say_deed(s, subject, choose_deed(s, names), adverb=False)
    say_place(s)


def because(s: Sentence, names: Names) -> None:
    """ "As he was tired, Otto slept on the sand." """
    words = sure(s.fresh("manner", "because", s.tags(names)))
    link = s.rng.choice(("as", "since", "because"))
    person = len(names) == 1 and cataphora(s, names[0]) and "{he}" in words.split(" ")[0]
    s.put(link)
    if person:
        subject = by_pronoun(s, subject_of(s, names))
        clause(s, words.removeprefix("{he} "), subject)
    else:
        subject = mention(s, names) if words.startswith("{he} ") else subject_of(s, names)
        clause(s, words.removeprefix("{he} "), subject)
    s.comma()
    subject = mention(s, names, again=not person, plain=person)
    say_deed(s, subject, choose_deed(s, names), "simple", adverb=False)
    say_place(s)


def around(s: Sentence, names: Names) -> None:
    """ "The kettle whistles, and Rosa reads at the kitchen table." """
    words, deed = sure(sight(s)), choose_deed(s, names)
    form = s.rng.randrange(3 if deed.plain else 2)
    if form == 0:
        s.put("while")
    clause(s, words)
    s.put({0: ",", 1: ", and", 2: "as"}[form], glued=form < 2)
    subject = mention(s, names)
    say_deed(s, subject, deed, "simple" if form == 2 else "")  # "as she is reading" would read as a reason
    say_place(s)


def passive(s: Sentence, names: Names) -> None:
    """ "The flowers are being watered by Rosa." """
    thing, done, many = sure(done_to(s, names))
    clause(s, thing, subject_of(s, names))
    being = f"{_be(s, many)} being" if s.chance(0.55) else _be(s, many)
    s.put(being)
    clause(s, done, subject_of(s, names))
    s.put("by")
    mention(s, names, "object", plain=True)
    say_place(s, 0)


def alone(s: Sentence, names: Names) -> None:
    """ "Otto has gone home, so Milo waits alone." """
    name = sure(absent_person(s))
    before = s.chance(0.6)
    if before:
        without(s, (name,), "absent before")
        subject = mention(s, names, plain=s.facts.person(name).pronoun == s.facts.person(names[0]).pronoun)
        say_deed(s, subject, choose_deed(s, names), adverb=False)
        if len(names) == 1 and s.chance(0.4):
            clause(s, one_of("manner", "alone", s.tags(names), s.rng), subject)
        say_place(s)
    else:
        front_place(s)
        subject = mention(s, names)
        say_deed(s, subject, choose_deed(s, names), adverb=False)
        say_place(s, 0)
        without(s, (name,), "absent after")


def only(s: Sentence, names: Names) -> None:
    """ "Only Milo is still at the station, waiting." """
    form = s.rng.randrange(3)
    if form == 0:
        s.put("only")
        subject = mention(s, names, plain=True)
        s.put(_be(s, subject.many))
        if not s.place_pending:
            s.put("left" if s.discourse.shown else "there")
        say_place(s, 0)
        s.comma()
        say_ing(s, subject, choose_deed(s, names, plain=True))
    elif form == 1:
        front_place(s, 0.5)
        s.put(f"there {_be(s, False)} nobody")
        say_place(s, 0)
        s.put("but")
        subject = mention(s, names, "object", plain=True)
        s.comma()
        s.put("who")
        say_deed(s, subject, choose_deed(s, names), "progressive")
    else:
        clause(s, one_of("manner", "all alone", s.tags(names), s.rng), subject_of(s, names))
        s.comma()
        subject = mention(s, names)
        say_deed(s, subject, choose_deed(s, names), adverb=False)
        say_place(s, 0)


def cleft(s: Sentence, names: Names) -> None:
    """ "It is Rosa who waters the flowers in the garden." """
    s.put(f"it {_be(s, False)}")
    subject = mention(s, names, plain=True)
    s.put("who")
    say_deed(s, subject, choose_deed(s, names, plain=True), "simple", adverb=False)
    say_place(s, 0)


def for_long(s: Sentence, names: Names) -> None:
    """ "Otto has been reading since breakfast." """
    front_place(s)
    subject = mention(s, names)
    say_perfect(s, subject, choose_deed(s, names, plain=True))
    say_place(s, 0)
    duration(s, subject)


def two_sentences(s: Sentence, names: Names) -> None:
    """ "The shore is quiet. Rosa waves at the ships." """
    clause(s, one_of("places", f"scene {s.facts.place}", s.tags(), s.rng))
    s.place_pending, s.place_said = False, True
    s.stop()
    opener(s, 0.15)
    subject = mention(s, names)
    say_deed(s, subject, choose_deed(s, names))
    tail(s, subject, 0.3)


def presence(s: Sentence, names: Names) -> None:
    """Writes a sentence like "Rosa is at the shore now", which leaves open what she does."""
    opener(s, 0.3)
    subject = mention(s, names)
    s.open_actions |= set(names)
    mood = s.fresh("manner", "state", s.tags(names))
    if mood and not s.place_pending and s.chance(0.5):
        clause(s, mood, subject)
    elif s.moved:
        verb_phrase(s, one_of("verbs", "go", s.tags(names), s.rng), subject, "finite")
        say_way(s)
    else:
        s.put(_be(s, subject.many))
        clause(s, one_of("places", "still there", s.tags(names), s.rng))


def spoken(s: Sentence, names: Names) -> None:
    """ "'It's lovely here,' says Rosa, waving." """
    line = dialogue.choose_line(s, names)
    if line is None:
        return simple(s, names)
    form = s.rng.randrange(4)
    if form == 0:
        dialogue.quote(s, line, goes_on=True)
        subject = dialogue.said_by(s, line, names)
        s.comma()
        say_ing(s, subject, choose_deed(s, names, plain=True))
        say_place(s, 0)
    elif form == 1:
        front_place(s)
        subject = mention(s, names)
        say_deed(s, subject, choose_deed(s, names))
        say_place(s, 0)
        s.stop()
        dialogue.quote(s, line, goes_on=True)
        subject = mention(s, names, again=True)
        s.put(dialogue.say_verb(s, line, subject))
    elif form == 2:
        dialogue.quote(s, line, goes_on=True)
        subject = dialogue.said_by(s, line, names)
        s.put("as")
        subject = mention(s, names, again=True)
        say_deed(s, subject, choose_deed(s, names, plain=True), "simple", adverb=False)
        say_place(s, 0)
    else:
        subject = mention(s, names)
        say_deed(s, subject, choose_deed(s, names, plain=True), "simple", adverb=False)
        say_place(s, 0)
        s.put("and")
        s.put(dialogue.say_verb(s, line, subject))
        s.comma()
        dialogue.quote(s, line, goes_on=False)


def long(s: Sentence, names: Names) -> None:
    """Writes a sentence of twenty words or more about one person."""
    s.budget = 6
    begun = leading_participle if s.available("manner", "participle", names) and s.chance(0.3) else None
    if begun:
        begun(s, names, subject_of(s, names))
    elif not front_place(s, 0.3):
        opener(s, 0.7)
    subject = mention(s, names, plain=True)
    if s.chance(0.75):
        relative(s, subject)
    if s.chance(0.5) and (words := prelude(s, names)):
        verb_phrase(s, words, subject, "finite")
        s.put("and")
        verb_phrase(s, choose_deed(s, names, plain=True, begins=True).template, subject, "finite")
    else:
        say_deed(s, subject, choose_deed(s, names), adverb=False)
    say_place(s)
    loose = (
        ("sight",) if begun else ("participle", "sight")
    )  # the tails that may follow another tail without a wrong reference
    kind = tail(s, subject, 1.0, TAILS if not begun else ("with", "purpose", "because", "sight"))
    if kind in ("", "with", "purpose"):
        tail(s, subject, 0.7, loose)


def _manner(section: str) -> Callable[[Sentence, Names], bool]:
    return lambda s, names: s.available("manner", section, names)


def _sight(s: Sentence, names: Names) -> bool:
    return s.available("places", f"sight {s.facts.place}", ())


PLANS_ONE: tuple[Plan, ...] = (  # plan, weight, cost, when
    (simple, 34, 0, None),
    (being_there, 7, 0, None),
    (going, 26, 0, lambda s, n: s.moved),
    (arriving, 7, 1, lambda s, n: s.moved),
    (with_relative, 6, 1, _manner("relative")),
    (after_participle, 5, 1, _manner("participle")),
    (because, 5, 1, _manner("because")),
    (around, 6, 1, _sight),
    (passive, 5, 1, lambda s, n: done_to(s, n) is not None),
    (alone, 7, 1, lambda s, n: not s.tokens and len(n) == 1 and absent_person(s) is not None),
    (only, 4, 1, lambda s, n: len(n) == 1),
    (first_this, 7, 1, _manner("prelude")),
    (having_done, 6, 1, _manner("prelude")),
    (cleft, 2, 1, lambda s, n: s.facts.person(n[0]).action != "standing"),
    (for_long, 5, 1, lambda s, n: not s.moved),
    (two_sentences, 5, 1, lambda s, n: s.moved),
    (presence, 2, 0, None),
    (spoken, 26, 1, lambda s, n: not s.tokens and s.available("dialogue", "line", n)),
    (long, 30, 2, lambda s, n: len(n) == 1 and s.available("manner", "relative", n)),
)
