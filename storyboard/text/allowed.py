"""Whom of the cast the words of a sentence let a picture show, and whom they rule out.

By who is named and shown by it (`presence.py`), and by whom the pronouns can stand for (`candidates.py`). Where the
words leave it open, the model decides. Knows neither torch, gradio nor stories.
"""

from __future__ import annotations

from collections.abc import Sequence

from storyboard.text.candidates import Meant, Person, candidates
from storyboard.text.captions import PRONOUN_FORMS, Pronoun, ReadSentence, is_possessive
from storyboard.text.presence import in_doubt, may_be_anothers, named_there, not_shown
from storyboard.text.unnamed import speaks_of_others


def whom_words_allow(
    sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]
) -> frozenset[str] | None:
    """Returns everybody a sentence can show: whom it names as being there, and whom its pronouns can stand for.

    sentence, earlier: read for the names of `cast`, the latter oldest first. None where the words leave that open: they
    speak of people otherwise too ("the boy", "both", "everyone"), or of nobody at all. Where all who are named are
    said to be away, they are those it is about.
    """
    if speaks_of_others(sentence, earlier):
        return None
    shown = _shown(sentence, cast, earlier)
    return frozenset(shown or _told(sentence, cast, earlier)) or None


def whom_words_rule_out(
    sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]
) -> frozenset[str]:
    """Returns whom a sentence names and does not show, where it shows others: "When Rosa has left, the painters eat".

    This holds also where `whom_words_allow` leaves the rest open.
    """
    if not (speaks_of_others(sentence, earlier) or named_there(sentence)):
        return frozenset()
    return frozenset(sentence.names) - _shown(sentence, cast, earlier)


def whom_words_show(sentence: ReadSentence, meant: Meant) -> frozenset[str]:
    """Returns whom a sentence surely shows: whom it names as being there, and whom its pronouns are taken for.

    meant: the latter, as `meant_by_words` says.
    Others may be there as well, where it speaks of people otherwise or leaves open whom a pronoun means.
    """
    absent, doubtful = not_shown(sentence), in_doubt(sentence)
    named = {one.name for one in sentence.mentions if one.start not in absent | doubtful}
    shown = set(named)
    for one in sentence.pronouns:
        if one.start not in absent and not is_possessive(sentence.text, one):
            shown |= set(meant.get(one.start, ()))
    # Of whom it names elsewhere only, a pronoun may tell as little: "never told either of them".
    return frozenset(shown - (set(sentence.names) - named))


def _shown(sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]) -> set[str]:
    """Whom a sentence can show by its names and pronouns."""
    shown = named_there(sentence)
    absent, doubtful = not_shown(sentence), _named_in_absence(sentence, earlier)
    singular = {member.name for member in cast if member.pronoun == "they"}
    owners = []
    for one in sentence.pronouns:
        if one.start in absent:
            continue
        meant = _meant(sentence, one, cast, earlier)
        if is_possessive(sentence.text, one):
            owners.append((one, meant))
        else:
            rather = meant - doubtful
            # "They" may well be those again who were apart for a while.
            several = _is_plural(one) and not singular & rather
            shown |= meant if several or not rather else rather
    for one, meant in owners:
        # What is owned is rather theirs who are there: "Nana opens her purse".
        least = 2 if _is_plural(one) and not singular & shown else 1
        if len(shown & meant) < least or may_be_anothers(sentence, one):
            shown |= meant
    return shown


def _told(sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]) -> set[str]:
    """Whom a sentence speaks of at all."""
    told = set(sentence.names)
    return told.union(*(_meant(sentence, one, cast, earlier) for one in sentence.pronouns))


def _meant(
    sentence: ReadSentence, pronoun: Pronoun, cast: Sequence[Person], earlier: Sequence[ReadSentence]
) -> set[str]:
    return {name for names in candidates(sentence, pronoun, cast, earlier) for name in names}


def _is_plural(pronoun: Pronoun) -> bool:
    return pronoun.word in PRONOUN_FORMS["they"]


def _named_in_absence(sentence: ReadSentence, earlier: Sequence[ReadSentence]) -> set[str]:
    """Those whom the latest sentence that names them does not show: a pronoun rather means somebody else."""
    away: dict[str, bool] = {}
    for read in (sentence, *reversed(earlier)):
        there = named_there(read)
        away = {name: name not in there for name in read.names} | away
    return {name for name, gone in away.items() if gone}
