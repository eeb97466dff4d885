"""The typed endpoints that make people; what `api.py` publishes beside those of stories and frames.

Knows Gradio and the studio, no models. The docstrings are what a program or an assistant is told about each verb.
"""

from collections.abc import Callable
from typing import Any, Literal, TypedDict

import gradio as gr

from storyboard.people import Look, describe_look
from storyboard.people import wardrobe as w
from storyboard.story.values import PRONOUNS
from storyboard.studio.maker import look_of_seed, portrait_of
from storyboard.studio.studio import Studio
from storyboard.ui.described import Answer, address, describe_character
from storyboard.ui.files import fresh_folder


class LookFields(TypedDict, total=False):
    """A look as JSON; a field that is left out has its default, and a colour is [red, green, blue], each 0 to 255."""

    kind: Literal[w.KINDS]
    pronoun: Literal[w.PRONOUNS]
    age: Literal[w.AGES]
    height: Literal[w.HEIGHTS]
    girth: Literal[w.GIRTHS]
    skin: list[int]
    hair: Literal[sum(w.HAIR_OF.values(), ())]
    hair_colour: list[int]
    beard: Literal[w.BEARD_NAMES]
    glasses: Literal[w.GLASSES]
    marks: list[Literal[w.MARKS]]
    headwear: Literal[w.HEADWEAR]
    headwear_colour: list[int]
    top: Literal[(w.NONE, *w.TOPS)]
    top_colour: list[int]
    pattern: Literal[w.PATTERNS]
    accent: list[int]
    bottom: Literal[w.BOTTOMS]
    bottom_colour: list[int]
    footwear: Literal[w.FOOTWEAR]
    footwear_colour: list[int]
    extras: dict[str, list[int]]


def people_endpoints(studio: Studio, root: Callable[[gr.Request], str]) -> tuple[Callable, ...]:
    """Returns the endpoints; `root` gives the public address of this app, as the caller reached it."""

    def create_character(
        story_id: str,
        name: str,
        look: LookFields,
        request: gr.Request,
        pronoun: Literal[PRONOUNS] | None = None,
        aliases: list[str] | None = None,
    ) -> dict[str, Any]:
        """Make somebody: a new member of the cast, with a portrait drawn from a look.

        Args:
            story_id: the id create_story gave
            name: what sentences call them
            look: what they look like, as random_look and preview_look give it; fields left out have their defaults
            pronoun: he, she, they or it; left out, as the look says
            aliases: other names sentences may use

        Returns:
            The character, its portrait's address, and whether this model has learned to draw them.
        """
        named = {"name": name, "pronoun": pronoun or Look.from_json(look).pronoun, "aliases": aliases}
        character = studio.change(story_id, "make_character", look=look, **named)
        return describe_character(studio, character, root(request))

    def change_look(story_id: str, name: str, look: LookFields, request: gr.Request) -> dict[str, Any]:
        """Give somebody of the cast another look: a new portrait, worn from now on. Their earlier ones are kept.

        Args:
            story_id: the id create_story gave
            name: their name in the cast
            look: what they look like now, whole: fields left out have their defaults

        Returns:
            The character, as create_character returns it.
        """
        studio.change(story_id, "change_look", name=name, look=look)
        return describe_character(studio, studio.session(story_id).story.character(name), root(request))

    def preview_look(look: LookFields, request: gr.Request) -> dict[str, Any]:
        """See what a look looks like. Nothing is kept.

        Args:
            look: fields of a look; those left out have their defaults

        Returns:
            The whole look, in words, and the address of its picture, which works for an hour.
        """
        return shown(Look.from_json(look), request)

    def random_look(seed: int, request: gr.Request) -> dict[str, Any]:
        """Think somebody up.

        Args:
            seed: a whole number; an equal one gives the equal look

        Returns:
            The look, as preview_look returns it.
        """
        return shown(look_of_seed(seed), request)

    def shown(look: Look, request: gr.Request) -> Answer:
        path = fresh_folder() / "portrait.png"
        portrait_of(look).save(path)
        told = {
            "look": look.to_json(),
            "words": describe_look(look),
            "picture": address(path, root(request)),
        }
        return Answer(told, path)

    return create_character, change_look, preview_look, random_look
