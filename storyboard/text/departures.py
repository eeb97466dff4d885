"""Decides whether a sentence says of a person that they have gone, are elsewhere or have not come.

An example is "Once Otto has gone home, Nana reads on." The verb behind the person decides, as far as rules can tell. A
person who is just leaving ("Otto goes home") is still there. Knows neither stories nor who is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storyboard.text.phrases import is_form_of
from storyboard.text.whereabouts import is_place_noun
from storyboard.text.word_classes import DETERMINERS, HAVING, PREPOSITIONS, is_finite, is_manner

_BE = frozenset("is are was were am be been being 's 're isn't aren't wasn't weren't".split())
_OTHER_HELPERS = frozenset(
    """do does did will would shall should can could may might must don't doesn't didn't won't wouldn't hasn't haven't
    hadn't can't couldn't cannot 'll 'd""".split()
)
_NOT = frozenset(["not", "never"])
_BETWEEN = frozenset("already just long since now both all finally only yet ever soon still quite".split())
_AWAY = frozenset("away gone absent missing elsewhere abroad nowhere overseas".split())
_COMING = frozenset("arrive appear return".split())
_TURNING_UP = frozenset("turn show".split())
_WRITING = frozenset("write ring phone".split())
_THERE = frozenset("here there home back among with coming invited".split())
_BEHIND_COMING = frozenset("home back today tonight yet either to at after this that".split())
_GOING = frozenset(
    "go drive run walk fly sail ride move travel set hurry rush wander slip sneak storm march row stroll".split()
)
_LEAVING = frozenset("leave depart vanish disappear die".split())
_DIRECTIONS = frozenset(
    "home away off out back upstairs downstairs indoors outdoors abroad ahead inside into for".split()
)
_STANDING_THERE = frozenset([",", "stood", "sat", "lay", "hung", "was", "were"])
_STAYING = frozenset(["sleep", "pieces"])  # "has gone back to sleep"
_NEAR = frozenset("door window table cupboard stove fire gate".split())
_TIMES = frozenset("already early again yesterday ago alone too at last night forever".split())
# Prepositional phrases that say where a person is who is not here.
_OCCUPIED = {
    "at": frozenset("work school sea university sleep".split()),
    "in": frozenset("hospital prison town".split()),
    "on": frozenset("holiday vacation tour leave".split()),
}
_RESTING = {"at": frozenset(["home"]), "in": frozenset(["bed"])}
# Deeds whose doer need not be there afterwards: others have the cake, or have heard the words.
_DOING_BEFORE = frozenset(
    """say ask tell promise warn bake make buy give send plan forget invite order knit build write leave lend hide
    choose draw paint sew teach cook pack borrow lose announce mention advise insist""".split()
)
_CONTRASTING = frozenset("while whereas so because but for since".split())
# A verb and its words end before these words.
_ENDS = frozenset("and but so while when because than that who which as before until".split())
_OPENING_PAST = frozenset("after once since".split())  # after these words a simple past is also over


@dataclass(frozen=True)
class _Predicate:
    """A verb of a clause, with its helpers, whether it is denied, and the words behind it."""

    perfect: bool
    being: bool
    denied: bool
    verb: str
    rest: tuple[str, ...]


def is_away(before: Sequence[str], behind: Sequence[str], contrasted: bool) -> bool:
    """Returns whether a sentence says that a person is not there.

    before, behind: the words around the person, in small letters. contrasted: whether the sentence also has a clause
    about somebody else.
    """
    if before[-1:] == ("with",) and behind:
        return behind[0] in _AWAY or _is_at(behind, _OCCUPIED)
    if before[-2:-1] == ("so",) and before[-1] in HAVING | _BE:
        return any(is_form_of(one, _LEAVING) or one in _AWAY for one in before[:-2])
    if behind[:2] == ("had", "been") and (len(behind) == 2 or behind[2] in _STANDING_THERE):
        return True  # "where Rosa had been stood Milo"
    if behind[1:2] == ("born",):
        return True  # "long before Rosa was born"
    if behind[:2] == (",", "who"):
        told = behind[2:-2] if behind[-2:-1] == (",",) else behind[2:]
        if "," not in told:
            behind, contrasted = told, True  # "The scarf is for Pip, who is at school"
    denied = before[-1:] in (("neither",), ("nor",))
    inverted = before[-1] if before and before[-1] in ("had", "has") else ""
    over = _opens_past(before)
    predicates = _predicates(behind, inverted)
    return bool(predicates) and _is_gone(predicates[-1], denied, over, contrasted, (*before, *behind))


def is_doubtful(before: Sequence[str], behind: Sequence[str]) -> bool:
    """Returns whether a person did something before the moment of the picture, or only gives others a reason to act.

    Examples are "Juno had asked for no goodbyes, so Nana whispered hers" and "As neither Rosa nor Milo can cook, Toggle
    does". Such people may be there all the same.
    """
    if before[-1:] in (("neither",), ("nor",)):
        return not (_CONTRASTING | {"as"}).isdisjoint(before)
    done = next((one for one in behind[1:] if not (one in _BETWEEN or is_manner(one))), "")
    return behind[:1] in (("had",), ("'d",)) and is_form_of(done, _DOING_BEFORE)


def _opens_past(before: Sequence[str]) -> bool:
    """Returns whether a clause begins that tells what is already over: "after Rosa left", "as soon as it has left"."""
    return (
        before[-1:]
        and before[-1] in _OPENING_PAST
        or before[-3:] == ("as", "soon", "as")
        or before[-2:] == ("now", "that")
    )


