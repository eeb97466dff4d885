"""How a caption says where a frame is: by the names of the place and by what is there. A continued place is left
out.
"""

from __future__ import annotations

from .sentence import Sentence
from .tables import pick
from .templates import clause


def front_place(s: Sentence, share: float = 0.3) -> bool:
    """Opens with the place if it is still to be said, for example "At the shore,". Returns whether it did."""
    if not s.place_pending or s.tokens or not s.chance(share):
        return False
    _say(s, "at")
    s.comma()
    return True


def say_place(s: Sentence, share: float = 0.2) -> None:
    """Adds the place if it is still to be said. Otherwise it sometimes adds a spot of the place."""
    if s.place_pending:
        _say(s, "at")
    elif not s.moved and s.spend(share):
        # Avoids running "by the stove".
        kind = "at" if "moving" in s.tags() else s.rng.choice(("spot", "spot", "spot", "at"))
        if words := pick("places", f"{kind} {s.facts.place}", s.tags(), s.rng):
            clause(s, words)
            s.place_said = kind == "at"


def say_way(s: Sentence) -> None:
    """Adds where people go, for example "to the shore"."""
    _say(s, "to")


def say_reached(s: Sentence) -> None:
    """Adds the place as the object of "reach" or "leave", for example "the shore"."""
    _say(s, "reach")


def sight(s: Sentence) -> str | None:
    """Returns a clause about what can be seen or heard at the place."""
    return s.fresh("places", f"sight {s.facts.place}", s.tags())


def _say(s: Sentence, kind: str) -> None:
    words = pick("places", f"{kind} {s.facts.place}", s.tags(), s.rng)
    fallback = {"at": "in the", "to": "to the", "reach": "the"}[kind]
    clause(s, words or f"{fallback} {s.facts.place}")
    s.place_pending, s.place_said = False, True
