"""Sentences about two groups who do different things.

Each form is one function. Its docstring is an example of a sentence. `PLANS_TWO` says when a form is possible.
"""

from __future__ import annotations

from . import dialogue
from .extras import leading_participle, opener, relative, without
from .people import absent_person, mention, subject_of
from .plans_watched import WATCHING, attended, in_sight_of, inverted, seen, towards
from .sentence import Plan, Sentence, sure
from .tables import one_of
from .templates import clause, verb_phrase
from .verbs import Deed, choose_deed, has_towards, say_deed, say_ing
from .where import front_place, say_place, say_way, sight

Names = tuple[str, ...]


def _stands(s: Sentence, names: Names) -> bool:
    return s.facts.person(names[0]).action == "standing"


def _deed_beside(s: Sentence, names: Names, other: Names) -> Deed:
    """An action for people beside the other group. People who stand often watch the other group: "watches him"."""
    if _stands(s, names) and s.chance(0.6):
        return choose_deed(s, names, among=WATCHING, obj=other)
    return choose_deed(s, names)


def _aspect(s: Sentence) -> str:
    return "progressive" if s.chance(0.35) else "simple"


def _second(s: Sentence, two: Names, one: Names, links: tuple[str, ...], aspect: str) -> None:
    """Adds what the second group does. After "and" it has the same aspect, and after "as" it is a short action."""
    deed, link = _deed_beside(s, two, one), s.rng.choice(links)
    if link == "as" and not deed.plain:
        link = "while"
    s.put(link)
    subject = mention(s, two)
    say_deed(
        s, subject, deed, "simple" if link == "as" else "" if link.endswith("while") else aspect, adverb=False
    )


def joined(s: Sentence, one: Names, two: Names) -> None:
    """ "At the shore, Rosa waves while Milo reads." """
    opener(s)
    front_place(s, 0.35)
    subject = mention(s, one)
    aspect = _aspect(s)
    say_deed(s, subject, choose_deed(s, one), aspect)
    if s.place_pending and s.chance(0.5):
        say_place(s)
    _second(s, two, one, ("while", "while", ", and", ", and", ", while", "as"), aspect)
    say_place(s, 0.05)


def meanwhile(s: Sentence, one: Names, two: Names) -> None:
    """ "While Rosa waves, Milo reads on the sand." """
    deed = choose_deed(s, one)
    link = s.rng.choice(("while", "while", "as")) if deed.plain else "while"
    s.put(link)
    subject = mention(s, one)
    say_deed(s, subject, deed, "simple" if link == "as" else "", adverb=False)
    if s.place_pending and s.chance(0.5):
        say_place(s)
    s.comma()
    subject = mention(s, two)
    say_deed(s, subject, _deed_beside(s, two, one), adverb=False)
    say_place(s, 0.05)


def with_beside(s: Sentence, one: Names, two: Names) -> None:
    """ "Rosa reads at the shore, with Milo standing next to her." """
    opener(s, 0.2)
    front_place(s)
    subject = mention(s, one)
    say_deed(s, subject, choose_deed(s, one))
    say_place(s)
    s.comma()
    s.put("with")
    other = mention(s, two, "object", plain=True)
    among = "standing beside" if _stands(s, two) else ""
    deed = choose_deed(s, two, among=among, obj=one if among else (), plain=True)
    verb_phrase(s, deed.template, other, "ing", deed.obj)


def told(s: Sentence, one: Names, two: Names) -> None:
    """Writes a sentence like "'Look at me!' Rosa calls to Milo, dancing on the sand". The people of `two` stand."""
    line = dialogue.choose_line(s, one, two)
    if line is None:
        return joined(s, one, two)
    dialogue.quote(s, line, goes_on=True)
    named = any(name in line for name in two)  # "'Look, Milo!' she calls to him" would name him twice
    form = s.rng.randrange(1 if named else 0, 3)
    if form == 0:
        subject = mention(s, one)
        verb_phrase(s, one_of("dialogue", "to", s.tags(one) | {_mark(line)}, s.rng), subject, "finite")
        mention(s, two, "object")
        s.open_actions |= set(two)
        s.comma()
        say_ing(s, subject, choose_deed(s, one, plain=True))
        say_place(s)
    else:
        subject = dialogue.said_by(s, line, one, plain=form == 2)
        if form == 1 or s.tokens[-1].text not in one:  # "who" has to follow the name directly
            s.comma()
            say_ing(s, subject, choose_deed(s, one, plain=True))
            say_place(s)
            s.put(", while" if s.chance(0.5) else ", and", glued=True)
        else:
            s.put(", who", glued=True)
            say_deed(s, subject, choose_deed(s, one), "progressive", adverb=False)
            say_place(s)
            s.put(", while", glued=True)
        subject = mention(s, two)
        say_deed(s, subject, _deed_beside(s, two, one), adverb=False)


def _mark(line: str) -> str:
    return {"?": "question", "!": "cry"}.get(line[-1], "statement")


def joining(s: Sentence, one: Names, two: Names) -> None:
    """Writes a sentence like "Rosa has come to join Milo, who is reading". Somebody of `one` has just come."""
    opener(s, 0.2)
    subject = mention(s, one, plain=True)
    verb_phrase(s, one_of("verbs", "join", s.tags(one), s.rng), subject, "finite", two)
    say_place(s, 0)
    if _stands(s, two) and s.chance(0.75):
        s.open_actions |= set(two)
        s.put("and")
        verb_phrase(s, choose_deed(s, one, begins=True).template, subject, "finite")
        return
    s.put(", and", glued=True)
    subject = mention(s, one, again=True)
    say_deed(s, subject, choose_deed(s, one, begins=True), "simple", adverb=False)
    s.put("while")
    subject = mention(s, two)
    say_deed(s, subject, _deed_beside(s, two, one), adverb=False)


