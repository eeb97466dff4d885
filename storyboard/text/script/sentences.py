"""Finds where sentences end: never inside quotation marks of any language, nor after abbreviations and initials.

Knows no format, and neither torch, gradio nor stories. The time of every pattern grows no faster than the text.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator

_ABBREVIATIONS = frozenset(
    """mr mrs ms mx dr st prof rev hon capt lt sgt col gen sr jr vs eg e.g ie i.e etc no vol fig approx dept est int ext
    a.m p.m am pm u.s u.k bzw ca d.h hr fr frl nr str usw z.b ggf inkl innen aussen""".split()
)
_VISIBLE = re.compile(r"\S")
_CLOSERS = "\"'\u201c\u201d\u2018\u2019\u00ab\u00bb\u2039\u203a\u300d\u300f)\\]"
_FULL_WIDTH = "\u3002\uff01\uff1f"
_END = re.compile(
    rf"[.!?\u2026\u061f\u06d4\u0964]+(?:[{_CLOSERS}]|[ \u00a0\u202f][\u00bb\u203a](?=\s|$))*(?=\s)"
    rf"|[{_FULL_WIDTH}]+[\u300d\u300f\u201d\uff02]*"
)
QUOTED = re.compile(
    r"\"[^\"]*\""
    "|\u201c[^\u201c\u201d]*\u201d"  # English
    '|\u201e[^\u201e\u201c\u201d"]*[\u201c\u201d"]'  # German, Polish
    "|(?<![\\w.!?])\u201d(?=\\w)[^\u201c\u201d]*\u201d"  # Swedish
    # French, and the same marks the other way round.
    "|\u00ab[^\u00ab\u00bb]*\u00bb|\u00bb[^\u00ab\u00bb]*\u00ab"
    "|\u2039[^\u2039\u203a]*\u203a|\u203a[^\u2039\u203a]*\u2039"
    "|(?<!\\w)\u2018(?:[^\u2018\u2019]|(?<=\\w)\u2019(?=\\w))*\u2019(?!\\w)"
    "|\u201a[^\u201a\u2018\u2019]*[\u2018\u2019](?!\\w)"
    "|(?<![\\w'])'(?=\\w)(?:[^']|(?<=\\w)'(?=\\w))*(?<=[.!?,\u2026])'(?!\\w)"  # not an apostrophe
    "|\u300c[^\u300c\u300d]*\u300d|\u300e[^\u300e\u300f]*\u300f"
)


def split_sentences(paragraph: str) -> Iterator[str]:
    """Yields the sentences of a paragraph, in order, as written."""
    quoted = [match.span() for match in QUOTED.finditer(paragraph)]
    start = 0
    for end in _END.finditer(paragraph):
        quotation = quoted[place - 1] if (place := bisect(quoted, (end.start(), 0))) else (0, 0)
        if end.end() >= quotation[1] and _ends(paragraph, start, end, quotation):
            yield paragraph[start : end.end()]
            following = _VISIBLE.search(paragraph, end.end())
            start = following.start() if following else len(paragraph)
    yield paragraph[start:]


def ends_a_sentence(text: str) -> bool:
    """Returns whether `text` ends like a sentence. Quotation marks after the full stop are part of it."""
    bare = text.rstrip(f"{_CLOSERS} ".replace("\\", ""))
    return bare[-1:] in (*".!?\u2026\u061f\u06d4\u0964:", *_FULL_WIDTH)


def _ends(paragraph: str, start: int, end: re.Match[str], quotation: tuple[int, int]) -> bool:
    """Returns whether the sentence that starts at `start` ends at `end`.

    quotation: the latest quotation that began before.
    """
    following = _VISIBLE.search(paragraph, end.end())
    if following is None or end.group()[0] in _FULL_WIDTH:
        return True
    if following.group().islower():
        return False
    if end.group() == "." and _is_abbreviation(paragraph[max(start, end.start() - 12) : end.start()]):
        return False
    # '"Stop!" Rosa shouts.' is one sentence. Up to here it is only the quotation.
    return not (quotation == (start, end.end()) and following.group().isalpha())


def _is_abbreviation(before: str) -> bool:
    """Returns whether the text before a full stop ends in an abbreviation or an initial."""
    bare = "".join(before.split()[-1:]).lstrip("\"'(\u201c\u201e\u2018\u00ab\u00bb[").casefold()
    return bare in _ABBREVIATIONS or (len(bare) == 1 and bare.isalpha() and bare != "i")
