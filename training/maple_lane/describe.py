"""Dense descriptions of a scene or a portrait, clothes and faces included: what a picture shows, in one line."""

from __future__ import annotations

from storyboard.people import Look
from storyboard.people.words import describe_look

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


def describe_portrait(name: str, wears: str | Look) -> str:
    """Name, looks and clothes of one of the cast, or of anybody: "Rosa, a woman with ..., in a yellow raincoat."."""
    if isinstance(wears, Look):
        return f"{name}, {describe_look(wears)}."
    who = BY_NAME[name]
    return f"{name}, {who.looks}, in {who.wardrobe[wears].words}."


def _describe_actor(actor: Actor) -> str:
    deed = _DEEDS[actor.action]
    if "{prop}" in deed:
        deed = phrase_with(ACTIONS[actor.action].phrases[0], actor.prop).one
    face = "" if actor.action == "sleeping" else f", {_FACES[actor.expression]}"
    if actor.look:
        return f"{actor.name}, {describe_look(actor.look)}, {deed}{face}"
    return f"{actor.name} in {BY_NAME[actor.name].wardrobe[actor.outfit].words} {deed}{face}"