def together(s: Sentence, one: Names, two: Names) -> None:
    """ "Rosa and Milo walk to the shore, where she waves and he reads." """
    opener(s)
    everybody = one + two
    subject = mention(s, everybody)
    verb_phrase(s, one_of("verbs", "go", s.tags(everybody) | {"company"}, s.rng), subject, "finite")
    say_way(s)
    s.put(", where", glued=True)
    subject = mention(s, one, again=True)
    say_deed(s, subject, choose_deed(s, one), "simple", adverb=False)
    _second(s, two, one, (", and", "while"), "simple")


def apart(s: Sentence, one: Names, two: Names) -> None:
    """ "Rosa waves at the shore. Beside her, Milo reads." """
    opener(s, 0.2)
    front_place(s)
    subject = mention(s, one)
    say_deed(s, subject, choose_deed(s, one))
    say_place(s)
    s.stop(";" if s.chance(0.2) else ".")
    if s.tokens[-1].text == ";":
        s._opens = False
    placed = s.tokens[-1].text != ";" and s.chance(0.7)
    if placed:
        clause(s, one_of("people", "near", s.tags(one), s.rng), subject)
        s.comma()
    subject = mention(s, two)
    say_deed(s, subject, choose_deed(s, two) if placed else _deed_beside(s, two, one), adverb=False)


def alone_with(s: Sentence, one: Names, two: Names) -> None:
    """ "Now that Pip has gone, Rosa reads and Milo waits." """
    without(s, (sure(absent_person(s)),), "absent before")
    subject = mention(s, one, plain=True)
    say_deed(s, subject, choose_deed(s, one, plain=True), "simple", adverb=False)
    s.put("while")
    subject = mention(s, two, plain=True)
    say_deed(s, subject, choose_deed(s, two, plain=True), "simple", adverb=False)
    say_place(s)


def around_two(s: Sentence, one: Names, two: Names) -> None:
    """ "The kettle whistles. Rosa reads in the kitchen, and Milo waits." """
    clause(s, sure(sight(s)))
    s.stop()
    subject, aspect = mention(s, one), _aspect(s)
    say_deed(s, subject, choose_deed(s, one), aspect)
    if s.place_pending:
        say_place(s)
    _second(s, two, one, (", and", "while"), aspect)


def with_relatives(s: Sentence, one: Names, two: Names) -> None:
    """ "Rosa, who was bored, danced in the street, and Milo watched her." """
    front_place(s, 0.2)
    subject = mention(s, one, plain=True)
    relative(s, subject)
    say_deed(s, subject, choose_deed(s, one), "simple", adverb=False)
    say_place(s)
    _second(s, two, one, (", and", ", while"), "simple")


def led_by_participle(s: Sentence, one: Names, two: Names) -> None:
    """ "Humming a tune, Rosa waters the flowers, and Milo looks on." """
    leading_participle(s, one, subject_of(s, one))
    subject, aspect = mention(s, one), _aspect(s)
    say_deed(s, subject, choose_deed(s, one), aspect, adverb=False)
    say_place(s)
    _second(s, two, one, (", and", "while", "as"), aspect)


def _second_stands(s: Sentence, *groups: Names) -> bool:
    return len(groups) == 2 and _stands(s, groups[1]) and not _stands(s, groups[0])


def _came(s: Sentence, one: Names, two: Names) -> bool:
    return not s.moved and not set(one) & set(s.discourse.shown) and set(two) <= set(s.discourse.shown)


def _opens(s: Sentence) -> bool:
    """Whether nothing has been said yet, not even the time of day."""
    return not s.tokens


def _awake(s: Sentence, one: Names, two: Names) -> bool:
    return "sleeping" not in s.tags(one)


def _can_speak_to(s: Sentence, one: Names, two: Names) -> bool:
    able = _opens(s) and _second_stands(s, one, two) and _awake(s, one, two)
    return able and s.available("dialogue", "line", one)


PLANS_TWO: tuple[Plan, ...] = (
    (joined, 24, 0, None),
    (meanwhile, 13, 0, None),
    (seen, 12, 0, _second_stands),
    (towards, 14, 0, lambda s, a, b: _second_stands(s, a, b) and has_towards(s, a)),
    (attended, 9, 0, lambda s, a, b: _second_stands(s, a, b) and _awake(s, a, b)),
    (with_beside, 7, 0, None),
    (inverted, 4, 1, _second_stands),
    (in_sight_of, 5, 1, lambda s, a, b: _second_stands(s, a, b) and _awake(s, a, b)),
    (told, 22, 1, _can_speak_to),
    (joining, 30, 0, _came),
    (together, 22, 0, lambda s, a, b: s.moved),
    (apart, 10, 0, None),
    (alone_with, 5, 1, lambda s, a, b: _opens(s) and absent_person(s) is not None),
    (around_two, 4, 1, lambda s, a, b: s.available("places", f"sight {s.facts.place}", ())),
    (with_relatives, 6, 1, lambda s, a, b: s.available("manner", "relative", a)),
    (led_by_participle, 4, 1, lambda s, a, b: s.available("manner", "participle", a)),
)
