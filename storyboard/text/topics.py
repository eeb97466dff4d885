"""Finds people of whom a sentence only speaks or thinks, or whom it awaits, excludes or compares with others.

The words directly before a person decide: "without Rosa", "a letter from Milo", "thinks of Nana", "hopes that Pip is
well". Words that leave it open ("a cake for Otto") stay open. Knows neither stories nor who is meant.
"""

from __future__ import annotations

from collections.abc import Sequence

from storyboard.text.phrases import is_form_of
from storyboard.text.word_classes import AUXILIARIES, HAVING, is_finite, is_manner

# Words that may stand before a name: "without poor Rosa".
_FOND = frozenset(
    "poor dear old little young good sweet even just only his her its their my our your".split()
)
_PARTED = frozenset("either neither both each one any none all two three".split())
_NEGATIVE = frozenset(
    """not never no nobody nothing nowhere neither nor hardly scarcely rarely seldom cannot can't couldn't won't
    wouldn't don't doesn't didn't isn't wasn't aren't weren't""".split()
)
_READER = frozenset("you you'll you'd you've you're".split())
_NOBODY = frozenset("nobody no-one none".split())
# Likenesses of a person, and things that come from a person elsewhere or tell of one.
_LIKENESSES = frozenset(
    """picture photograph photo portrait painting drawing sketch statue bust image snapshot poster film memory thought
    dream story tale song poem book news word sign trace rumour rumor mention account description name ghost
    shadow""".split()
)
_PICTURING = frozenset("make take draw paint sketch snap cut carve".split())
_MESSAGES = frozenset(
    """letter postcard card note message telegram parcel package present news word call invitation email text
    greeting""".split()
)
# With these verbs, "of" names the person in somebody's thoughts.
_MINDING_OF = frozenset(
    "think dream speak talk tell hear remind complain boast know learn despair sing write".split()
)
_SEEKING_FOR = frozenset(
    "wait look search call yell hunt long listen hope pray yearn ask send wish pine whistle shout".split()
)
_CALLED_AFTER = frozenset("name call christen ask".split())
_MISSING = frozenset(
    "miss await expect remember forget recall imagine mourn phone telephone ring email".split()
)
_FINDING = frozenset(["find"])
_SENSING = frozenset("see hear feel".split())
_AIMING = frozenset("throw shoot aim kick fire hit catch".split())  # the thrower may miss
_WRITING_TO = frozenset("write post".split())
_BELONGING = frozenset("belong address".split())
_MEANT_FOR = frozenset("mean intend reserve destine".split())
_SAYING = frozenset("say tell mention whisper".split())
_BEING = frozenset(["be"])
_SENDING = frozenset("write send post owe".split())
# Verbs whose clause tells what is said or thought, which need not be true.
_MINDING = frozenset(
    """think believe hope wonder dream imagine wish remember forget know say tell explain claim swear promise fear doubt
    guess suspect suppose expect worry ask read write announce complain boast insist admit confess hear""".split()
)
_CLAUSE_WORDS = frozenset("that what where how why whether if who when".split())
_ACTING_AS = frozenset("pretend play imagine claim".split())
_DRESSING_AS = frozenset("dress disguise pose".split())
_NOTICING = frozenset("noticing seeing hearing knowing looking saying waking".split())
# "The train has left with Rosa."
_LEFT = frozenset("left departed gone vanished disappeared".split())
_DRIVEN_OFF = [[verb, where] for verb in ("driven", "sailed", "flown", "gone") for where in ("off", "away")]
_CUSTOMARILY = frozenset("always usually often sometimes once".split())
_BEING_USED = frozenset("like love use prefer hate".split())
_REACH = 6  # words at most between a verb and its "for"


