"""Dense descriptions of a scene or a portrait. One line says what the picture shows, including clothes and faces."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from storyboard.people import Look
from storyboard.people.words import describe_look, name_kind, telling_facts

from .actions import THINGS
from .cast import BY_NAME
from .places import PLACES
from .scene import Actor, Scene
from .things import THINGS_BESIDE

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
    "sitting": "sits on a chair",
    "jumping": "jumps",
    "cheering": "cheers",
    "pointing": "points ahead",
    "crying": "cries",
    "laughing": "laughs",
    "thinking": "thinks",
    "clapping": "claps",
    "walking": "walks",
    "hugging": "hugs {partner}",
    "holding hands": "holds hands with {partner}",
    "giving": "gives {prop} to {partner}",
    "taking": "takes something from {partner}",
}
_OWN_FACES = ("sleeping", "crying", "laughing", "hugging")  # actions that decide the face
_WHEN = {"day": "", "dusk": " at dusk", "night": " at night"}
_MOST_FACTS = 8  # most facts about one person, in a description that has to fit
_WEATHER = {"clear": "", "rain": " in the rain", "snow": " in the snow"}


def describe(scene: Scene) -> str:
    """Returns the whole scene in words, with the people from left to right.

    It reads "In the park: Rosa in a green dress waves, smiling; Milo in ...".
    """
    return _described(scene, None)


def describe_within(scene: Scene, fits: Callable[[str], bool]) -> str:
    """Returns the description with as many facts about each look as fit. The most telling facts come first.

    Nothing about the cast is left out. If even the description without facts does not fit, it is returned anyway.
    """
    return _first_fitting((_described(scene, most) for most in range(_MOST_FACTS, -1, -1)), fits)


def _first_fitting(texts: Iterator[str], fits: Callable[[str], bool]) -> str:
    text = ""
    for text in texts:
        if fits(text):
            break
    return text


def _described(scene: Scene, most: int | None) -> str:
    place = PLACES[scene.place]
    when = _WHEN[scene.time] + _WEATHER[scene.weather] if place.outdoors else ""
    people = (_describe_actor(actor, most) for actor in scene.actors)
    seen = [*people, *(THINGS_BESIDE[thing.kind].words for thing in scene.things)]
    return f"{place.at.capitalize()}{when}: " + "; ".join(seen or ["nobody"]) + "."


def describe_portrait(name: str, wears: str | Look) -> str:
    """Returns the name, looks and clothes of a person: of the cast in an outfit, or of anybody with a look.

    It reads "Rosa, a woman with ..., in a yellow raincoat.".
    """
    if isinstance(wears, Look):
        return f"{name}, {describe_look(wears)}."
    who = BY_NAME[name]
    return f"{name}, {who.looks}, in {who.wardrobe[wears].words}."


def describe_portrait_within(name: str, look: Look, fits: Callable[[str], bool]) -> str:
    """Returns as much of a person's description as fits. The most telling facts come first."""
    facts = range(len(telling_facts(look)), -1, -1)
    return _first_fitting((f"{name}, {_look(look, most)}." for most in facts), fits)


def _look(look: Look, most: int | None) -> str:
    """A look in words, with at most `most` facts. None: all facts, in the order of whole sentences."""
    if most is None:
        return describe_look(look)
    return " with ".join(filter(None, [name_kind(look), ", ".join(telling_facts(look)[:most])]))


def _describe_actor(actor: Actor, most: int | None) -> str:
    deed = _DEEDS[actor.action]
    if "{prop}" in deed:
        deed = deed.replace("{prop}", THINGS[actor.prop or ""])
    deed = deed.replace("{partner}", actor.partner or "")
    face = "" if actor.action in _OWN_FACES else f", {_FACES[actor.expression]}"
    if actor.look:
        return f"{actor.name}, {_look(actor.look, most)}, {deed}{face}"
    return f"{actor.name} in {BY_NAME[actor.name].wardrobe[actor.outfit].words} {deed}{face}"
