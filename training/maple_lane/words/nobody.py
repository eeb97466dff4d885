"""Captions of frames without people: the place itself, who has left it, and what can be seen and heard there."""

from __future__ import annotations

from .extras import without
from .sentence import Sentence
from .tables import one_of
from .templates import clause
from .where import front_place, say_place, sight


def describe_nobody(s: Sentence) -> None:
    """ "Nobody is in the kitchen now, and the kettle whistles." """
    around = sight(s) if s.spend(0.6) else None
    left = bool(s.discourse.shown) and not s.tokens and s.chance(0.35)
    if left:
        without(s, s.discourse.shown, "left", words_of="places")
    if left or s.chance(0.6):
        clause(s, one_of("places", f"empty {s.facts.place}", s.tags(), s.rng))
        s.place_pending, s.place_said = False, True
    else:
        front_place(s, 0.4)
        clause(s, one_of("places", "nobody", s.tags(), s.rng))
        say_place(s)
    if around and not left:
        s.put(", and" if s.chance(0.6) else "while")
        clause(s, around)
