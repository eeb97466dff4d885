"""A condition said again as a caption: the one nearest to it of those that a mapper has learned to translate into.

A mapper that is trained by regression says the mean of what a sentence may show, and a mean draws somebody twice. A
caption has an exact condition (Eq. 1). Who is there the read condition points at; what they do and where, the words
say, and where they do not, the condition. Must not know stories or portraits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from storyboard.text.captions import Mention


@dataclass(frozen=True)
class Shown:
    """Somebody at whom a condition points.

    called: by a caption. deed: what the words say they do, "" where they say nothing. columns: the tokens that point.
    """

    name: str
    called: str
    deed: str
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Retold:
    """A caption, where it names its people, and the last words of what each does, in their order."""

    caption: str
    names: tuple[Mention, ...]
    deeds: tuple[Mention, ...]


class Reteller:
    """Says conditions as captions of these deeds and places ("waves", "in the park").

    tokens: from texts and how many letters of each count for nothing to what the text encoder makes of the rest of
    each, a list of (n, D).
    """

    def __init__(
        self,
        deeds: Sequence[str],
        places: Sequence[str],
        tokens: Callable[[Sequence[str], int], Sequence[torch.Tensor]],
    ):
        self.deeds, self.places, self.tokens = deeds, places, tokens

    def __call__(self, condition: torch.Tensor, people: Sequence[Shown], place: str | None) -> Retold:
        """Returns the caption nearest to a condition (L, D), people in the order of their columns.

        people: at least one. place: where the words say it is, None where only the condition tells.
        """
        order = sorted(people, key=lambda one: one.columns)
        starts = [one.columns[0] for one in order]
        text, names, ends = "", [], []
        for number, (one, start, end) in enumerate(
            zip(order, starts, [*starts[1:], len(condition)], strict=True)
        ):
            text += _before(number, len(order))
            names.append(Mention(one.name, len(text), len(text) + len(one.called)))
            text += one.called
            text += f" {one.deed or self._nearest(condition[start:end], text, self.deeds)}"
            ends.append(Mention(one.name, text.rindex(" ") + 1, len(text)))
        text += f" {place or self._nearest(condition[starts[-1] :], text, self.places)}."
        return Retold(text, tuple(names), tuple(ends))

    def _nearest(self, condition: torch.Tensor, begun: str, choices: Sequence[str]) -> str:
        """The choice whose every token is nearest to some token of this stretch of a condition."""
        found = self.tokens([f"{begun} {choice}" for choice in choices], len(begun))
        far = [torch.cdist(some.float(), condition.float()).amin(1).mean() for some in found]
        return choices[int(torch.stack(far).argmin())]


def _before(number: int, count: int) -> str:
    """What stands before the person of this number in a caption of so many."""
    if not number:
        return ""
    return " and " if number == count - 1 else ", "


def place_of(sentences: Sequence[str], said: Callable[[str], Sequence[str]]) -> str | None:
    """Returns where the last of these sentences is by its words, or else those before it; None where that is open."""
    for sentence in reversed(sentences):
        places = said(sentence)
        if places:
            return places[0] if len(places) == 1 else None
    return None


def people_shown(
    pointed: Mapping[str, Sequence[int]], called: Callable[[str], str], doing: Mapping[str, str]
) -> list[Shown]:
    """Returns those at whom a condition points. pointed: its columns by name; doing: by name what the words say."""
    return [
        Shown(name, called(name), doing.get(name, ""), tuple(columns))
        for name, columns in pointed.items()
        if columns
    ]
