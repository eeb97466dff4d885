"""Decides whether a thing is seen only together with its owner: "Otto's face lights up", but not "Otto's coat".

Parts of the body, parts of clothes and actions ("Otto's dance") show their owner. Any other thing may lie around alone.
Knows neither stories nor who is meant.
"""

from __future__ import annotations

from collections.abc import Sequence

from storyboard.text.phrases import is_form_of
from storyboard.text.word_classes import (
    AUXILIARIES,
    COORDINATORS,
    HAVING,
    PARTICLES,
    PREPOSITIONS,
    SUBORDINATORS,
    is_finite,
    is_manner,
)

_OF_THE_BODY = frozenset(
    """ankle arm back beard belly body brow cheek chest chin ear elbow embrace eye eyebrow eyelid eyelash face finger
    fingertip fist foot forehead fringe grip hair hand head heart heel hip jaw knee lap leg lip moustache mouth neck
    nose palm paw plait shoulder side skin stomach tail tear throat thumb toe tooth tongue tummy waist whisker wing
    wrist belly curl lock ponytail pigtail bosom""".split()
)
_WORN_PART = frozenset("sleeve collar pocket hem lapel cuff apron-string buttonhole".split())
# What a person does or feels, or nouns for where a person is: "to Otto's delight", "in Otto's way", "laughs at Otto's
# joke".
_OF_DOING = frozenset(
    """advice amazement answer anger attempt attention company dance dancing defence delight direction dismay effort
    expression gaze glance grin help horror hug joke joy jump kiss laugh laughter lead left look performance play
    presence question reach relief reply right scowl shout sigh smile sob speech step surprise trick turn way whisper
    wink yawn""".split()
)
_NEARNESS = frozenset(["side", "shoulder"])  # "waits at her side"
_PICTURING = frozenset("do draw paint sketch take".split())
_IRREGULAR = {"feet": "foot", "teeth": "tooth"}
_ENDS = PREPOSITIONS | AUXILIARIES | COORDINATORS | SUBORDINATORS
_MOST = 4  # words at most, from an owner or an article to the noun
_ARTICLES = frozenset("a an the her his their its my our your every all".split())
_HOLDING = frozenset(
    "hold carry wear push pull drag lead ride drive hand offer show bring feed wave point follow chase be".split()
)
_LIKING = frozenset("like love want need call own prefer know use".split())
_WHEN = frozenset(
    """time times moment day night morning afternoon evening minute second hour week month year summer winter spring
    autumn instant way place reason fact news first last only""".split()
)
_PUTTING = frozenset(
    "put stick place lay set draw paint pin tie hang drop balance tuck wrap pour tip".split()
)
_TOUCHING = frozenset(
    """take hold kiss pat squeeze shake stroke grab tickle comb braid brush pull tug bandage touch dry wash wipe tie
    catch seize plait cut ruffle pinch""".split()
)


def shows_owner(behind: Sequence[str]) -> bool:
    """Returns whether a thing is seen only with its owner. behind: the words after the owner, in small letters."""
    for word in behind[:_MOST]:
        if not word[0].isalpha() or word in _ENDS:
            return False
        if _singular(word) in _OF_THE_BODY | _WORN_PART | _OF_DOING:
            return True
        if is_finite(word):
            return False
    return False


def is_of_the_body(word: str) -> bool:
    """Returns whether a noun, in the singular or the plural, is a part of the body."""
    return _singular(word) in _OF_THE_BODY


def is_touched(before: Sequence[str], behind: Sequence[str]) -> bool:
    """Returns whether the owner may be somebody else than the subject: "takes her hand", "laughs at her joke"."""
    if not shows_owner(behind):
        return is_pictured(before, behind)
    placed = before[-1:] and before[-1] in PREPOSITIONS
    doing = placed and any(_singular(word) in _OF_DOING | _NEARNESS for word in behind[:1])
    put = placed and any(is_form_of(one, _PUTTING) for one in before) and is_of_the_body(behind[0])
    return bool(doing or put) or any(is_form_of(one, _TOUCHING) for one in before[-2:])


def is_pictured(before: Sequence[str], behind: Sequence[str]) -> bool:
    """Returns whether somebody makes a likeness, for which its owner sits as a model: "paints her portrait"."""
    likeness = behind[:1] in (("portrait",), ("picture",), ("photograph",), ("likeness",))
    return likeness and any(is_form_of(one, _PICTURING) for one in before[-2:])


def is_only_maker(before: Sequence[str], behind: Sequence[str]) -> bool:
    """Returns whether a person between these words only says which thing is meant: "the scarf (that) Nana knitted".

    Such a person need not be present. A person who holds or wears the thing is present, and so is one who does
    something to it at the moment.
    """
    words = [one for one in behind[:3] if not is_manner(one)]
    if not words or not _is_thing_meant(before):
        return False
    perfect = words[0] in HAVING and words[0] != "having"
    verb = words[1] if perfect and len(words) > 1 else words[0]
    if is_form_of(verb, _HOLDING) or verb in AUXILIARIES:
        return False
    past = is_finite(verb) and not verb.endswith("s")
    return perfect or is_form_of(verb, _LIKING) or past


def _is_thing_meant(before: Sequence[str]) -> bool:
    """Returns whether these words end with a noun that such a clause can describe.

    Times do not count: "In the evening Nana".
    """
    if before[-1:] == ("that",) and "so" in before:
        return False  # "It was so hot that Nana opened the window"
    words = list(before[:-1]) if before[-1:] in (("that",), ("which",)) else list(before)
    for back, word in enumerate(reversed(words[-_MOST:])):
        if word in _ARTICLES:
            first = words[: len(words) - back - 1]
            placed = bool(first) and first[-1] in PREPOSITIONS - PARTICLES - {"of"}
            opens = len(first) < 3 or first[-2] in COORDINATORS or not first[-2][0].isalpha()
            told = not first or any(is_finite(one) or one.endswith("ing") for one in first)
            led = (placed and opens) or first[-1:] == ["such"] or not SUBORDINATORS.isdisjoint(first)
            return back > 0 and words[-1] not in _WHEN and told and not led
        if not word[0].isalpha() or word in _ENDS or is_manner(word):
            return False
    return False


def _singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    return word.removesuffix("s") if not word.endswith("ss") else word
