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

STORIES, FRAMES = 3000, 5  # read for the words that are known
WORD = re.compile(r"[^\W\d_]+")
_DEEDS = ("canonical", "", "towards", "begin", "near", "passive")  # sections of verbs.txt
_PLACES = ("at", "to", "reach")  # sections of places.txt that say a place for certain
_THE_PLACE = re.compile(r"(?:(?:in|on|at|to|into|onto|down to|out to) )?the ((?:[a-z]+ )?[a-z]+)")
_AMOUNT = re.compile(r"^(?:an?|the|some) (?:\w+ )?(?:piece|slice) of ")
_MORE = re.compile(r" (?:of|with|from|full of|tied|and) ")
_OTHERS = frozenset(("man", "dog"))  # gingerbread men and hot dogs are to be told from those who eat them
_SIGNS = re.compile(r"\{[^}]*\}|[*^!~|]")


def learned_words(stories: Iterable[MapleStory], actions: Mapping[str, Action] = ACTIONS) -> dict:
    """Returns the contents of `words.json` for a reader that learned from stories like these, for a pipeline that draws
    these actions.

    "deeds": by the page's own phrase for it, how often each word is in a phrase for it; "captions": by that phrase, how
    canonical captions say it; "props": by that phrase, how they say it with each of its things, and what those are
    called; "places": by the place, what else it is called; "nearest": by words that tell no place or deed, the one that
    is nearest; "known": every other word of the stories, as told.
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
    """Returns the part of `words.json` that says how captions of the open world speak of the sky, things and nobody.

    deeds, props: as `learned_words` has them. What tells a deed, or is a thing of one, stands beside nobody.
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


def _props(name: str, action: Action) -> dict[str, list[str]]:
    """By how a canonical caption says an action with each of its things: what that thing is called."""
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
    """The word for a thing in "a slice of cherry pie", "a big box of toys", "a cake with a cherry on top"."""
    return _words(_MORE.split(_AMOUNT.sub("", phrase))[0])[-1]


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
