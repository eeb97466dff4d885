"""Sentences about two groups, of which the second stands. It watches the first, or the first does something to it.

Each form is one function. Its docstring gives an example of a sentence.
"""

from __future__ import annotations

from .extras import opener, tail
from .inflection import finite
from .people import mention, subject_of
from .sentence import Sentence
from .tables import one_of
from .templates import verb_phrase
from .verbs import choose_deed, say_base, say_deed, say_ing
from .where import front_place, say_place

Names = tuple[str, ...]
WATCHING = "standing towards"


def seen(s: Sentence, one: Names, two: Names) -> None:
    """Writes a sentence like "Nana watches Otto eat a pear in the kitchen". The people of `two` stand."""
    opener(s)
    front_place(s)
    watcher = mention(s, two)
    if s.chance(0.2):
        sees = "watch"
        s.put(f"{finite('be', s.discourse.past, watcher.many)} watching")
    else:
        sees = one_of("verbs", "see", s.tags(two), s.rng)
        verb_phrase(s, sees, watcher, "finite")
    subject = mention(s, one, "object")
    deed = choose_deed(s, one, plain=True)
    if sees in ("watch", "see") and s.chance(0.5):  # avoids "notices him read"
        say_base(s, subject, deed)
    else:
        say_ing(s, subject, deed)
    say_place(s)


def towards(s: Sentence, one: Names, two: Names) -> None:
    """Writes a sentence like "Rosa waves at Milo in the park". The people of `two` stand."""
    opener(s)
    front_place(s)
    subject = mention(s, one)
    say_deed(s, subject, choose_deed(s, one, obj=two))
    s.open_actions |= set(two)
    say_place(s)
    tail(s, subject, 0.25, ("with", "participle", "sight"))


def attended(s: Sentence, one: Names, two: Names) -> None:
    """Writes a sentence like "Nana waits for Otto, who is eating a pear". The people of `two` stand."""
    opener(s, 0.2)
    front_place(s)
    subject = mention(s, two)
    say_deed(s, subject, choose_deed(s, two, obj=one, among=WATCHING), adverb=False)
    named_last = not s.tokens[-1].names and s.tokens[-1].text in one
    if not named_last:  # "who" cannot follow
        say_place(s)
        s.put(s.rng.choice((", while", "while")))
        subject = mention(s, one)
    else:
        s.put(", who", glued=True)
        subject = subject_of(s, one)
    say_deed(s, subject, choose_deed(s, one), "progressive", adverb=False)
    say_place(s)


def inverted(s: Sentence, one: Names, two: Names) -> None:
    """Writes a sentence like "Next to Rosa, who is waving, stands Milo". The people of `two` stand."""
    s.put(s.rng.choice(("next to", "beside", "behind", "not far from", "close to")))
    subject = mention(s, one, "object", plain=True)
    s.put(", who", glued=True)
    say_deed(s, subject, choose_deed(s, one), "progressive", adverb=False)
    say_place(s)
    s.comma()
    s.put(finite("stand", s.discourse.past, len(two) > 1))
    mention(s, two, plain=True)


def in_sight_of(s: Sentence, one: Names, two: Names) -> None:
    """Writes a sentence like "Watched by Nana, Otto eats a pear". The people of `two` stand."""
    front_place(s)
    how = s.rng.choice(("watched by", "watched by", "watched closely by"))
    if s.facts.person(one[0]).action in ("running", "dancing", "jumping", "painting") and s.chance(0.4):
        how = s.rng.choice(("cheered on by", "admired by"))
    if s.chance(0.5):
        s.put(how)
        mention(s, two, "object", plain=True)
        s.comma()
        subject = mention(s, one)
    else:
        subject = mention(s, one, plain=True)
        s.comma()
        s.put(how)
        mention(s, two, "object", plain=True)
        s.comma()
    say_deed(s, subject, choose_deed(s, one), adverb=False)
    say_place(s)
