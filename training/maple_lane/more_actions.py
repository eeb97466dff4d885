"""What anybody can do beyond the benchmark's own actions: larger gestures, and what two people do with each other.

They are kept apart from `ACTIONS`, because the names in `ACTIONS` are the labels of the benchmark's judges.
"""

from __future__ import annotations

from .actions import ACTIONS, Action, Phrase

_GESTURES = (
    Action(
        "sitting",
        (
            Phrase("sits", "sit", "sitting"),
            Phrase("sits down", "sit down", "sitting down"),
            Phrase("sits quietly", "sit quietly", "sitting quietly"),
            Phrase("takes a seat", "take a seat", "taking a seat"),
        ),
    ),
    Action(
        "jumping",
        (
            Phrase("jumps", "jump", "jumping"),
            Phrase("jumps up", "jump up", "jumping up"),
            Phrase("leaps into the air", "leap into the air", "leaping into the air"),
            Phrase("hops about", "hop about", "hopping about"),
        ),
    ),
    Action(
        "cheering",
        (
            Phrase("cheers", "cheer", "cheering"),
            Phrase("throws both arms up", "throw both arms up", "throwing both arms up"),
            Phrase("shouts hurray", "shout hurray", "shouting hurray"),
        ),
        towards=(Phrase("cheers for", "cheer for", "cheering for"),),
    ),
    Action(
        "pointing",
        (
            Phrase("points ahead", "point ahead", "pointing ahead"),
            Phrase("points at something", "point at something", "pointing at something"),
            Phrase("shows the way", "show the way", "showing the way"),
        ),
        towards=(Phrase("points at", "point at", "pointing at"),),
    ),
    Action(
        "crying",
        (
            Phrase("cries", "cry", "crying"),
            Phrase("weeps", "weep", "weeping"),
            Phrase("bursts into tears", "burst into tears", "bursting into tears"),
            Phrase("sobs", "sob", "sobbing"),
        ),
    ),
    Action(
        "laughing",
        (
            Phrase("laughs", "laugh", "laughing"),
            Phrase("laughs out loud", "laugh out loud", "laughing out loud"),
            Phrase("giggles", "giggle", "giggling"),
            Phrase("bursts out laughing", "burst out laughing", "bursting out laughing"),
        ),
        towards=(Phrase("laughs with", "laugh with", "laughing with"),),
    ),
    Action(
        "thinking",
        (
            Phrase("thinks", "think", "thinking"),
            Phrase("thinks hard", "think hard", "thinking hard"),
            Phrase("wonders", "wonder", "wondering"),
        ),
        towards=(Phrase("thinks about", "think about", "thinking about"),),
    ),
    Action(
        "clapping",
        (
            Phrase("claps", "clap", "clapping"),
            Phrase("claps out loud", "clap out loud", "clapping out loud"),
            Phrase("applauds", "applaud", "applauding"),
        ),
        towards=(Phrase("claps for", "clap for", "clapping for"),),
    ),
    Action(
        "walking",
        (
            Phrase("walks", "walk", "walking"),
            Phrase("walks along", "walk along", "walking along"),
            Phrase("strolls", "stroll", "strolling"),
            Phrase("wanders about", "wander about", "wandering about"),
        ),
        towards=(Phrase("walks towards", "walk towards", "walking towards"),),
    ),
)
GESTURE_ACTIONS: dict[str, Action] = {action.name: action for action in _GESTURES}
ALL_ACTIONS: dict[str, Action] = {**ACTIONS, **GESTURE_ACTIONS}

# What two people do: the verbs before the other person's name, and the verbs for both people.
PAIR_PHRASES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "hugging": (("hugs", "embraces", "gives a hug to"), ("hug", "hug each other", "embrace")),
    "holding hands": (("holds hands with", "takes the hand of"), ("hold hands", "stand hand in hand")),
    "giving": (("gives {prop} to", "hands {prop} to", "passes {prop} to", "brings {prop} to"), ()),
}
PRESENTS = ("book", "apple", "cake", "sandwich", "basket", "parcel", "pumpkin")
