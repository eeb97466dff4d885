"""Compares a finished picture with its sentence: what the judge sees in it, and what should be there.

The judge knows people by their portraits, which it looks at in the same way as at pictures, so it can check people that
it has never met. If the words leave open who is meant, nothing is claimed. No picture depends on the result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from PIL import Image

from storyboard.models.judge import Judge, SeenPerson
from storyboard.models.judge.matching import Wanted, owner_of, seen_label
from storyboard.renderer import CastMember, ContextFrame, Verdict
from storyboard.text.candidates import candidates, read_for
from storyboard.text.captions import PRONOUN_FORMS, Reading
from storyboard.text.places import place_said
from storyboard.text.presence import not_shown, those_there

SEEN = 0.5  # a place with a higher probability counts as seen


def compare(
    judge: Judge,
    picture: Image.Image,
    sentence: str,
    meant: Iterable[str],
    cast: Mapping[str, Wanted],
    open_to_others: bool = False,
) -> Verdict:
    """Returns what is wrong with a picture of `sentence` that should show the people of the cast in `meant`.

    open_to_others: the sentence also speaks of people in another way ("the two men"), so further people are no fault.
    """
    (seen,) = judge.look([picture])
    names = list(cast)
    owners = [owner_of(person, list(cast.values()), judge.vocabulary) for person in seen.people]
    shown = Counter(names[owner] for owner in owners if owner is not None)
    meant = tuple(meant)
    wanted = place_said(sentence, {place: place for place in judge.vocabulary.places})
    places = dict(zip(judge.vocabulary.places, seen.places.tolist(), strict=True))
    likeliest = max(places, key=places.__getitem__)
    elsewhere = wanted is not None and likeliest != wanted and places[likeliest] > SEEN > places[wanted]
    return Verdict(
        missing=tuple(name for name in meant if not shown[name]),
        twice=tuple(name for name in meant if shown[name] > 1),
        others=() if open_to_others else tuple(name for name in names if shown[name] and name not in meant),
        strangers=0 if open_to_others else owners.count(None),
        place=likeliest if elsewhere else "",
    )


def who_is_meant(
    sentence: str, readings: Sequence[Reading], cast: Sequence[CastMember], history: Sequence[ContextFrame]
) -> tuple[str, ...]:
    """Returns the people whom a picture of `sentence` should show. It is () if a pronoun for people leaves that open.

    A pronoun without a reading means somebody only if the words allow exactly one reading.
    """
    read, earlier = read_for(cast, sentence, (one.caption for one in history))
    known = {reading.start: reading.names for reading in readings}
    meant, absent = list(those_there(read)), not_shown(read)
    for one in read.pronouns:
        if one.start in absent:
            continue
        some = known.get(one.start)
        if some is None and one.word not in PRONOUN_FORMS["it"]:
            allowed = candidates(read, one, cast, earlier)
            if len(allowed) != 1:
                return ()
            (some,) = allowed
        meant += some or ()
    return tuple(dict.fromkeys(meant))


def known_by(name: str, portrait: Image.Image, judge: Judge) -> Wanted | None:
    """Returns a person as the judge sees them in their portrait, or None if it sees nobody there."""
    (seen,) = judge.look([portrait])
    person = max(seen.people, key=_size, default=None)
    if person is None:
        return None
    heads = (head for head in judge.vocabulary.looks if head != "outfit")
    return Wanted(name, {head: seen_label(person, head, judge.vocabulary) for head in heads})


def _size(person: SeenPerson) -> float:
    left, top, right, bottom = person.box.tolist()
    return (right - left) * (bottom - top)
