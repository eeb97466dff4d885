"""Verbs and set phrases that tell a deed as plainly as its own verb does: "scurry" and "leg it" for running.

Captions have most of them once or never, so they cannot be learned from captions. Knows no deeds of any pipeline, only
the plain verb for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from storyboard.text.belongings import is_of_the_body
from storyboard.text.forms import first_forms, is_inflected, is_plural, may_be_verb
from storyboard.text.word_classes import (
    COMPLEMENTERS,
    COORDINATORS,
    DETERMINERS,
    PEOPLE,
    WORD,
    is_manner,
)

_LIKE = {
    "sleep": "drowse kip slumber snooze doze",
    "run": """bolt gallop hare hasten hurtle lope pelt scamper scarper scoot scurry scuttle skedaddle sprint trot whizz
        zoom""",
    "dance": "boogie foxtrot jive pirouette polka prance rumba samba tango waltz whirl",
    "read": "peruse",
    "eat": "chew devour dine feast gobble guzzle munch nibble scoff slurp",
    "carry": "cart clutch cradle haul hoist lug tote transport",
    "paint": "colour color daub varnish whitewash",
    "stand": "gape gawk gawp gaze guard loiter peek peer squint",
    "sit": "crouch perch slump squat",
    "walk": """amble creep hike limp pace parade plod roam saunter shuffle stride strut tiptoe traipse tramp trudge""",
    "laugh": "cackle chortle chuckle guffaw snigger",
    "cry": "bawl blubber whimper wail",
}
_PLAIN = {verb: plain for plain, verbs in _LIKE.items() for verb in verbs.split()}
_THROUGH = (
    r"\s+(?:\w+ly\s+)?(?:through|over|across|along|down|up|round|around|past|off|away|out|into|after|back|to|towards?|for"
    r"|ahead|about|by|from)\b"
)
_A = r"(?:a|an|the|his|her|its|their|my|our|some|this|that|another|two|three)\s+(?:\w+\s+){0,2}?"
_TO_READ = (
    r"(?:atlas|books?|comics?|diary|letters?|magazines?|map|newspapers?|notes|novels?|pages?|papers?|poems?|recipe|story"
    r"|stories|textbooks?)\b"
)
_PLANTS = r"(?:beans?|\w*flowers?|plants?|seedlings?|roses?|tomatoes|tulips?|vegetables?|trees?|pots?)"
_NAP = r"(?:forty\s+winks|some\s+(?:sleep|shut-?eye)|a\s+(?:\w+\s+)?(?:nap|snooze|kip|siesta))"
_OUT_COLD = r"(?:out\s+(?:cold|like\s+a\s+light)|dead\s+to\s+the\s+world)"
# What may follow a verb that tells the deed only then.
_PHRASES: tuple[tuple[str, str, str], ...] = (
    ("sleep", "nod drop doze drift", r"\s+(?:\w+ly\s+)?off(?!\s+(?:the|a|his|her|to\s+(?!sleep)))\b"),
    ("sleep", "crash conk flake", r"\s+out\b"),
    ("sleep", "be", rf"\s+(?:\w+\s+)?{_OUT_COLD}\b"),
    ("sleep", "have get take catch grab", rf"\s+{_NAP}\b"),
    ("run", "leg peg hotfoot", r"\s+it\b"),
    ("run", "tear shoot belt streak barrel speed fly bound dart", _THROUGH),
    ("run", "break", r"\s+into\s+a\s+(?:run|sprint|gallop|trot)\b"),
    ("run", "take", r"\s+to\s+(?:his|her|its|their)\s+heels\b"),
    ("run", "make", r"\s+a\s+(?:dash|run|bolt|break)\s+for\b"),
    ("run", "go", r"\s+(?:out\s+)?(?:for\s+a\s+(?:run|jog)|running|jogging)\b"),
    ("dance", "do have", rf"\s+{_A}(?:jig|waltz|tango|polka|twirl|pirouette|foxtrot|samba)\b"),
    ("dance", "bust", r"\s+(?:a|some)\s+moves?\b"),
    ("read", "leaf flick thumb page browse skim pore", r"\s+(?:\w+ly\s+)?(?:through|over)\b"),
    ("read", "sound spell", r"\s+out\b"),
    ("read", "flip", rf"\s+through\s+(?:{_A})?{_TO_READ}"),
    ("read", "turn", r"\s+(?:the|a|another|page\s+after)\s+pages?\b"),
    ("read", "look glance", rf"\s+up\s+from\s+{_A}{_TO_READ}"),
    ("read", "bury absorb engross immerse lose bend hunch", rf"\s+(?:in|over)\s+(?:{_A})?{_TO_READ}"),
    ("read", "study begin start open finish", rf"\s+{_A}{_TO_READ}"),
    ("eat", "wolf gulp", r"\s+(?:\w+\s+){0,3}?down\b"),
    ("eat", "tuck dig", r"\s+in(?:to)?\b(?!\s+(?:his|her|its|their|the)\s+(?:pocket|bag|purse|bed|garden))"),
    ("eat", "have", rf"\s+(?:{_A})?(?:breakfast|brunch|dinner|feast|lunch|meal|picnic|snack|supper)\b"),
    ("eat", "polish", r"\s+off\b"),
    ("eat", "take have", r"\s+(?:a|another)\s+(?:\w+\s+)?(?:bite|mouthful|nibble)\b"),
    ("water", "give", rf"\s+(?:{_A})?{_PLANTS}\s+(?:\w+\s+){{0,3}}?a\s+(?:\w+\s+)?(?:drink|soak|shower)\b"),
    ("paint", "give", r"\s+(?:\w+\s+){1,4}a\s+(?:\w+\s+)?(?:coat|lick)\s+of\s+(?:\w+\s+)?paint\b"),
    ("wave", "blow", r"\s+(?:\w+\s+)?(?:a\s+kiss|kisses)\b"),
    ("wave", "flap flutter", rf"\s+(?:{_A})?(?:handkerchief|hanky|hat|scarf|hand|hands|arms)\b"),
    ("shelter", "unfold open unfurl raise share hold", rf"\s+(?:up\s+)?(?:{_A})?(?:umbrella|parasol|brolly)\b"),
    ("stand", "hang stand", r"\s+(?:around|about)\b"),
    ("stand", "look", r"\s+on\b(?!\s+the\b)"),
    ("stand", "keep", r"\s+(?:watch|guard|lookout|a\s+lookout)\b"),
)  # fmt: skip
_AFTER = tuple(
    (frozenset(verbs.split()), re.compile(rest, re.IGNORECASE), plain) for plain, verbs, rest in _PHRASES
)
# "Holds the bucket" tells of carrying, "holds the door" and "holds her breath" do not.
_OBJECT = r"(?=(?:a|an|the|his|her|its|their|some|two|three)\s)"
_HOLDING = (
    (frozenset("balance grip hold".split()), re.compile(rf"\s+(?:up\s+)?{_OBJECT}", re.IGNORECASE)),
    (frozenset(["pick", "scoop"]), re.compile(rf"\s+up\s+{_OBJECT}", re.IGNORECASE)),
)
_NOT_CARRIED = frozenset(
    """attention audience breath class concert court dance door gate ladder line meeting note office parasol party phone
    pose receiver record rope scent speed tongue torch trail umbrella brolly curtain brush paintbrush pen pencil
    crayon""".split()
)
_PLACES_OF_VERBS = frozenset(("to", *COORDINATORS))


@dataclass(frozen=True)
class Told:
    """Words of a clause, at [start:end], that tell the deed of a plain verb."""

    start: int
    end: int
    plain: str


def told_plainly(clause: str) -> Iterator[Told]:
    """Yields the words of a clause that tell a deed as the plain verb does, in text order."""
    behind = 0
    for match in WORD.finditer(clause):
        if match.start() < behind:
            continue
        told = _told(clause, match)
        if told:
            behind = told.end
            yield told


def _told(clause: str, match: re.Match[str]) -> Told | None:
    word = match.group().lower()
    forms = first_forms(word)
    for verbs, rest, plain in _AFTER:
        following = None if verbs.isdisjoint(forms) else rest.match(clause, match.end())
        if following:
            return Told(match.start(), following.end(), plain)
    for verbs, rest in _HOLDING:
        following = None if verbs.isdisjoint(forms) else rest.match(clause, match.end())
        if following and _is_carried(clause[following.end() :]):
            return Told(match.start(), following.end(), "carry")
    plain = next((_PLAIN[form] for form in sorted(forms) if form in _PLAIN), "")
    return Told(match.start(), match.end(), plain) if plain and is_clause_verb(clause, match) else None


def is_clause_verb(clause: str, match: re.Match[str]) -> bool:
    """Returns whether a word of a clause is its verb: in a form that only verbs have, or where a verb stands."""
    word, start = match.group().lower(), clause[: match.start()].rstrip()
    before = [one for one in WORD.findall(start.lower()) if not is_manner(one)]
    if not before:
        return may_be_verb(word) or word in _PLAIN
    # "Sandwiches" may be a verb too, but is one only where a verb can begin.
    begins = before[-1] in _PLACES_OF_VERBS | COMPLEMENTERS or start.endswith((",", ";"))
    return is_inflected(word) and (begins or not is_plural(word))


def _is_carried(rest: str) -> bool:
    """Returns whether the object that begins here is a thing that people carry."""
    for word in WORD.findall(rest.lower())[1:4]:
        if word in DETERMINERS or word in _PLACES_OF_VERBS:
            break
        if word in _NOT_CARRIED or is_of_the_body(word) or word in PEOPLE:
            return False
    return True
