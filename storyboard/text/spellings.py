"""Finds a name in a sentence, however it is typed there. Knows neither a cast nor pronouns.

Names match whole words. People type a name without accents if their keyboard has none, with either apostrophe, with or
without the dot of a title, and with "ss" for a sharp s. Capital letters say little, because people type "rosa waves".
But "It will rain" is not about Will, and "a rose" is not Rose. In scripts without spaces a word ends where another
script begins, and a name of two characters or more may stand directly beside others.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from storyboard.text.word_classes import DETERMINERS, PREPOSITIONS, WORD

HYPHENS = "-\u2010\u2011"
APOSTROPHES = "'\u2019\u02bc"
_TYPED_APOSTROPHES = f"[{APOSTROPHES}\u2018`\u00b4]"
_CONTRACTION = re.compile(f"[{APOSTROPHES}](?:s|ll|d|re|ve)?(?!\\w)", re.IGNORECASE)
_TITLES = frozenset("mr mrs ms mx dr st prof rev capt lt sgt col gen fr sr jr".split())
_TYPED = {  # a letter that Unicode does not decompose, and what people type for it
    "\u00df": "ss", "\u00e6": "ae", "\u0153": "oe", "\u00f8": "o", "\u0142": "l", "\u0111": "d", "\u00f0": "d",
    "\u00fe": "th", "\u0131": "i",
}  # fmt: skip
_UMLAUTS = {"\u00e4": "ae", "\u00f6": "oe", "\u00fc": "ue", "\u00e5": "aa"}
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "BOPOMOFO", "YI")
# What Korean writes directly behind a name, without a space.
_PARTICLE = re.compile(
    "(?:\uc774|\uac00|\uc740|\ub294|\uc744|\ub97c|\uc640|\uacfc|\uc758|\ub3c4|\uc5d0\uac8c|\ud55c\ud14c|\ub791|\uc774\ub791|\uc544|\uc57c)(?![\uac00-\ud7a3])"
)
# Given names that are also everyday words. In small letters they are the everyday words.
_EVERYDAY = frozenset(
    """amber angel april art august autumn basil bay bear bill birdie bishop blossom blue bob brook candy carol chance
    chase cherry chip christian chuck clay cliff clover coral daisy dale dash dawn dean destiny dot drew duke earnest
    eve faith fern finch flick flint flora forest forrest fox frank gale gene ginger glen grace grant guy harmony
    harper hazel heath heather holly honor hope hunter iris ivy jack jade jasmine jay jet jewel jimmy joy june justice
    king lance lane lark laurel lily luna major mark marina marshal mason may melody mercy merry miles mike nick norm
    olive opal pansy pat patch patience pearl peg penny pepper petal pip piper pixel pop poppy porter prince prudence
    queen rain rainbow ray reed rich river rob robin rocky rod rose rosemary rowan ruby rusty sage sally sandy saint
    scout sky skip sol sonny sparrow spark star stella sterling stone storm sue summer sunny tango taylor terry timber
    tiny trinity trip trudy tucker twig van victor viola violet wade wally ward warren wave will willow winter wolf
    wren""".split()
)
_MONTHS = frozenset("april may june august summer autumn winter".split())
_ASKING = frozenset("will may".split())  # "Will Rosa come?"
# Words that may describe a person with the alias "the robot", who is still the same person: "the poor tired robot".
_TOLD_OF = (
    "(?:poor|dear|tired|happy|sad|angry|cross|hungry|thirsty|sleepy|brave|clever|silly|naughty|good|kind|gentle|proud"
    "|shy|quiet|noisy|busy|lazy|lonely|lucky|nervous|worried|excited|delighted|puzzled|surprised|confused|wet|muddy"
    "|dirty|dusty|cold|grumpy|cheerful|patient|stubborn|curious|friendly|wise|sweet|lovely|funny|faithful|trusty|rusty"
    "|shiny|clumsy|frightened|scared|bored|exhausted|soaked|astonished|amused|little|small|old)"
)
_SUBJECTS = frozenset("i you he she it we they there".split())


def find_spelling(spelling: str, text: str) -> Iterator[tuple[int, int]]:
    """Yields where in `text` the name `spelling` is a separate word, from left to right."""
    pattern = _pattern(spelling)
    if pattern is None:
        return
    for match in pattern.finditer(text):
        start, end = match.span()
        if _stands_alone(text, start, end) and not _is_everyday(spelling, text, start, end):
            yield start, end


def is_whole_word(text: str, start: int, end: int) -> bool:
    """Returns whether `text[start:end]` is a whole word.

    No letter, digit, mark, joining hyphen or apostrophe continues it on either side.
    """
    before, after = text[start - 1 : start], text[end : end + 1]
    if _goes_on(text[start : start + 1], before) or _goes_on(text[end - 1 : end], after):
        return False
    if before and before in HYPHENS and _in_word(text[start - 2 : start - 1] if start > 1 else ""):
        return False
    if after and after in HYPHENS and _in_word(text[end + 1 : end + 2]):
        return False
    if after and after in APOSTROPHES and _in_word(text[end + 1 : end + 2]):
        return _CONTRACTION.match(text, end) is not None
    return True


@lru_cache(maxsize=4096)
def _pattern(spelling: str) -> re.Pattern[str] | None:
    """Returns the pattern that finds a name in all the ways it is typed; None for a name without words."""
    words = [_typed(word) for word in spelling.split()]
    if len(words) > 1 and spelling.split()[0] == "the":
        words[:2] = [rf"the\s+(?:{_TOLD_OF}\s+){{0,2}}{words[1]}"]
    return re.compile(r"\s+".join(words), re.IGNORECASE) if words else None


def _typed(word: str) -> str:
    """Returns the pattern of one word of a name."""
    bare, dot = (word[:-1], True) if word.endswith(".") else (word, False)
    title = bare.casefold() in _TITLES
    pattern = re.sub("ss", "\u00df", bare, flags=re.IGNORECASE)
    pattern = "".join(_letter(letter) for letter in pattern)
    return pattern + (r"\.?" if title else r"\." if dot else "")


def _letter(letter: str) -> str:
    if letter in APOSTROPHES or letter in "\u2018`\u00b4":
        return _TYPED_APOSTROPHES
    if letter in HYPHENS:
        return f"[{HYPHENS}]"
    small = letter.lower()
    base = _TYPED.get(small) or "".join(
        one for one in unicodedata.normalize("NFD", small) if not unicodedata.combining(one)
    )
    ways = dict.fromkeys([letter, base, _UMLAUTS.get(small, letter)])
    if len(ways) == 1 or not base:
        return re.escape(letter)
    return f"(?:{'|'.join(map(re.escape, ways))})"


def _is_everyday(spelling: str, text: str, start: int, end: int) -> bool:
    """Returns whether a name is the everyday word in this place: "will rain", "a rose", "in May", "Will she?"."""
    bare = spelling.casefold()
    if not spelling[:1].isupper() or not bare.isalpha():
        return False
    before = WORD.findall(text[max(0, start - 30) : start].lower())
    previous = before[-1] if before and text[:start].rstrip()[-1:].isalpha() else ""
    if text[start:end].islower() and spelling != text[start:end]:
        return bare in _EVERYDAY or previous in DETERMINERS
    if (
        bare in _MONTHS
        and previous in PREPOSITIONS | {"this", "last", "every"}
        and previous not in ("with", "to", "for")
    ):
        return previous not in ("near", "behind", "beside", "by", "from", "at", "like")
    following = WORD.match(text, end + 1)
    if bare not in _ASKING or previous or following is None:
        return False
    word = following.group()
    return word.lower() in _SUBJECTS | DETERMINERS or (word[0].isupper() and not word.isupper())


def _stands_alone(text: str, start: int, end: int) -> bool:
    if end - start > 1 and _is_hangul(text[end - 1]) and _PARTICLE.match(text, end):
        return not _in_word(text[start - 1 : start])
    inside = end - start > 1 and _is_unspaced(text[start]) and _is_unspaced(text[end - 1])
    return inside or is_whole_word(text, start, end)


def _goes_on(inner: str, outer: str) -> bool:
    """Returns whether `outer` belongs to the word beside it. inner: the character at that end of the word."""
    if not _in_word(outer):
        return False
    if unicodedata.category(outer).startswith("M") or _is_unspaced(inner):
        return True
    return not _is_unspaced(outer)


def _in_word(character: str) -> bool:
    """Returns whether a word can contain this character: a letter, a digit, the underscore or a combining mark."""
    if not character:
        return False
    return character.isalnum() or character == "_" or unicodedata.category(character).startswith("M")


def _is_unspaced(character: str) -> bool:
    return character > "\u0e00" and unicodedata.name(character, "").startswith(_UNSPACED)


def _is_hangul(character: str) -> bool:
    return "\uac00" <= character <= "\ud7a3"
