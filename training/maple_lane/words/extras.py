"""What a sentence may have besides who does what where: openers, moods, purposes, reasons, and what goes on around."""

from __future__ import annotations

from .people import mention
from .sentence import Sentence, Subject
from .tables import pick
from .templates import clause, verb_phrase
from .where import sight

_NO_COMMA = ("And", "But", "So", "Now", "Soon")
_MAYBE_COMMA = ("Then", "Afterwards")
TAILS = ("with", "participle", "purpose", "because", "sight", "as if")


def opener(s: Sentence, share: float = 0.3) -> None:
    """Begins with a phrase of time or with a general phrase: "That afternoon,", "Without a word,"."""
    if s.tokens or not s.spend(share):
        return
    tags = s.tags(s.facts.names) | {f"~{person.action}" for person in s.facts.people}
    if words := s.fresh("manner", "opener", tags):
        clause(s, words)
        if words not in _NO_COMMA and (len(words.split()) > 1 or words not in _MAYBE_COMMA or s.chance(0.5)):
            s.comma()


def tail(s: Sentence, subject: Subject, share: float = 0.45, among: tuple[str, ...] = TAILS) -> str:
    """Ends with more about the subject, of a random kind from `among`. Returns the kind, or "" if nothing was added."""
    if not s.spend(share):
        return ""
    kinds = [kind for kind in among if not (s.manner_said and kind == "with")]
    if s.state_said:  # avoids "is out of breath to win a bet"
        kinds = [kind for kind in kinds if kind not in ("with", "purpose", "as if")]
    s.rng.shuffle(kinds)
    for kind in kinds:
        words = sight(s) if kind == "sight" else s.fresh("manner", kind, s.tags(subject.names))
        if not words:
            continue
        if kind == "participle":
            s.comma()
            verb_phrase(s, words, subject, "ing")
        else:
            s.put({"sight": s.rng.choice(("while", "while", "as")), "because": "because"}.get(kind, ""))
            clause(s, words, subject)
        return kind
    return ""


def leading_participle(s: Sentence, names: tuple[str, ...], subject: Subject) -> bool:
    """Opens with a participle, for example "Humming a tune,". Returns whether it did."""
    words = s.fresh(
        "manner", "participle", s.tags(names) | {"~leading"}
    )  # avoids falling asleep "snoring softly"
    if not words:
        return False
    verb_phrase(s, words, subject, "ing")
    s.comma()
    return True


def relative(s: Sentence, subject: Subject) -> bool:
    """Adds a relative clause, for example ", who had not slept well,". Returns whether it did."""
    words = s.fresh("manner", "relative", s.tags(subject.names))
    if not words:
        return False
    s.comma()
    s.put("who")
    clause(s, words, subject)
    s.comma()
    return True


def without(s: Sentence, names: tuple[str, ...], section: str, words_of: str = "manner") -> bool:
    """Adds a clause about absent people, from a section of a table. Returns whether it did."""
    left = "left" if set(names) <= set(s.discourse.shown) else "away"
    tags = s.tags(s.facts.names) | {left, *(f"x-{s.facts.person(name).age}" for name in names)}
    words = s.fresh(words_of, section, tags)
    if not words:
        return False
    for word in words.split(" "):
        if word.startswith("{x}"):
            who = mention(s, names, plain=True)
            s.put(word[3:], glued=True)
        else:
            clause(s, word, who if word.startswith("^") else None)
    return True


def duration(s: Sentence, subject: Subject) -> None:
    s.put(pick("manner", "duration", s.tags(subject.names), s.rng) or "for a while")


def prelude(s: Sentence, names: tuple[str, ...]) -> str | None:
    """Returns what people do before the action, for example "wash {his} hands". The picture does not show it."""
    return s.fresh("manner", "prelude", s.tags(names))