def is_only_topic(before: Sequence[str], behind: Sequence[str]) -> bool:
    """Returns whether the words around a person, in small letters, say that the person is not there.

    The words include marks. `before` begins after the last stop.
    """
    before = list(before)
    if before[-2:] == ["not", "only"]:
        return False
    while before and before[-1] in _FOND:
        before.pop()
    if before[-1:] == ["of"] and before[-2:-1] and before[-2] in _PARTED:
        del before[-2:]  # "thinks of either of them"
    if not before:
        return False
    return (
        _is_left_out(before, behind)
        or _is_behind_of(before, behind)
        or _is_missed(before, behind)
        or _is_in_content(before, behind)
        or _is_played(before)
        or _is_habit(before, behind)
    )


def _is_left_out(before: list[str], behind: Sequence[str]) -> bool:
    """Returns whether a person is excluded or compared with.

    Examples are "without Rosa", "instead of Rosa", "taller than Rosa", "like Rosa" and "not Rosa".
    """
    last, earlier = before[-1], before[:-1]
    if last == "no":
        return True  # "no suitcase, no Juno and no hat"
    if last == "with":
        gone = earlier[-1:] and earlier[-1] in _LEFT or earlier[-2:] in _DRIVEN_OFF
        return bool(gone) and not HAVING.isdisjoint(earlier[-4:])
    if last == "without":
        # Pip is there in "Nana never goes without Pip", and so is Nana in "creeps in without Nana noticing".
        return _NEGATIVE.isdisjoint(earlier) and not (behind and behind[0] in _NOTICING)
    if last in ("than", "unlike"):
        # "Nobody danced longer than Nana": so she danced.
        return "sooner" not in earlier and _NOBODY.isdisjoint(earlier)
    if last == "not":
        # Nobody is excluded in "is not Rosa". In "It is not Rosa who sings" Rosa is.
        helped = bool(earlier) and earlier[-1] in AUXILIARIES
        return not helped or (bool(behind) and behind[0] in (",", "that", "who", "but"))
    if earlier and earlier[-1] == "not" and last in ("with", "to", "by"):
        return True
    if last == "as":
        # "As tall as Rosa" compares, "as soon as Rosa comes" does not.
        return "as" in earlier[-2:-1] and not _is_verb(behind)
    if last == "of":
        return earlier[-1:] == ["instead"] or earlier[-2:] in (
            ["in", "place"],
            ["in", "memory"],
            ["in", "honour"],
        )
    if last == "like":
        # "Like" must be a preposition here. In "Milo and Pip like Rosa" it may be a verb, so that is left open.
        return not earlier or earlier[-1] in (",", "looks", "looked") or is_finite(earlier[-1])
    return False


def _is_behind_of(before: list[str], behind: Sequence[str]) -> bool:
    """Returns whether a preposition before a person says that the person is elsewhere.

    Examples are "thinks of Rosa", "a picture of Rosa", "about Rosa", "a letter from Rosa" and "waits for Rosa".
    """
    last, earlier = before[-1], before[:-1]
    word = next((one for one in reversed(earlier) if not is_manner(one)), "")
    if last == "about":
        return word not in ("arms", "arm", "hands", "blanket", "shawl", "coat")
    if last == "of":
        if word.removesuffix("s") in _LIKENESSES:
            # A person who is being painted may be there.
            return "no" in earlier[-2:] or not any(is_form_of(one, _PICTURING) for one in earlier[-_REACH:-1])
        if word in ("seen", "heard"):
            return True
        return word in ("jealous", "envious") or is_form_of(word, _MINDING_OF)
    if last == "from":
        heard = any(is_form_of(one, frozenset(["hear"])) for one in earlier[-4:])
        heard = heard or earlier in (["it", "is"], ["it", "was"], ["it's"])
        return heard or word.removesuffix("s") in _MESSAGES
    if last == "for":
        # Milo is there in "waits for Milo to finish".
        sought = any(is_form_of(one, _SEEKING_FOR) for one in earlier[-_REACH:] if one != "long")
        minded = word in ("thought", "longing", "word", "call") or is_form_of(word, _MEANT_FOR)
        return (sought or minded) and behind[:1] != ("to",)
    if last == "after":
        return is_form_of(word, _CALLED_AFTER)
    if last != "to":
        return False
    if is_form_of(word, _WRITING_TO | _BELONGING):
        return True
    # Nana is not there in "nothing has been said to Nana". In "Milo says nothing to Nana" she is.
    told = is_form_of(word, _SAYING) and any(is_form_of(one, _BEING) for one in earlier[-4:])
    return told and not _NEGATIVE.isdisjoint(earlier)


