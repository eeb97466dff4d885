"""A condition said again as a caption: the one nearest to it of those that a mapper has learned to translate into.

A mapper that is trained by regression says the mean of what a sentence may show, and a mean draws somebody twice. A
caption has an exact condition (Eq. 1). Who is there the read condition points at; what they do and where, the words
say, and where they do not, the condition. Must not know stories or portraits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from storyboard.text.captions import Mention

STAYING = "stand"  # a word that tells what somebody does of whom nothing is told


@dataclass(frozen=True)
class Shown:
    """Somebody at whom a condition points, or who is there all the same.

    called: by a caption. deed: what the words say they do, "" where they say nothing. columns: the tokens that point.
    """

    name: str
    called: str
    deed: str
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Retold:
    """A caption, where it names its people, and the last words of what each does, in their order.

    tail: how many of its letters say where it is, the full stop among them.
    """

    caption: str
    names: tuple[Mention, ...]
    deeds: tuple[Mention, ...]
    tail: int


class Reteller:
    """Says conditions as captions of these deeds and places ("waves", "in the park").

    deeds: each with how often a word tells it, as a Lexicon has them. nobody: how captions of nobody begin.
    conditions: from captions to their conditions (K, L, D), laid out as those that are told again.
    """

    def __init__(
        self,
        deeds: Mapping[str, Mapping[str, int]],
        places: Sequence[str],
        conditions: Callable[[Sequence[Retold]], torch.Tensor],
        nobody: str = "",
    ):
        self.deeds, self.places, self.conditions, self.nobody = tuple(deeds), places, conditions, nobody
        self.staying = max(self.deeds, key=lambda deed: deeds[deed].get(STAYING, 0))

    def __call__(
        self,
        condition: torch.Tensor,
        people: Sequence[Shown],
        place: str | None,
        around: Callable[[str], str] = lambda place: "",
    ) -> Retold:
        """Returns the caption nearest to a condition (L, D), people in the order of their columns.

        place: where the words say it is, None where only the condition tells. People without columns are put behind the
        others, and do what the words say or stay where they are. around: what the words say is at a place besides.
        """
        order = sorted((one for one in people if one.columns), key=lambda one: one.columns)
        missing = [one for one in people if not one.columns]
        for number, one in enumerate(order):
            if not one.deed:
                choices = [
                    [*order[:number], replace(one, deed=deed), *order[number + 1 :]] for deed in self.deeds
                ]
                told = [self._said(some, place or self.places[0], around) for some in choices]
                order = choices[self._nearest(condition, told)]
        if place is None:
            told = [self._said(order, one, around) for one in self.places]
            place = self.places[self._nearest(condition, told)]
        return said([*order, *missing], place + around(place), self.staying, self.nobody)

    def _said(self, people: Sequence[Shown], place: str, around: Callable[[str], str]) -> Retold:
        """The caption; a deed that is not known yet is the first that there is."""
        return said(people, place + around(place), self.deeds[0], self.nobody)

    def _nearest(self, condition: torch.Tensor, told: Sequence[Retold]) -> int:
        far = (self.conditions(told).float() - condition.float()).square().mean((1, 2))
        return int(far.argmin())


def said(people: Sequence[Shown], where: str, otherwise: str, nobody: str) -> Retold:
    """Returns the caption of people in this order, or of `nobody`.

    otherwise: what those do of whom nothing is known.
    """
    text, names, ends = "" if people else nobody, [], []
    for number, one in enumerate(people):
        text += _before(number, len(people))
        names.append(Mention(one.name, len(text), len(text) + len(one.called)))
        text += f"{one.called} {one.deed or otherwise}"
        ends.append(Mention(one.name, text.rindex(" ") + 1, len(text)))
    return Retold(f"{text} {where}.", tuple(names), tuple(ends), len(where) + 1)


def _before(number: int, count: int) -> str:
    """What stands before the person of this number in a caption of so many."""
    if not number:
        return ""
    return " and " if number == count - 1 else ", "
