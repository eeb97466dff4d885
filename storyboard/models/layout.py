"""Fixed positions for the words of a canonical caption, so that a mapper knows where to expect each token.

Cross-attention does not depend on the order of tokens, so a condition draws the same picture in any order. In a
sentence, the position of the second person's name depends on the length of the first person's verb, and so does the end
of a deed. A mapper that is not sure of the verb would spread a person over two tokens.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

PEOPLE, WIDTH = 3, 6  # how many people have a stretch of positions, and how many positions it has


def layout_of(
    offsets: Sequence[tuple[int, int]], people: Sequence[tuple[int, int]], tail: int, length: int
) -> list[int]:
    """Returns the `layout` of a caption, given the positions of its words in the text.

    offsets: the spans of the caption's tokens, including the start and end tokens.
    people: for each person, where their name begins and where what they do ends.
    tail: where the text after all people begins.
    """
    ends = [end for _, end in offsets[:-1]]  # anything that was cut off counts as at the end token
    starts = [bisect_right(ends, begin) for begin, _ in people]
    lasts = [bisect_right(ends, end - 1) for _, end in people]
    return layout(starts, lasts, bisect_right(ends, tail), len(offsets), length)


def layout(starts: Sequence[int], lasts: Sequence[int], tail: int, words: int, length: int) -> list[int]:
    """Returns which token of a caption stands at each of `length` positions.

    starts: the first token of each person; what they do follows it.
    lasts: the last token of what each person does, which is put right after the first.
    tail: the first token after the last person's.
    words: the number of tokens up to and including the end token. Later tokens are padding, and fill up the stretches.

    A caption with more people or longer stretches stays as it is.
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