def _is_missed(before: list[str], behind: Sequence[str]) -> bool:
    """Returns whether the verb says that a person is elsewhere.

    Examples are "misses Rosa", "phones Rosa", "writes Rosa a letter", "cannot find Rosa" and "has not seen Rosa".
    """
    verb = before[-1]
    if is_form_of(verb, _FINDING) and not _NEGATIVE.isdisjoint(before[-4:-1]):
        return True
    unseen = before[-3:-1] == ["no", "longer"] or (
        not HAVING.isdisjoint(before[-4:-1]) and not _NEGATIVE.isdisjoint(before[-4:-1])
    )
    unseen = unseen or (behind[:1] == ("anywhere",) and not _NEGATIVE.isdisjoint(before[-3:-1]))
    if is_form_of(verb, _SENSING) and (unseen or before[-2:-1] in (["hasn't"], ["haven't"], ["hadn't"])):
        return True
    if is_form_of(verb, _MISSING):
        return not any(is_form_of(one, _AIMING) for one in before[:-1])
    return is_form_of(verb, _SENDING) and behind[:1] in (("a",), ("an",), ("another",), ("the",), ("some",))


def _is_in_content(before: list[str], behind: Sequence[str]) -> bool:
    """Returns whether a person is in somebody's thoughts or words.

    Examples are "hopes that Rosa is well", "wonders where Rosa is" and "thinks Rosa is late".
    """
    if not behind or behind[0] in ",'\"\u201c\u201d":
        return False
    last, earlier = before[-1], before[:-1]
    if not _READER.isdisjoint(earlier):
        return False  # "You will never guess what Rosa was carrying"
    if last in _CLAUSE_WORDS:
        for back, word in enumerate(reversed(earlier[-4:])):
            if word in (",", "and", "but"):
                return False
            if is_form_of(word, _MINDING) and not (word == "who" or (back and word in ("read", "tell"))):
                return True
        return False
    said = is_form_of(last, _MINDING - {"ask", "read", "write", "remember", "forget", "tell", "hear"})
    return said and _has_subject(earlier) and _is_verb(behind)


def _has_subject(earlier: list[str]) -> bool:
    """Returns whether a verb has a subject before it. Behind a speech it may have none: "“No,” says Rosa"."""
    return bool(earlier) and earlier[-1] not in ',"\u201c\u201d'


def _is_verb(behind: Sequence[str]) -> bool:
    following = next((one for one in behind if not is_manner(one)), "")
    return is_finite(following)


def _is_played(before: list[str]) -> bool:
    """Returns whether somebody plays a person: "pretends to be Rosa", "dressed up as Rosa"."""
    if before[-2:] == ["to", "be"]:
        return any(is_form_of(one, _ACTING_AS) for one in before[-4:-2])
    return before[-1] == "as" and any(is_form_of(one, _DRESSING_AS) for one in before[-3:-1])


def _is_habit(before: list[str], behind: Sequence[str]) -> bool:
    """Returns whether a place or a thing is told apart by what a person always does with it.

    An example is "the bench where Rosa likes to sit".
    """
    if before[-1] not in ("where", "which", "that") or before[-2:-1] in ([], [","]):
        return False
    first, second = (*behind, "", "")[:2]
    return first in _CUSTOMARILY or (second == "to" and is_form_of(first, _BEING_USED))
