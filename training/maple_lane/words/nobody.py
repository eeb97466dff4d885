"""Captions of frames where nobody is: the place itself, and what can be seen and heard there."""

from __future__ import annotations

from .extras import opener
from .sentence import Sentence
from .tables import pick
from .templates import clause
from .where import front_place, say_place, sight


def describe_nobody(s: Sentence) -> None:
    """ "Nobody is in the kitchen now, and the kettle whistles." """
    form = s.rng.randrange(3)
    around = sight(s) if s.spend(0.7) else None
    if form == 0:
        opener(s)
        front_place(s, 0.4)
        clause(s, pick("places", "nobody", s.tags(), s.rng))
        say_place(s)
    else:
        clause(s, pick("places", f"empty {s.facts.place}", s.tags(), s.rng))
        s.place_pending, s.place_said = False, True
    if around:
        s.put(", and" if s.chance(0.6) else "while", glued=False)
        clause(s, around)
