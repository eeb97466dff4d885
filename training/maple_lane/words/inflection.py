"""Forms of English words: verbs by tense and number, plurals, "a" or "an".

Regular forms follow the spelling rules. Irregular verbs are in `data/irregular.txt`. Uses nothing of the stories.
"""

from __future__ import annotations

import re
from functools import cache

from .tables import lines

_VOWEL_SOUNDS = re.compile(
    r"(?:[aeio]|u(?!ni[cfqv]|se|su|ku)|hour|honest|hono|heir)(?!(?<=o)n[ec]e?\b)", re.IGNORECASE
)
_BE = {"base": "be", "ing": "being", "done": "been"}
_PLURALS = {
    "child": "children", "man": "men", "woman": "women", "loaf": "loaves", "half": "halves", "leaf": "leaves",
    "mouse": "mice", "person": "people", "shelf": "shelves", "scarf": "scarves", "tomato": "tomatoes",
    "potato": "potatoes", "knife": "knives", "piece": "pieces", "goose": "geese", "foot": "feet",
}  # fmt: skip
_DOUBLED_LATE = frozenset(
    "begin forget admit occur prefer regret permit unwrap unzip unpin equip babysit eavesdrop outrun repot".split()
)
_MODALS = {
    "can": ("can", "could"),
    "cannot": ("cannot", "could not"),
    "will": ("will", "would"),
    "must": ("must", "had to"),
    "may": ("may", "might"),
}


def finite(verb: str, past: bool, many: bool) -> str:
    """Returns the verb in the form that follows its subject: "runs", "run" or "ran"."""
    if verb == "be":
        return ("were" if many else "was") if past else ("are" if many else "is")
    if verb in _MODALS:
        return _MODALS[verb][past]
    if past:
        return _irregular().get(verb, (_regular_past(verb), ""))[0]
    if many:
        return verb
    if verb == "have":
        return "has"
    return _with_s(verb)


def other_form(verb: str, form: str) -> str:
    """Returns a form without tense: "base", "ing" (present participle) or "done" (past participle)."""
    if verb == "be":
        return _BE[form]
    if form == "base":
        return verb
    if form == "done":
        return _irregular().get(verb, ("", _regular_past(verb)))[1]
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) and verb != "be":
        return "singeing" if verb == "singe" else verb[:-1] + "ing"
    return _doubled(verb) + "ing"


def plural(phrase: str) -> str:
    """Returns the plural: "pears" for "a pear", "slices of cake" for "a slice of cake".

    A phrase without article stays as it is.
    """
    if not re.match(r"(?:a|an|one)\s", phrase):
        return phrase
    words = phrase.split()[1:]
    stops = ("of", "with", "in", "for", "from", "full", "on", "that", "wrapped", "tied", "made", "as")
    end = next((i for i, word in enumerate(words) if word in stops), len(words))
    words[end - 1] = _PLURALS.get(words[end - 1], _with_s(words[end - 1]))
    return " ".join(words)


def article(word: str) -> str:
    """Returns the article before `word`: "a" or "an"."""
    return "an" if _VOWEL_SOUNDS.match(word.lstrip("\"'\u201c")) else "a"


def _with_s(word: str) -> str:
    if re.search(r"(?:s|x|z|ch|sh|[^o]o)$", word):
        return word + "es"
    return word[:-1] + "ies" if re.search(r"[^aeiou]y$", word) else word + "s"


def _regular_past(verb: str) -> str:
    if verb.endswith("e"):
        return verb + "d"
    return verb[:-1] + "ied" if re.search(r"[^aeiou]y$", verb) else _doubled(verb) + "ed"


def _doubled(verb: str) -> str:
    """The verb with its last letter twice, if an ending doubles it: "stopp", "hugg", "travell"."""
    one_syllable = re.fullmatch(r"[^aeiou]*(?:qu)?[aeiou][^aeiouwxy]", verb)
    if (
        one_syllable
        or verb in _DOUBLED_LATE
        or re.search(r"[^aeiou][aeiou]l$", verb)
        and verb not in _SINGLE_L
    ):
        return verb + verb[-1]
    return verb + "k" if verb.endswith("ic") else verb


_SINGLE_L = frozenset(["curl", "reveal"])


@cache
def _irregular() -> dict[str, tuple[str, str]]:
    """The irregular verbs: verb -> (past, past participle)."""
    rows = (line.split() for line in lines("irregular"))
    return {verb: (past, done) for verb, past, done in rows}
