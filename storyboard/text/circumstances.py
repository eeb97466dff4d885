"""What a story says of the sky and of things beside people, as a pipeline's own captions say it.

By words alone. Knows no pictures and no models, neither people nor what they do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from storyboard.text.forms import first_forms
from storyboard.text.word_classes import DETERMINERS, WORD

MOST_THINGS = 2  # beside people in one frame


@dataclass(frozen=True)
class Circumstances:
    """`skies`: kinds of what a sky shows, the time of day and the weather; each by how captions say it ("at night", ""
    for an ordinary day), with the words that tell it. `things`: by how captions say one ("a dog"), the nouns for it.
    `indoors`: places that have no sky. `nobody`: how captions begin that show nobody, "" where none does."""

    skies: Sequence[Mapping[str, Sequence[str]]] = ()
    things: Mapping[str, Sequence[str]] = field(default_factory=dict)
    indoors: frozenset[str] = frozenset()
    nobody: str = ""

    def around(self, sentences: Sequence[str], place: str) -> str:
        """Returns what the caption of the last of these sentences says behind its place: " at night, with a dog".

        A sky stays until a later sentence tells another one, and things are beside people while they are spoken of.
        """
        skies = [] if place in self.indoors else [_sky(sentences, telling) for telling in self._telling]
        text = "".join(f" {sky}" for sky in skies if sky)
        things = self.things_in(sentences[-1]) if sentences else ()
        return f"{text}, with {' and '.join(things)}" if things else text

    def things_in(self, sentence: str) -> tuple[str, ...]:
        """Returns what a sentence says is there, in its order: a noun with an article or a number before it."""
        found: dict[str, None] = {}
        words = [match.group().lower() for match in WORD.finditer(sentence)]
        for number, word in enumerate(words):
            before = words[max(0, number - 2) : number]
            # "A dog", "two brown dogs": but neither "dog days" nor "no dog".
            if "no" in before or DETERMINERS.isdisjoint(before):
                continue
            # The tables have "boating" as a form of a noun, too.
            nouns = sorted(first_forms(word)) if word.endswith("s") else [word]
            thing = next((self._nouns[noun] for noun in nouns if noun in self._nouns), None)
            if thing:
                found[thing] = None
        return tuple(found)[:MOST_THINGS]

    @cached_property
    def _telling(self) -> list[dict[str, str]]:
        """By kind: the sky that each word tells."""
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
