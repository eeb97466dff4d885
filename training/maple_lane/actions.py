"""What people on Maple Lane do, with what things, and the words for it.

A phrase has three forms: "reads a book" (one person), "read a book" (several people, and after "watches her") and
"reading a book". `{prop}` stands for the thing with its article.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrase:
    one: str
    many: str
    going: str


@dataclass(frozen=True)
class Action:
    """Something people do.

    `towards` holds the phrases for doing it at, to or for a person who looks on, like "waves at".
    """

    name: str
    phrases: tuple[Phrase, ...]
    props: tuple[str, ...] = ()
    towards: tuple[Phrase, ...] = ()


def _phrase(verb: str, rest: str = "", going: str | None = None, one: str | None = None) -> Phrase:
    tail = f" {rest}" if rest else ""
    return Phrase((one or verb + "s") + tail, verb + tail, (going or verb + "ing") + tail)


THINGS: dict[str, str] = {
    "book": "a book",
    "apple": "an apple",
    "cake": "a cake",
    "sandwich": "a sandwich",
    "basket": "a basket",
    "parcel": "a parcel",
    "pumpkin": "a pumpkin",
    "watering can": "a watering can",
    "brush": "a brush",
    "umbrella": "an umbrella",
    "blanket": "a blanket",
}

_ALL = (
    Action(
        "waving",
        (
            _phrase("wave", going="waving"),
            _phrase("wave", "hello", "waving"),
            _phrase("wave", "a hand", "waving"),
            _phrase("give", "a big wave", "giving"),
            _phrase("wave", "with one hand", "waving"),
        ),
        towards=(
            _phrase("wave", "at", "waving"),
            _phrase("wave", "to", "waving"),
            _phrase("wave", "hello to", "waving"),
        ),
    ),
    Action(
        "reading",
        (
            _phrase("read"),
            _phrase("read", "a book"),
            _phrase("look", "into a book"),
            _phrase("read", "a story"),
            _phrase("study", "a book", one="studies"),
        ),
        ("book",),
        (_phrase("read", "a book to"), _phrase("read", "to"), _phrase("read", "a story to")),
    ),
    Action(
        "eating",
        (
            _phrase("eat", "{prop}"),
            _phrase("have", "{prop}", "having", "has"),
            _phrase("bite", "into {prop}", "biting"),
            _phrase("taste", "{prop}", "tasting"),
            _phrase("munch", "{prop}", one="munches"),
        ),
        ("apple", "cake", "sandwich"),
    ),
    Action(
        "dancing",
        (
            _phrase("dance", going="dancing"),
            _phrase("dance", "to the music", "dancing"),
            _phrase("dance", "about", "dancing"),
            _phrase("do", "a dance", one="does"),
            _phrase("dance", "with joy", "dancing"),
        ),
        towards=(_phrase("dance", "for", "dancing"),),
    ),
    Action(
        "sleeping",
        (
            _phrase("sleep"),
            _phrase("fall", "asleep"),
            _phrase("take", "a nap", "taking"),
            _phrase("sleep", "under a blanket"),
            _phrase("nap", going="napping"),
        ),
        ("blanket",),
    ),
    Action(
        "running",
        (
            _phrase("run", going="running"),
            _phrase("run", "fast", "running"),
            _phrase("run", "along", "running"),
            _phrase("race", "along", "racing"),
            _phrase("dash", "about", one="dashes"),
        ),
        towards=(_phrase("run", "to", "running"), _phrase("run", "towards", "running")),
    ),
    Action(
        "watering",
        (
            _phrase("water", "a flower"),
            _phrase("water", "a plant"),
            _phrase("give", "a flower some water", "giving"),
            _phrase("pour", "water on a flower"),
            _phrase("use", "a watering can", "using"),
        ),
        ("watering can",),
    ),
    Action(
        "painting",
        (
            _phrase("paint"),
            _phrase("paint", "a picture"),
            _phrase("work", "on a painting"),
            _phrase("make", "a painting", "making"),
            _phrase("paint", "at an easel"),
        ),
        ("brush",),
        (_phrase("paint", "a picture for"),),
    ),
    Action(
        "carrying",
        (
            _phrase("carry", "{prop}", one="carries"),
            _phrase("hold", "{prop}"),
            _phrase("lift", "{prop}"),
            _phrase("hold", "{prop} in both arms"),
            _phrase("have", "{prop}", "holding", "has"),
        ),
        ("basket", "parcel", "pumpkin"),
        (_phrase("carry", "{prop} to", one="carries"), _phrase("bring", "{prop} to")),
    ),
    Action(
        "sheltering",
        (
            _phrase("hold", "an umbrella"),
            _phrase("stand", "under an umbrella"),
            _phrase("open", "an umbrella"),
            _phrase("have", "an umbrella", "holding", "has"),
            _phrase("wait", "under an umbrella"),
        ),
        ("umbrella",),
    ),
    Action(
        "standing",
        (
            _phrase("stand", "still"),
            _phrase("wait"),
            _phrase("look", "around"),
            _phrase("stand", "about"),
        ),
    ),
)
ACTIONS: dict[str, Action] = {action.name: action for action in _ALL}
PROPS: tuple[str, ...] = tuple(THINGS)

# How a standing person looks on at another person, and how a mood shows.
WATCHING = (_phrase("watch", one="watches"), _phrase("look", "on"))
MOODS: dict[str, tuple[Phrase, ...]] = {
    "happy": (_phrase("smile", going="smiling"), _phrase("look", "happy")),
    "sad": (_phrase("look", "sad"), _phrase("feel", "sad")),
    "surprised": (_phrase("look", "surprised"), _phrase("feel", "surprised")),
    "cross": (_phrase("look", "cross"), _phrase("frown")),
}


def phrase_with(phrase: Phrase, prop: str | None) -> Phrase:
    """Returns the phrase with its thing filled in."""
    thing = THINGS.get(prop or "", "")
    return Phrase(*(form.replace("{prop}", thing) for form in (phrase.one, phrase.many, phrase.going)))
