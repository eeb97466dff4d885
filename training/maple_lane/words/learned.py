"""What a reader that learned from this world's texts can read: its words, the deeds they tell, and what is nearest.

Written beside the reader as `words.json`, so that the page can say what a sentence will be drawn as. Text only.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from storyboard.text.forms import all_forms, first_forms

from ..actions import ACTIONS, Action, phrase_with
from ..more_actions import ALL_ACTIONS
from ..places import PLACES
from ..stories import MapleStory
from ..worlds import KINDS, kind_of
from .canonical import deed
from .tables import table
from .telling import free_captions
from .truth import Shown

STORIES, FRAMES = 3000, 5  # read for the words that are known
WORD = re.compile(r"[^\W\d_]+")
_DEEDS = ("canonical", "", "towards", "begin", "near", "passive")  # sections of verbs.txt
_PLACES = ("at", "to", "reach")  # sections of places.txt that say a place for certain
_THE_PLACE = re.compile(r"(?:(?:in|on|at|to|into|onto|down to|out to) )?the ((?:[a-z]+ )?[a-z]+)")
_SIGNS = re.compile(r"\{[^}]*\}|[*^!~|]")


def learned_words(stories: Iterable[MapleStory], actions: Mapping[str, Action] = ACTIONS) -> dict:
    """Returns the contents of `words.json` for a reader that learned from stories like these, for a pipeline that draws
    these actions.

    "deeds": by the page's own phrase for it, how often each word is in a phrase for it; "captions": by that phrase, how
    canonical captions say it; "places": by the place, what else it is called; "nearest": by words that tell no place or
    deed, the one that is nearest; "known": every other word of the stories, as told.
    """
    deeds = deed_words(actions)
    places = _place_words()
    told: set[str] = set()
    for story in stories:
        names = {word for name in (*story.outfits, *story.looks) for word in _words(name)}
        told |= {word for free in free_captions(story) for word in _words(free.text)} - names
    learned = {word for words in (*deeds.values(), *places.values()) for word in words}
    # A book about castles shows no castle; but who fences does what a phrase of the tables says.
    apart = {phrase: set(places.get(phrase, ())) or learned for phrase in (*places, *deeds)}
    nearest = {word: phrase for word, phrase in _nearest(actions).items() if word not in apart[phrase]}
    return {
        "deeds": {phrase: dict(sorted(words.items())) for phrase, words in deeds.items()},
        "captions": {deed_phrase(one): _canonical(name, one) for name, one in actions.items()},
        "places": {place: sorted(words) for place, words in places.items()},
        "nearest": dict(sorted(nearest.items())),
        "known": sorted(told - learned),
    }


def write_learned_words(path: Path, anybody: bool, stories: int = STORIES) -> None:
    """Write `words.json` for a reader that learned from such stories, of which so many are read.

    anybody: the pipeline draws the open world and anybody; else the cast's stories.
    """
    world, actions = ("mixed", ALL_ACTIONS) if anybody else ("cast", ACTIONS)
    told = (KINDS[kind_of(world, number)](number, FRAMES, "train") for number in range(stories))
    words = learned_words(told, actions)
    path.write_text(json.dumps(words) + "\n", encoding="utf-8")


def deed_words(actions: Mapping[str, Action]) -> dict[str, Counter[str]]:
    """Returns, by the page's phrase for each of these actions, how often each word is in a phrase for it."""
    return {deed_phrase(actions[name]): _deed_words(name, actions[name]) for name in actions}


def _canonical(name: str, action: Action) -> str:
    return deed(Shown("", name, action.props[0] if action.props else None))


def deed_phrase(one: Action) -> str:
    """Returns how the page says an action."""
    return phrase_with(one.phrases[0], one.props[0] if one.props else None).one


def _deed_words(name: str, action: Action) -> Counter[str]:
    """How many phrases of the tables have each word; its first forms are counted for it, and every form of those."""
    found: Counter[str] = Counter()
    for kind in _DEEDS:
        for entry in table("verbs").get(f"{name} {kind}".strip(), ()):
            said = {form for word in _words(_SIGNS.sub(" ", entry.text)) for form in first_forms(word)}
            found.update(said.union(*map(all_forms, said)))
    for prop in action.props:
        for entry in table("nouns").get(f"prop {prop}", ()):
            found.update(set(_words(_SIGNS.sub(" ", entry.text))))
    return found


def _place_words() -> dict[str, set[str]]:
    """Nouns by which one place alone is called, in phrases of at least two kinds: "on the shore", "to the shore"."""
    found: dict[str, set[str]] = {}
    for name, place in PLACES.items():
        kinds: Counter[str] = Counter()
        for kind in _PLACES:
            phrases = (entry.text for entry in table("places").get(f"{kind} {name}", ()))
            kinds.update({match.group(1) for one in phrases if (match := _THE_PLACE.fullmatch(one))})
        found[place.at] = {noun for noun, count in kinds.items() if count > 1}
    shared = Counter(noun for nouns in found.values() for noun in nouns)
    return {place: {noun for noun in nouns if shared[noun] == 1} for place, nouns in found.items()}


def _nearest(actions: Mapping[str, Action]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, entries in table("nearest").items():
        phrase = PLACES[name].at if name in PLACES else deed_phrase(actions[name])
        found |= {entry.text: phrase for entry in entries}
    return found


def _words(text: str) -> Sequence[str]:
    return [word.casefold() for word in WORD.findall(text)]
