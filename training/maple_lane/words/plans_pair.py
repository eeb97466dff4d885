"""Sentences about what two people do with each other: they hug, hold hands, or one gives the other something.

Each form is one function. Its docstring is an example of a sentence.
"""

from __future__ import annotations

from . import dialogue
from .extras import opener, tail
from .people import mention
from .plans_in_order import arriving, going
from .plans_one import being_there, simple, two_sentences, with_relative
from .sentence import Plan, Sentence
from .tables import one_of
from .templates import verb_phrase
from .verbs import Deed, choose_deed, say_deed, say_ing
from .where import front_place, say_place, say_way

Names = tuple[str, ...]


# ---- they hug, or hold hands ----------------------------------------------------------------------------------------


def one_to_other(s: Sentence, pair: Names) -> None:
    """ "Rosa hugs Milo in the park." """
    _does(s, *_either_way(s, pair), 0.2, ("sight",))


def spoken_to(s: Sentence, pair: Names) -> None:
    """ "'I've missed you!' says Rosa, hugging Milo." """
    one, two = _either_way(s, pair)
    line = s.fresh("dialogue", f"line {s.facts.person(one[0]).action}", s.tags(pair))
    if line is None:
        return one_to_other(s, pair)
    _says_and_does(s, line, one, two, 0.5)


# ---- one gives the other something ----------------------------------------------------------------------------------


def gives(s: Sentence, one: Names, two: Names) -> None:
    """ "Rosa gives Milo a basket in the park." """
    _does(s, one, two, 0.25, ("with", "sight"))


def takes(s: Sentence, one: Names, two: Names) -> None:
    """Writes a sentence like "Milo takes a basket from Rosa in the park". The people of `two` take."""
    _does(s, two, one, 0.25, ("with", "sight"))


def thanked(s: Sentence, one: Names, two: Names) -> None:
    """ "Rosa gives Milo a basket, and he thanks her." """
    front_place(s)
    subject = mention(s, one)
    say_deed(s, subject, _towards(s, one, two), "simple")
    say_place(s)
    s.put(", and", glued=True)
    subject = mention(s, two, again=True)
    verb_phrase(s, s.fresh("verbs", "thanks", s.tags(two)) or "say thank you", subject, "finite", one)


def handed_over(s: Sentence, one: Names, two: Names) -> None:
    """ "'This is for you,' says Rosa, handing Milo a basket." """
    line = s.fresh("dialogue", "line giving", s.tags(one))
    if line is None:
        return gives(s, one, two)
    _says_and_does(s, line, one, two, 0.6)


def go_and_give(s: Sentence, one: Names, two: Names) -> None:
    """ "Rosa and Milo walk to the park, where she gives him a basket." """
    opener(s)
    subject = mention(s, one + two)
    verb_phrase(s, one_of("verbs", "go", s.tags(one + two) | {"company"}, s.rng), subject, "finite")
    say_way(s)
    s.put(", where", glued=True)
    subject = mention(s, one, again=True)
    say_deed(s, subject, _towards(s, one, two), "simple")


def _does(s: Sentence, one: Names, two: Names, chance: float, kinds: tuple[str, ...]) -> None:
    """Writes what the first does to the second, and where.

    With the probability `chance`, a tail of these kinds follows.
    """
    opener(s)
    front_place(s)
    subject = mention(s, one)
    say_deed(s, subject, _towards(s, one, two))
    say_place(s)
    tail(s, subject, chance, kinds)


def _says_and_does(s: Sentence, line: str, one: Names, two: Names, chance: float) -> None:
    """Writes that the first says a line and does the action to the second.

    It is "says Rosa, hugging Milo" with the probability `chance`, else "says Rosa and hugs Milo".
    """
    dialogue.quote(s, line, goes_on=True)
    subject = dialogue.said_by(s, line, one)
    if s.chance(chance):
        s.comma()
        say_ing(s, subject, _towards(s, one, two))
    else:
        s.put("and")
        verb_phrase(s, (deed := _towards(s, one, two)).template, subject, "finite", deed.obj)
    say_place(s, 0)


def _either_way(s: Sentence, pair: Names) -> tuple[Names, Names]:
    one, two = s.rng.sample(pair, 2)
    return (one,), (two,)


def _towards(s: Sentence, one: Names, two: Names) -> Deed:
    """A way to say what the first does to the second.

    If it is only near the action, the near action is told of both.
    """
    near = f"{s.facts.person(one[0]).action} towards near"
    if s.near.issuperset(one) and s.available("verbs", near, one):
        s.near |= {*two}
        return choose_deed(s, one, obj=two, among=near)
    s.near -= {*one, *two}
    deed = choose_deed(s, one, obj=two)
    if "{prop" in deed.template:  # the thing that one person gives is the thing that the other takes
        s.things_said |= {*one, *two}
    return deed


PLANS_TOUCHING: tuple[Plan, ...] = (  # plan, weight, cost, when
    (one_to_other, 40, 0, None),
    (simple, 14, 0, None),
    (being_there, 5, 0, None),
    (going, 24, 0, lambda s, n: s.moved),
    (arriving, 7, 1, lambda s, n: s.moved),
    (with_relative, 4, 1, lambda s, n: s.available("manner", "relative", n)),
    (two_sentences, 5, 1, lambda s, n: s.moved),
    (spoken_to, 16, 1, lambda s, n: not s.tokens),
)
PLANS_GIVING: tuple[Plan, ...] = (
    (gives, 30, 0, None),
    (takes, 12, 0, None),
    (thanked, 14, 1, None),
    (handed_over, 18, 1, lambda s, a, b: not s.tokens),
    (go_and_give, 22, 0, lambda s, a, b: s.moved),
)
