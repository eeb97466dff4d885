"""Forms of English words: the first form of a word, and a verb put into the form of another verb.

The tables of LemmInflect have them. They are read when first needed. Knows no sentences.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

Part = Literal["verb", "noun", "other", "manner", "foreign"]  # "foreign": in no table of English


@lru_cache(maxsize=20_000)
def first_forms(word: str) -> frozenset[str]:
    """Returns every word that `word`, in small letters, may be a form of, and itself: "left" may be "leave" too."""
    return frozenset((word, *(form for forms in _by_part(word).values() for form in forms)))


def all_forms(word: str) -> frozenset[str]:
    """Returns every form of a first form in small letters, and itself: "leave" has "left" among its forms."""
    from lemminflect import getAllInflections

    return frozenset((word, *(form for forms in getAllInflections(word).values() for form in forms)))


@lru_cache(maxsize=20_000)
def part_of(word: str) -> Part:
    """Returns what part of speech a word in small letters most likely is in a sentence that says what can be seen."""
    parts = _by_part(word)
    if not parts:
        return "foreign"
    if word.endswith("ly") and "ADV" in parts:
        return "manner"
    if "VERB" in parts and ("NOUN" not in parts or word not in parts["VERB"]):
        return "verb"
    if "NOUN" in parts or "VERB" in parts:
        return "noun"
    return "manner" if set(parts) == {"ADV"} else "other"


def is_plural(word: str) -> bool:
    """Returns whether a word in small letters may be a plural noun: "apples", "mice", but also "waves"."""
    nouns = _by_part(word).get("NOUN", ())
    return bool(nouns) and word not in nouns


def is_inflected(word: str) -> bool:
    """Returns whether a word in small letters can only be a verb that is not in its first form: "ate", "carries"."""
    return part_of(word) == "verb" and word not in _by_part(word).get("VERB", ())


def is_participle(word: str) -> bool:
    """Returns whether a word in small letters may be a past participle: "eaten", "carried", "read"."""
    verbs = _by_part(word).get("VERB", ())
    if not verbs:
        return False
    from lemminflect import getInflection

    return any(word in getInflection(verb, tag="VBN") for verb in verbs)


def may_be_verb(word: str) -> bool:
    """Returns whether a word in small letters may be a form of a verb."""
    return "VERB" in _by_part(word)


def in_form_of(verb: str, form: str) -> str:
    """Returns `verb`, a first form, in the same form as `form`: ("wave", "fencing") gives "waving"."""
    from lemminflect import getAllInflections, getInflection

    for lemma in _by_part(form).get("VERB", ()):
        for tag, forms in getAllInflections(lemma, upos="VERB").items():
            if form in forms:
                return next(iter(getInflection(verb, tag=tag)), verb)
    return verb


def _by_part(word: str) -> dict[str, tuple[str, ...]]:
    try:
        from lemminflect import getAllLemmas
    except ImportError:
        # The code in a pipeline folder runs with diffusers alone, and words.json has every form.
        return {}
    return getAllLemmas(word)
