"""What a sentence says in quotation marks, and to whom it is said there.

A person of whom somebody only speaks need not be in the picture ("“Where is Otto?” asks Nana"). A person to whom
somebody speaks is in it ("“Come here, Pip,” says Nana"). Knows neither stories nor who is meant.
"""

from __future__ import annotations

import re
from functools import lru_cache

_QUOTED = re.compile(
    r'"[^"]*"?|\u201c[^\u201d]*\u201d?|(?<!\w)[\u2018\'](?=\w)[^\u2018\u2019\']*[,.!?\u2026][\u2019\'](?!\w)'
)
# After these words a name needs no comma: "Hello Milo!"
_GREETINGS = re.compile(
    r"(?<![a-z])(?:hello|hi|hey|oh|goodbye|bye|dear|darling|thanks|thank you|please|sorry|look|morning|night)$"
)
_IS = re.compile("['\u2019](?:s|ll|d|ve)(?!\\w)", re.IGNORECASE)
_PARTING = frozenset(',.;:!?\u2026\u2014"\u201c\u201d\u2018')


@lru_cache(maxsize=4096)
def quoted_in(text: str) -> tuple[tuple[int, int], ...]:
    """Returns where each speech begins and ends, with its quotation marks.

    A speech without an end mark goes on to the end.
    """
    return tuple(match.span() for match in _QUOTED.finditer(text))


def is_spoken(text: str, place: int) -> bool:
    """Returns whether the character at `place` is in quotation marks."""
    return any(start <= place < end for start, end in quoted_in(text))


def is_spoken_to(text: str, start: int, end: int) -> bool:
    """Returns whether somebody in quotation marks speaks to the person of the name at [start:end]: "Come here, Pip!"

    A comma, a stop, a quotation mark or a greeting separates such a name from the rest on both sides.
    """
    before, after = text[:start].rstrip(), text[end:].lstrip()
    if _IS.match(text, end):
        return False  # "Rosa's here!"
    if after[:1] not in _PARTING and after[:1] != "'":
        return False
    if before[-1:] == "'" or before[-1:] in _PARTING:
        return True
    return _GREETINGS.search(before.lower()) is not None


def unspoken(text: str) -> str:
    """Returns the sentence with spaces in place of everything in quotation marks.

    So all positions stay the same.
    """
    for start, end in quoted_in(text):
        text = text[:start] + " " * (end - start) + text[end:]
    return text
