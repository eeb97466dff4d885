"""What a reader that learned from this world's texts can read: its words, the actions they tell, and the nearest
matches.

It is written beside the reader as `words.json`, so that the page can say how a sentence will be drawn. Text only.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from storyboard.text.forms import all_forms, first_forms
from storyboard.text.lexicon import Lexicon

from ..actions import ACTIONS, Action, phrase_with
from ..more_actions import ALL_ACTIONS
from ..places import PLACES
from ..sky import TIMES, WEATHERS
from ..stories import MapleStory
from ..things import THINGS_BESIDE
from ..worlds import KINDS, kind_of
from .canonical import NOBODY, deed
from .tables import first_fitting, fitting, table
from .telling import free_captions
from .truth import Shown

STORIES, FRAMES = 3000, 5  # how many stories are read for the known words, and their frames
WORD = re.compile(r"[^\W\d_]+")
_DEEDS = ("canonical", "", "towards", "begin", "near", "passive")  # sections of verbs.txt
_PLACES = ("at", "to", "reach")  # sections of places.txt that say a place for certain
_THE_PLACE = re.compile(r"(?:(?:in|on|at|to|into|onto|down to|out to) )?the ((?:[a-z]+ )?[a-z]+)")
_AMOUNT = re.compile(r"^(?:an?|the|some) (?:\w+ )?(?:piece|slice) of ")
_MORE = re.compile(r" (?:of|with|from|full of|tied|and) ")
_OTHERS = frozenset(("man", "dog"))  # words that also name eaters: gingerbread men and hot dogs are only food
_SIGNS = re.compile(r"\{[^}]*\}|[*^!~|]")


def learned_words(stories: Iterable[MapleStory], actions: Mapping[str, Action] = ACTIONS) -> dict:
    """Returns the contents of `words.json`.

    They are for a reader that learned from stories like these, in a pipeline that draws these actions.

    "deeds": for the page's phrase of each action, how often each word is in phrases for the action
    "captions": for the same phrase, how canonical captions say the action
    "props": for the same phrase, how canonical captions say it with each of its things, and the names of the things
    "places": for each place, its other names
    "nearest": for words that tell no place and no action, the nearest place or action
    "known": every other word of the stories
    """
    deeds = deed_words(actions)
    places = _place_words()
    told: set[str] = set()
    for story in stories:
        names = {word for name in (*story.outfits, *story.looks) for word in _words(name)}
        told |= {word for free in free_captions(story) for word in _words(free.text)} - names
    learned = {word for words in (*deeds.values(), *places.values()) for word in words}
    # A book about castles shows no castle. But a person who fences does what a phrase of the tables says.
    apart = {phrase: set(places.get(phrase, ())) or learned for phrase in (*places, *deeds)}
    nearest = {word: phrase for word, phrase in _nearest(actions).items() if word not in apart[phrase]}
    props = {deed_phrase(one): _props(name, one) for name, one in actions.items() if len(one.props) > 1}
    around = circumstances(deeds, props) if actions is ALL_ACTIONS else {}
    return {
        "deeds": {phrase: dict(sorted(words.items())) for phrase, words in deeds.items()},
        "captions": {deed_phrase(one): _canonical(name, one) for name, one in actions.items()},
        "props": props,
        "places": {place: sorted(words) for place, words in places.items()},
        "nearest": dict(sorted(nearest.items())),
        "known": sorted(told - learned),
        **around,
    }


def circumstances(
    deeds: Mapping[str, Mapping[str, int]], props: Mapping[str, Mapping[str, Sequence[str]]]
) -> dict:
    """Returns the part of `words.json` about the sky, things and nobody, as captions of the open world tell them.

    deeds, props: as in `learned_words`. Things that tell an action, or that an action uses, are left out: they never
    stand beside people.
    """
    told = Lexicon(deeds)
    held = {noun for some in props.values() for nouns in some.values() for noun in nouns}
    beside = (
        one for one in THINGS_BESIDE.values() if one.name not in held and not told.surely_tells(one.name)
    )
    return {
        "skies": [
            {
                first_fitting("places", f"canonical {sky}", ""): list(fitting("places", f"tells {sky}", ()))
                for sky in kind
            }
            for kind in (TIMES, WEATHERS)
        ],
        "things": {one.words: [one.name] for one in beside},
        "indoors": sorted(place.at for place in PLACES.values() if not place.outdoors),
        "nobody": NOBODY,
    }


def write_learned_words(path: Path, anybody: bool, stories: int = STORIES) -> None:
    """Writes `words.json` for a reader that learned from such stories. `stories` stories are read for it.

    anybody: True if the pipeline draws the open world and anybody, False if it draws the cast's stories.
    """
    world, actions = ("mixed", ALL_ACTIONS) if anybody else ("cast", ACTIONS)
    told = (KINDS[kind_of(world, number)](number, FRAMES, "train") for number in range(stories))
    words = learned_words(told, actions)
    path.write_text(json.dumps(words) + "\n", encoding="utf-8")


def deed_words(actions: Mapping[str, Action]) -> dict[str, Counter[str]]:
    """Returns how often each word is in phrases for each of these actions.

    The key is the page's phrase for the action.
    """
    return {deed_phrase(actions[name]): _deed_words(name, actions[name]) for name in actions}


def _canonical(name: str, action: Action) -> str:
    return deed(Shown("", name, action.props[0] if action.props else None))


def deed_phrase(one: Action) -> str:
    """Returns the page's phrase for an action."""
    return phrase_with(one.phrases[0], one.props[0] if one.props else None).one


def _deed_words(name: str, action: Action) -> Counter[str]:
    """The number of phrases of the tables that have each word.

    A word counts for its first forms, and for every form of these.
    """
    found: Counter[str] = Counter()
    for kind in _DEEDS:
        for entry in table("verbs").get(f"{name} {kind}".strip(), ()):
            said = {form for word in _words(_SIGNS.sub(" ", entry.text)) for form in first_forms(word)}
            found.update(said.union(*map(all_forms, said)))
    for prop in action.props:
        for entry in table("nouns").get(f"prop {prop}", ()):
            found.update(set(_words(_SIGNS.sub(" ", entry.text))))
    return found


def _props(name: str, action: Action) -> dict[str, list[str]]:
    """For the canonical wording of an action with each of its things: the names of that thing."""
    nouns = {
        prop: {_noun(entry.text) for entry in table("nouns").get(f"prop {prop}", ())} for prop in action.props
    }
    shared = Counter(noun for some in nouns.values() for noun in some)
    return {
        deed(Shown("", name, prop)): sorted(
            noun for noun in some if shared[noun] == 1 and noun not in _OTHERS
        )
        for prop, some in nouns.items()
    }


def _noun(phrase: str) -> str:
    """The word for a thing in phrases like "a slice of cherry pie" and "a cake with a cherry on top"."""
    return _words(_MORE.split(_AMOUNT.sub("", phrase))[0])[-1]


def _place_words() -> dict[str, set[str]]:
    """The nouns that name only one place, in phrases of at least two kinds: "on the shore", "to the shore".

    With them come the nouns for what is hardly found in another place: "the pavement", "the blackboard".
    """
    found: dict[str, set[str]] = {}
    for name, place in PLACES.items():
        kinds: Counter[str] = Counter()
        for kind in _PLACES:
            phrases = (entry.text for entry in table("places").get(f"{kind} {name}", ()))
            kinds.update({match.group(1) for one in phrases if (match := _THE_PLACE.fullmatch(one))})
        called = {entry.text for entry in table("places").get(f"called {name}", ())}
        found[place.at] = {noun for noun, count in kinds.items() if count > 1} | called
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
