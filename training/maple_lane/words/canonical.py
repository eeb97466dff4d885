"""The canonical plain caption: one fixed form for what a frame shows. It is the target when free wording is read.

Each person stands together with what they do, from left to right: "Otto sleeps and Nana stands still in the classroom."
"""

from __future__ import annotations

from .facts import FrameFacts, PersonFacts
from .inflection import article, finite
from .tables import first_fitting
from .truth import Shown

NOBODY = "Nobody is"  # the beginning of the caption of a frame without people


def canonical_caption(facts: FrameFacts) -> str:
    """Returns the canonical caption. Equal facts give an equal caption."""
    who = _listed([f"{person.name} {deed(person)}" for person in facts.people]) or NOBODY
    where = first_fitting("places", f"canonical {facts.place}", f"in the {facts.place}")
    text = f"{who} {where}"
    if facts.time:
        text += f" {first_fitting('places', f'canonical {facts.time}', f'at {facts.time}')}"
    if facts.weather:
        text += f" {first_fitting('places', f'canonical {facts.weather}', f'in the {facts.weather}')}"
    if facts.things:
        text += f", with {_listed(list(facts.things))}"
    return text + "."


def deed(person: PersonFacts | Shown) -> str:
    """Returns what follows a person's name in the canonical caption, for example "eats an apple"."""
    action = person.does if isinstance(person, Shown) else person.action
    verb, _, rest = first_fitting("verbs", f"{action} canonical", action).partition(" ")
    rest = rest.replace("{prop}", f"{article(person.prop)} {person.prop}" if person.prop else "something")
    return f"{finite(verb, past=False, many=False)} {rest}".strip()


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
