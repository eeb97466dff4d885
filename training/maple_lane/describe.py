"""Dense descriptions of a scene or a portrait, clothes and faces included: what a picture shows, in one line."""

from __future__ import annotations

from .actions import ACTIONS, phrase_with
from .cast import BY_NAME
from .places import PLACES
from .scene import Actor, Scene

_FACES = {
    "happy": "smiling",
    "sad": "looking sad",
    "surprised": "looking surprised",
    "cross": "looking cross",
}
_DEEDS = {
    "waving": "waves",
    "reading": "reads a red book",
    "eating": "eats {prop}",
    "dancing": "dances",
    "sleeping": "sleeps under an orange blanket",
    "running": "runs",
    "watering": "waters a pink flower",
    "painting": "paints at an easel",
    "carrying": "carries {prop}",
    "sheltering": "holds a red and white umbrella",
    "standing": "stands",
}


def describe(scene: Scene) -> str:
    """The whole scene, people from left to right: "In the park: Rosa in a green dress waves, smiling; Milo in ..."."""
    place = PLACES[scene.place]
    return f"{place.at.capitalize()}: " + "; ".join(map(_describe_actor, scene.actors)) + "."


def describe_portrait(name: str, outfit: str) -> str:
    """Name, looks and clothes of a character: "Rosa, a woman with ..., in a yellow raincoat."."""
    who = BY_NAME[name]
    return f"{name}, {who.looks}, in {who.wardrobe[outfit].words}."


def _describe_actor(actor: Actor) -> str:
    words = BY_NAME[actor.name].wardrobe[actor.outfit].words
    deed = _DEEDS[actor.action]
    if "{prop}" in deed:
        deed = phrase_with(ACTIONS[actor.action].phrases[0], actor.prop).one
    face = "" if actor.action == "sleeping" else f", {_FACES[actor.expression]}"
    return f"{actor.name} in {words} {deed}{face}"
