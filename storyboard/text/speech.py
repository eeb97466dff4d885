"""What a sentence says in quotation marks, and who is spoken to there.

Whom somebody only speaks of need not be in the picture ("“Where is Otto?” asks Nana"); who is spoken to is
("“Come here, Pip,” says Nana"). Knows neither stories nor who is meant.
"""

from __future__ import annotations

import re
from functools import lru_cache

_QUOTED = re.compile(
    r'"[^"]*"?|\u201c[^\u201d]*\u201d?|(?<!\w)[\u2018\'](?=\w)[^\u2018\u2019\']*[,.!?\u2026][\u2019\'](?!\w)'
)
# Behind these one is called by one's name without a comma: "Hello Milo!"
_GREETINGS = re.compile(
    r"(?<![a-z])(?:hello|hi|hey|oh|goodbye|bye|dear|darling|thanks|thank you|please|sorry|look|morning|night)$"
)
_IS = re.compile("['\u2019](?:s|ll|d|ve)(?!\\w)", re.IGNORECASE)
_PARTING = frozenset(',.;:!?\u2026\u2014"\u201c\u201d\u2018')


@lru_cache(maxsize=4096)
def quoted_in(text: str) -> tuple[tuple[int, int], ...]:
    """Returns where each speech begins and ends, its marks among it. What nobody closes goes on to the end."""
    return tuple(match.span() for match in _QUOTED.finditer(text))


def is_spoken(text: str, place: int) -> bool:
    """Returns whether what stands at `place` is in quotation marks."""
    return any(start <= place < end for start, end in quoted_in(text))


def is_spoken_to(text: str, start: int, end: int) -> bool:
    """Returns whether the name at [start:end], in quotation marks, is what somebody is called: "Come here, Pip!"

    Such a name is parted from the rest on both sides: by a comma, a stop, a quotation mark or a greeting.
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
    """Returns the sentence with spaces in place of what is in quotation marks, so that every place stays the same."""
    for start, end in quoted_in(text):
        text = text[:start] + " " * (end - start) + text[end:]
    return text
