"""Turns a condition into the nearest caption, among those that a mapper has learned to translate into.

A mapper that is trained by regression predicts the mean of all pictures that a sentence allows, and drawing from a mean
shows somebody twice. A caption has an exact condition (Eq. 1). Who is there follows from where the condition points.
What they do and where they are follows from the words or, if the words do not say it, from the condition. Must not know
stories or portraits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from storyboard.text.captions import Mention

STAYING = "stand"  # what people do of whom nothing is said


@dataclass(frozen=True)
class Shown:
    """Somebody at whom a condition points, or of whom the words are sure.

    called: their name in a caption. deed: what they do according to the words, "" if the words do not say it. columns:
    the tokens that point at them.
    """

    name: str
    called: str
    deed: str
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Retold:
    """A caption, the names of its people in it, and for each of them the last word of what they do, in order.

    tail: how many letters at its end say the place, counting the full stop.
    """

    caption: str
    names: tuple[Mention, ...]
    deeds: tuple[Mention, ...]
    tail: int


class Reteller:
    """Turns conditions into captions that are made of these deeds and places ("waves", "in the park").

    deeds: each deed, with how often each word tells it, as in a Lexicon.
    conditions: gives the conditions (K, L, D) of captions, in the layout of the conditions that are to be retold.
    nobody: the beginning of captions that show nobody.
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
        """Returns the caption that is nearest to a condition (L, D), with people in the order of their columns.

        place: the place that the words say; None if only the condition tells it. People without columns come after the
        others, and do what the words say, or stay where they are. around: gives what else the words say is at a place.
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
        """Returns the caption. Deeds that are not known yet are replaced by the first deed of all."""
        return said(people, place + around(place), self.deeds[0], self.nobody)

    def _nearest(self, condition: torch.Tensor, told: Sequence[Retold]) -> int:
        far = (self.conditions(told).float() - condition.float()).square().mean((1, 2))
        return int(far.argmin())


def said(people: Sequence[Shown], where: str, otherwise: str, nobody: str) -> Retold:
    """Returns the caption of people in this order. Without people it begins with `nobody`.

    otherwise: the deed of people of whom no deed is known.
    """
    text, names, ends = "" if people else nobody, [], []
    for number, one in enumerate(people):
        text += _before(number, len(people))
        names.append(Mention(one.name, len(text), len(text) + len(one.called)))
        text += f"{one.called} {one.deed or otherwise}"
        ends.append(Mention(one.name, text.rindex(" ") + 1, len(text)))
    return Retold(f"{text} {where}.", tuple(names), tuple(ends), len(where) + 1)


def _before(number: int, count: int) -> str:
    """Returns the text before person `number` of a caption of `count` people."""
    if not number:
        return ""
    return " and " if number == count - 1 else ", "
