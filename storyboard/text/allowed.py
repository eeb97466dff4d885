"""Decides from the words of a sentence whom of the cast its picture may show, and whom it may not show.

The people who are named and shown come from `presence.py`. The people for whom a pronoun can stand come from
`candidates.py`. If the words leave the question open, the model decides. Knows neither torch, gradio nor stories.
"""

from __future__ import annotations

from collections.abc import Sequence

from storyboard.text.candidates import Meant, Person, candidates
from storyboard.text.captions import PRONOUN_FORMS, Mention, Pronoun, ReadSentence, is_possessive
from storyboard.text.clauses import analyse
from storyboard.text.presence import in_doubt, may_be_anothers, named_there, not_shown
from storyboard.text.speech import is_spoken
from storyboard.text.unnamed import speaks_of_others


def whom_words_allow(
    sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]
) -> frozenset[str] | None:
    """Returns everybody whom a sentence can show: the people it names as present, and those its pronouns can stand for.

    sentence, earlier: read for the names of `cast`; `earlier` begins with the oldest sentence. None if the words leave
    the question open, because they also speak of other people ("the boy", "both", "everyone") or of nobody at all. If
    everybody who is named is said to be away, the result is everybody whom the sentence is about.
    """
    if speaks_of_others(sentence, earlier) or _speaks_of_nobody_known(sentence, cast, earlier):
        return None
    shown = _shown(sentence, cast, earlier)
    return frozenset(shown or _told(sentence, cast, earlier)) or None


def whom_words_rule_out(
    sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]
) -> frozenset[str]:
    """Returns the people whom a sentence names but does not show, while it shows others.

    An example is Rosa in "When Rosa has left, the painters eat". This holds also if `whom_words_allow` leaves the rest
    open.
    """
    if not (speaks_of_others(sentence, earlier) or named_there(sentence)):
        return frozenset()
    return frozenset(sentence.names) - _shown(sentence, cast, earlier)


def whom_words_show(sentence: ReadSentence, meant: Meant) -> frozenset[str]:
    """Returns the people whom a sentence surely shows, by their names or by its pronouns.

    meant: whom the pronouns are taken for, from `meant_by_words`. Other people may be there as well, if the sentence
    speaks of people in another way or does not say clearly whom a pronoun means.
    """
    absent, doubtful = not_shown(sentence), in_doubt(sentence)
    named = {one.name for one in sentence.mentions if one.start not in absent | doubtful}
    shown = set(named)
    for one in sentence.pronouns:
        if one.start not in absent and not is_possessive(sentence.text, one):
            shown |= set(meant.get(one.start, ()))
    # If a sentence names somebody only as elsewhere, a pronoun for them does not show them either: "never told either
    # of them".
    return frozenset(shown - (set(sentence.names) - named - _owners(sentence)))


def _shown(sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]) -> set[str]:
    """Returns the people whom a sentence can show by its names and pronouns."""
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
            # "They" may well mean people who were apart for a while and are together again.
            several = _is_plural(one) and not singular & rather
            shown |= meant if several or not rather else rather
    for one, meant in owners:
        # If people who are there can be the owners, they are: "Nana opens her purse".
        least = 2 if _is_plural(one) and not singular & shown else 1
        if len(shown & meant) < least or may_be_anothers(sentence, one):
            shown |= meant
    return shown


def _speaks_of_nobody_known(
    sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]
) -> bool:
    """Returns whether a "he" or "she" can stand for nobody whom the story has named, so that it is somebody else."""
    return any(
        one.word in ("he", "she")
        and not is_spoken(sentence.text, one.start)
        and not _meant(sentence, one, cast, earlier)
        for one in sentence.pronouns
    )


def _owners(sentence: ReadSentence) -> set[str]:
    """Returns the people whom a sentence names only as owners.

    Juno is there in "Juno's hat is wet, so she laughs".
    """
    owners: set[str] = set()
    others: set[str] = set()
    for one in analyse(sentence).expressions:
        if isinstance(one.what, Mention):
            (owners if one.role == "owner" else others).add(one.what.name)
    return owners - others


def _told(sentence: ReadSentence, cast: Sequence[Person], earlier: Sequence[ReadSentence]) -> set[str]:
    """Returns everybody of whom a sentence speaks, present or not."""
    told = set(sentence.names)
    return told.union(*(_meant(sentence, one, cast, earlier) for one in sentence.pronouns))


def _meant(
    sentence: ReadSentence, pronoun: Pronoun, cast: Sequence[Person], earlier: Sequence[ReadSentence]
) -> set[str]:
    return {name for names in candidates(sentence, pronoun, cast, earlier) for name in names}


def _is_plural(pronoun: Pronoun) -> bool:
    return pronoun.word in PRONOUN_FORMS["they"]


def _named_in_absence(sentence: ReadSentence, earlier: Sequence[ReadSentence]) -> set[str]:
    """Returns the people whom the latest sentence that names them does not show.

    A pronoun rather means somebody else.
    """
    away: dict[str, bool] = {}
    for read in (sentence, *reversed(earlier)):
        there = named_there(read)
        away = {name: name not in there for name in read.names} | away
    return {name for name, gone in away.items() if gone}
