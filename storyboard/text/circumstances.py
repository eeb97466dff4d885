"""Turns what a story says of the sky and of things beside people into the words of a pipeline's own captions.

It uses words alone. Knows no pictures and no models, neither people nor what they do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from storyboard.text.forms import first_forms
from storyboard.text.word_classes import DETERMINERS, WORD

MOST_THINGS = 2  # beside people in one frame, at most


@dataclass(frozen=True)
class Circumstances:
    """The words for the sky, for things beside people and for scenes without people.

    skies: one mapping for each kind of thing that a sky shows, such as the time of day and the weather. It maps what
    captions say ("at night", "" for an ordinary day) to the words of a story that tell it.
    things: from what captions say ("a dog") to the nouns for it.
    indoors: places that have no sky.
    nobody: the beginning of captions that show nobody; "" if there are none.
    """

    skies: Sequence[Mapping[str, Sequence[str]]] = ()
    things: Mapping[str, Sequence[str]] = field(default_factory=dict)
    indoors: frozenset[str] = frozenset()
    nobody: str = ""

    def around(self, sentences: Sequence[str], place: str) -> str:
        """Returns what the caption of the last sentence says after its place: " at night, with a dog".

        A sky stays until a later sentence tells of another one. Things are beside people only in the sentences that
        speak of them.
        """
        skies = [] if place in self.indoors else [_sky(sentences, telling) for telling in self._telling]
        text = "".join(f" {sky}" for sky in skies if sky)
        things = self.things_in(sentences[-1]) if sentences else ()
        return f"{text}, with {' and '.join(things)}" if things else text

    def things_in(self, sentence: str) -> tuple[str, ...]:
        """Returns the things that a sentence says are there, in its order.

        They are nouns with an article or a number before them.
        """
        found: dict[str, None] = {}
        words = [match.group().lower() for match in WORD.finditer(sentence)]
        for number, word in enumerate(words):
            before = words[max(0, number - 2) : number]
            # "A dog" and "two brown dogs" are things; "dog days" and "no dog" are not.
            if "no" in before or DETERMINERS.isdisjoint(before):
                continue
            # The tables also have "boating" as a form of a noun, so only words in -s are looked up.
            nouns = sorted(first_forms(word)) if word.endswith("s") else [word]
            thing = next((self._nouns[noun] for noun in nouns if noun in self._nouns), None)
            if thing:
                found[thing] = None
        return tuple(found)[:MOST_THINGS]

    @cached_property
    def _telling(self) -> list[dict[str, str]]:
        """For each kind: from each word to the sky that it tells."""
        return [{word: sky for sky, words in kind.items() for word in words} for kind in self.skies]

    @cached_property
    def _nouns(self) -> dict[str, str]:
        return {noun: thing for thing, nouns in self.things.items() for noun in nouns}


def _sky(sentences: Sequence[str], telling: Mapping[str, str]) -> str:
    for sentence in reversed(sentences):
        for match in reversed(list(WORD.finditer(sentence))):
            word = match.group().lower()
            told = next(
                (telling[form] for form in (word, *sorted(first_forms(word))) if form in telling), None
            )
            if told is not None:
                return told
    return ""
