"""Time of day, weather and things beside people. They are said when they are new to a reader, and left out
otherwise.
"""

from __future__ import annotations

from .sentence import Sentence
from .tables import one_of, pick
from .templates import clause


def front_circumstance(s: Sentence) -> None:
    """Opens the sentence with a time or weather that is still to be said, for example "At night,"."""
    for kind in s.circumstances:
        if s.chance(0.45) and (words := pick("places", f"front {kind}", s.tags(), s.rng)):
            s.circumstances.remove(kind)
            clause(s, words)
            s.comma()
            return


def end_circumstances(s: Sentence) -> None:
    """Adds sentences about the time, weather and things that are still to be said: "It is raining.

    A dog is there too."
    """
    for kind in s.circumstances:
        s.stop()
        clause(s, pick("places", f"after {kind}", s.tags(), s.rng) or f"it ~be {kind}")
    if s.things:
        s.stop()
        many = len(s.things) > 1 or not s.things[0].startswith(("a ", "an ", "the ", "one "))
        words = one_of(
            "places", "things", {"many" if many else "one", "past" if s.discourse.past else "present"}, s.rng
        )
        clause(s, words.replace("{things}", _listed(s.things)))


def _listed(things: tuple[str, ...]) -> str:
    return " and ".join(filter(None, [", ".join(things[:-1]), things[-1]]))
