"""Finds where a sentence says that it is: "in the kitchen", "on the beach".

This is for models of any world; `places.py` has the places that a pipeline has learned. It has a list of nouns, and
rules for the words before them. With them a picture whose sentence names no place gets the place of the sentence
before. Places that are not in the list are not found. Knows neither torch, gradio nor stories.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# What people say when they are there -> the nouns that take it.
_NOUNS = {
    "in": """alley attic backyard bakery ballroom bar barn basement bathroom bathtub bed bedroom bookshop bus cabin cafe
    café canteen car castle cathedral cave cellar cemetery chapel church cinema city classroom clearing cockpit
    corridor cottage country courtyard desert den dungeon factory field flat forest garage garden
    graveyard greenhouse gym hall hallway harbour harbor hospital hotel house hut jungle kitchen laboratory lab lane
    laundry library lobby maze meadow museum nursery office orchard palace pantry park pool pond prison pub
    restaurant river room ruins salon school shed shop snow sky spaceship square stable street studio study submarine
    supermarket swamp temple tent theatre theater tower town train tunnel valley village warehouse water well
    wood woods workshop yard zoo playground""",
    "on": """balcony beach bench boat bridge coast deck farm hill hilltop island meadows moon mountain path pavement
    pier platform road roof rooftop sand ship shore sidewalk stage stairs staircase terrace track veranda porch""",
    "at": """airport stop campsite circus crossroads fair fairground funfair lake market
    party sea seaside stadium station table waterfall window""",
}
_PREPOSITION = {noun: said for said, nouns in _NOUNS.items() for noun in nouns.split()}
# Words before a noun that make a place with it: "living room", "train station", "bus stop".
_COMPOUNDS = frozenset(
    "living dining waiting class bed bath train bus railway police fire petrol village town city school".split()
)
_GOING = frozenset(["into", "to", "toward", "towards", "onto"])
_BEING = frozenset(
    "in at on by inside outside near beside behind through across along around over up down of".split()
)
# These prepositions stay as they are: near the castle is not in the castle.
_BESIDE = frozenset("outside near beside behind by".split())
_LEFT = frozenset("from leaves leave leaving left past".split())
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_PARTS = frozenset(
    """back bank bottom centre center corner door edge end entrance floor front gate half heart length middle part roof
    row shelf shelve side step top wall window""".split()
)
_MARKS = frozenset(',.;:!?"\u201c\u201d()')
_DETERMINERS = frozenset("a an the this that his her their its my our your some every another".split())
# Nouns without an article: people are "at school", but not "at stop".
_BARE = frozenset("bed school town church sea".split())
MOST_BETWEEN = 5  # words at most from the preposition to the noun: "in the small dark old train station"


def find_place(sentence: str) -> str:
    """Returns where a sentence is, as people say it when they are there; "" if the sentence does not say so.

    "Rosa runs into the old kitchen." is "in the old kitchen". A place where somebody goes counts before a place where
    somebody is. A place that somebody leaves does not count.
    """
    found = list(_places(sentence))
    going = [phrase for phrase, going in found if going]
    return going[-1] if going else found[0][0] if found else ""


def is_place_noun(word: str) -> bool:
    """Returns whether a noun in small letters is in the list of places."""
    return word in _PREPOSITION


def unsaid_place(sentence: str, told: Iterable[str]) -> str:
    """Returns where a sentence is that names no place itself; "" if nothing tells it.

    told: the sentences before it, oldest first. The latest place in them counts.
    """
    if find_place(sentence):
        return ""
    return next((place for one in reversed(list(told)) if (place := find_place(one))), "")


def _places(sentence: str) -> Iterable[tuple[str, bool]]:
    words = [(match.group(), match.start(), match.end()) for match in _WORD.finditer(sentence)]
    for index, (word, _, end) in enumerate(words):
        noun = word.lower().removesuffix("s") if word.lower() not in _PREPOSITION else word.lower()
        if noun not in _PREPOSITION or _is_followed_by_its_noun(words, index):
            continue
        first = _preposition(sentence, words, index)
        if first is None:
            continue
        said = words[first][0].lower()
        if first and words[first - 1][0].lower() in _LEFT | {"out"}:
            continue
        phrase = sentence[words[first + 1][1] : end]
        yield f"{said if said in _BESIDE else _PREPOSITION[noun]} {_settled(phrase)}", said in _GOING


def _preposition(sentence: str, words: list[tuple[str, int, int]], index: int) -> int | None:
    """Returns the preposition's index, if only words that belong to the noun stand between; None if there is none."""
    for back in range(index - 1, max(index - MOST_BETWEEN, 0) - 1, -1):
        word = words[back][0].lower()
        parted = set(sentence[words[back][2] : words[back + 1][1]]) & _MARKS
        if parted or word in _LEFT or word == "and":
            return None
        if word in _GOING | _BEING:
            between = [one[0].lower() for one in words[back + 1 : index]]
            known = between and (between[0] in _DETERMINERS or between[0] in _COMPOUNDS)
            if not known and (between or words[index][0].lower() not in _BARE):
                return None
            # "The front row of the classroom" is in the classroom; "the light of the moon" is not in the moon.
            part = back and words[back - 1][0].lower().removesuffix("s") in _PARTS
            return back if word != "of" or part else None
    return None


def _is_followed_by_its_noun(words: list[tuple[str, int, int]], index: int) -> bool:
    """Returns whether a noun is only a part of a larger place, as "school" is in "school yard"."""
    return index + 1 < len(words) and words[index + 1][0].lower() in _PREPOSITION


def _settled(phrase: str) -> str:
    """Returns the phrase for a place that is no longer new: "a dark cave" becomes "the dark cave"."""
    return re.sub(r"^(?:an?|some|another)\s", "the ", phrase, flags=re.IGNORECASE)
