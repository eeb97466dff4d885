"""Fixed places for the words of a canonical caption: a condition whose tokens stand where a mapper can expect them.

Cross-attention does not ask in which order tokens come, so a condition draws the same picture in any order. In a
sentence the second person's name stands wherever the first one's verb ends, and the end of a deed wherever that is. A
mapper that is not sure of the verb would smear a person over two tokens.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

PEOPLE, WIDTH = 3, 6  # people who have a stretch of their own, and its tokens


def layout_of(
    offsets: Sequence[tuple[int, int]], people: Sequence[tuple[int, int]], tail: int, length: int
) -> list[int]:
    """Returns the `layout` of a caption by where its words stand in it.

    offsets: of the caption's tokens, the start and the end token among them. people: of each, where their name begins
    and where what they do ends. tail: where what the caption says behind them begins.
    """
    ends = [end for _, end in offsets[:-1]]  # whatever was cut off is at the end token
    starts = [bisect_right(ends, begin) for begin, _ in people]
    lasts = [bisect_right(ends, end - 1) for _, end in people]
    return layout(starts, lasts, bisect_right(ends, tail), len(offsets), length)


def layout(starts: Sequence[int], lasts: Sequence[int], tail: int, words: int, length: int) -> list[int]:
    """Returns which token of a caption stands at each of `length` places.

    starts: the first token of each person, with what they do behind it. lasts: the last one of that, which stands right
    behind the first. tail: the first token behind the last person's.
    words: tokens up to the end token, that one too; what follows is padding, and fills the stretches up. A caption
    with more people, or longer stretches, stays as it is.
    """
    ends = [*starts[1:], tail][: len(starts)]
    stretches = [_stretch(*one) for one in zip(starts, lasts, ends, strict=True)]
    padding = list(range(words, length))
    if len(stretches) > PEOPLE or any(len(one) > WIDTH for one in stretches):
        return list(range(length))
    stretches += [[]] * (PEOPLE - len(stretches))
    if PEOPLE * WIDTH - sum(map(len, stretches)) > len(padding):
        return list(range(length))
    first = starts[0] if starts else tail
    order = list(range(first))
    for stretch in stretches:
        order += stretch + [padding.pop() for _ in range(WIDTH - len(stretch))]
    return order + list(range(tail, words)) + padding


def _stretch(start: int, last: int, end: int) -> list[int]:
    return sorted(range(start, end), key=lambda token: (token != start, token != last))