def _is_gone(one: _Predicate, denied: bool, over: bool, contrasted: bool, sentence: tuple[str, ...]) -> bool:
    if one.denied or denied:
        return _is_not_here(one) if one.being else _has_not_come(one)
    if one.being:
        if one.verb in _AWAY:
            return not one.rest or one.rest[0] not in DETERMINERS  # not "is missing a shoe"
        where = (one.verb, *one.rest)
        if not contrasted or one.verb.endswith("ing"):
            return False
        if _is_at(where, _OCCUPIED):
            return True
        return _is_at(where, _RESTING) and (over or not _CONTRASTING.isdisjoint(sentence))
    return (one.perfect or over) and _has_departed(one)


def _is_not_here(one: _Predicate) -> bool:
    """Returns whether somebody is not here: "is not here", "isn't at school".

    Other things can be denied too: "is not in the mood", "is not at all tired".
    """
    if one.verb == "at":
        return bool(one.rest) and (one.rest[0] in _OCCUPIED["at"] | _RESTING["at"])
    if one.verb in ("in", "around"):
        return not one.rest
    return one.verb in _THERE


def _has_not_come(one: _Predicate) -> bool:
    """Returns whether somebody has not come: "did not come", "never turned up", "has not written".

    Not so "will not come down" and "does not turn round".
    """
    first = one.rest[:1]
    if is_form_of(one.verb, frozenset(["come"])):
        return not first or first[0] in _BEHIND_COMING
    if is_form_of(one.verb, _TURNING_UP):
        return first == ("up",)
    if is_form_of(one.verb, _WRITING):
        return one.perfect and (not first or first[0] in PREPOSITIONS | _BEHIND_COMING)
    return is_form_of(one.verb, _COMING) and (not first or first[0] not in DETERMINERS)


def _has_departed(one: _Predicate) -> bool:
    """Returns whether somebody has left: "has gone home", "had driven off", "has left".

    Not so "has gone red" and "has left her hat".
    """
    rest = one.rest
    if is_form_of(one.verb, _LEAVING):
        return not rest or rest[0] in PREPOSITIONS | _TIMES or _is_long_ago(rest) or _is_place(rest)
    if not is_form_of(one.verb, _GOING) or not _STAYING.isdisjoint(rest[:3]):
        return False
    if not rest:
        return one.verb in ("gone", "went")
    if rest[0] == "to":
        return _NEAR.isdisjoint(rest[1:4])
    if rest[:2] == ("back", "to"):
        return "bed" in rest[2:4] or any(map(is_place_noun, rest[2:5]))
    if rest[:2] == ("out", "of"):
        return is_place_noun(rest[-1])  # not "has run out of flour"
    return rest[0] in _DIRECTIONS or (one.verb == "gone" and rest[0].endswith("ing"))


def _is_long_ago(rest: Sequence[str]) -> bool:
    return "ago" in rest[:4] or "before" in rest[1:4]


def _is_place(rest: Sequence[str]) -> bool:
    """Returns whether these words are a place: "the house", "town", but no thing that can be left behind."""
    nouns = rest[1:] if rest[0] in DETERMINERS else rest
    return len(nouns) == 1 and is_place_noun(nouns[0])


def _is_at(words: Sequence[str], where: dict[str, frozenset[str]]) -> bool:
    """Returns whether one of these phrases is among the first words: "ill in bed", "asleep upstairs at home"."""
    pairs = zip(words[:4], words[1:5], strict=False)
    return any(noun in where.get(said, ()) for said, noun in pairs)


def _predicates(behind: Sequence[str], inverted: str) -> list[_Predicate]:
    """Returns the verbs of one subject, which "and" may join: "has got up and gone to the door and lets Juno in"."""
    found: list[_Predicate] = []
    words = list(behind)
    helpers = [inverted] if inverted else []
    while words:
        predicate, words = _predicate(words, helpers)
        if predicate is None:
            break
        found.append(predicate)
        if not _goes_on(words):
            break
        words = words[1:]
        # A participle shares the helper of the verb before it: "has packed and gone".
        helpers = ["has"] if predicate.perfect and not _is_present(words[0]) else []
    return found


def _is_present(word: str) -> bool:
    """Returns whether a verb has a form that no participle has: "lets", "is"."""
    return word.endswith("s")


def _goes_on(words: Sequence[str]) -> bool:
    """Returns whether the same subject does something more: "and lets Juno in"."""
    return (
        len(words) > 1
        and words[0] in ("and", "but")
        and (is_finite(words[1]) or words[1] in ("gone", "been", "left"))
    )


def _predicate(words: list[str], helpers: list[str]) -> tuple[_Predicate | None, list[str]]:
    """Returns the first verb of a clause, and the words from the joining "and" on."""
    helpers, denied = list(helpers), False
    index = 0
    while index < len(words):
        word = words[index]
        if word in _NOT or word.endswith("n't") or word == "cannot":
            denied = True
        if word in HAVING | _BE | _OTHER_HELPERS:
            helpers.append(word)
        elif not (word in _NOT | _BETWEEN or is_manner(word)):
            break
        index += 1
    if index == len(words):
        return None, []
    perfect = any(one in HAVING or one in ("hasn't", "haven't", "hadn't") for one in helpers)
    being = any(one in _BE for one in helpers) and not (
        helpers[-1] == "'s" and words[index] in ("left", "come")
    )
    rest = words[index + 1 :]
    end = next((i for i, one in enumerate(rest) if one in _ENDS or not one[0].isalnum()), len(rest))
    return _Predicate(perfect, being, denied, words[index], tuple(rest[:end])), rest[end:]
