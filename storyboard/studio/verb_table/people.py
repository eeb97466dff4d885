"""The verbs for programs that make, change and dress people, and the verbs on looks.

Imports neither torch nor Gradio.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storyboard.disk.uploads import read_upload
from storyboard.errors import StoryError
from storyboard.people import Look, nearest_look
from storyboard.studio.maker import look_of_seed, portrait_of
from storyboard.studio.verb_table.answers import Portrayed
from storyboard.studio.verb_table.arguments import (
    ALIASES,
    LOOK,
    NAME,
    PORTRAIT,
    PRONOUN,
    SEED,
    STORY,
    a_file,
)
from storyboard.studio.verb_table.edits import edit, edit_told_in_short, the_character
from storyboard.studio.verb_table.verb import Argument, Verb, shown_value

SHOWN_LOOK = "The whole look, in words, and the address of its picture, which works for an hour."


def portrait_id(studio: Any, story_id: str, name: str, portrait: str) -> str:
    """Returns the id of somebody's portrait, which is given by its id or label. StoryError if none or several fit."""
    character = studio.session(story_id).story.character(name)
    if any(one.id == portrait for one in character.portraits):
        return portrait
    found = [one.id for one in character.portraits if one.label.casefold() == portrait.strip().casefold()]
    if len(found) == 1:
        return found[0]
    choices = ", ".join(f"{one.label} ({one.id})" for one in character.portraits)
    fit = "fits several portraits" if found else "is no portrait"
    raise StoryError(f"{shown_value(portrait)} {fit} of {character.name}; choose one of: {choices}.")


def _create(
    studio: Any,
    story_id: str,
    name: str,
    look: dict | None,
    pronoun: str | None,
    aliases: list[str] | None,
    portrait: Path | None,
) -> Any:
    if (look is None) == (portrait is None):
        raise StoryError(f"{name} needs a look or a portrait; give one of the two.")
    if portrait is not None:
        return studio.add_character(story_id, name, pronoun, aliases or [], portrait)
    pronoun = pronoun or Look.from_json(look).pronoun
    given = {"name": name, "pronoun": pronoun, "aliases": aliases, "look": look}
    return studio.change(story_id, "make_character", **given)


def _edit(
    studio: Any,
    story_id: str,
    name: str,
    new_name: str | None,
    pronoun: str | None,
    aliases: list[str] | None,
) -> Any:
    now = studio.session(story_id).story.character(name)
    return studio.change(
        story_id,
        "edit_character",
        name=name,
        new_name=now.name if new_name is None else new_name,
        pronoun=pronoun or now.pronoun,
        aliases=list(now.aliases) if aliases is None else aliases,
    )


def _add_portrait(studio: Any, story_id: str, name: str, picture: Path) -> Any:
    studio.add_portrait(story_id, name, picture)
    return studio.session(story_id).story.character(name)


def _choose_portrait(studio: Any, story_id: str, name: str, portrait: str) -> Any:
    chosen = portrait_id(studio, story_id, name, portrait)
    studio.change(story_id, "choose_portrait", name=name, portrait=chosen)
    return studio.session(story_id).story.character(name)


def _describe_portrait(studio: Any, story_id: str, name: str, portrait: str, words: str) -> Any:
    described = portrait_id(studio, story_id, name, portrait)
    studio.change(story_id, "describe_portrait", name=name, portrait=described, words=words)
    return studio.session(story_id).story.character(name)


def _touched(studio: Any, story_id: str, name: str) -> Mapping[str, Any]:
    touched = studio.frames_touched(story_id, name, portrait=True)
    return {"frame_ids": list(touched)}


def _preview(studio: Any, look: dict, folder: Path) -> Portrayed:
    return _portrayed(Look.from_json(look), folder)


def _random(studio: Any, seed: int, folder: Path) -> Portrayed:
    return _portrayed(look_of_seed(seed), folder)


def _look_of_picture(studio: Any, picture: Path, folder: Path) -> Portrayed:
    return _portrayed(nearest_look(read_upload(picture, what="The picture")), folder)


def _portrayed(look: Look, folder: Path) -> Portrayed:
    path = folder / "portrait.png"
    portrait_of(look).save(path)
    return Portrayed(look, path)


PEOPLE_VERBS = (
    Verb(
        "create_character",
        "Make somebody: a new member of the cast, with a portrait drawn from a look, or with a picture of your own.",
        (
            STORY,
            Argument("name", str, "what sentences call them"),
            LOOK.optional(
                text="what they look like, as random_look and preview_look give it; fields left out have their "
                "defaults"
            ),
            PRONOUN.optional(text=f"{PRONOUN.text}; left out, as the look says"),
            ALIASES.optional(),
            a_file(
                "portrait", "instead of a look, a PNG, JPEG, WEBP, HEIC or AVIF picture of them"
            ).optional(),
        ),
        _create,
        "adds",
        "The character, its portrait's address, and whether this model has learned to draw them.",
    ),
    Verb(
        "edit_character",
        "Give somebody of the cast another name, pronoun or aliases; what is left out stays.",
        (
            STORY,
            NAME,
            NAME.optional("new_name", "what sentences call them from now on"),
            PRONOUN.optional(),
            ALIASES.optional(text="all other names sentences may use from now on"),
        ),
        _edit,
        "replaces",
        "The character.",
    ),
    edit(
        "change_look",
        "Give somebody of the cast another look: a new portrait, worn from now on. Their earlier ones are kept.",
        (NAME, LOOK),
        "adds",
        "The character, as create_character returns it.",
        the_character,
    ),
    Verb(
        "add_portrait",
        "Give somebody of the cast one more portrait, worn at once unless that puts a drawn frame out of date.",
        (STORY, NAME, a_file("picture", "a PNG, JPEG, WEBP, HEIC or AVIF picture of them")),
        _add_portrait,
        "adds",
        "The character.",
    ),
    Verb(
        "choose_portrait",
        "Say which portrait somebody wears from now on.",
        (STORY, NAME, PORTRAIT),
        _choose_portrait,
        "sets",
        "The character.",
    ),
    Verb(
        "describe_portrait",
        "Say in words what can be seen in a portrait, for a model that draws from words.",
        (STORY, NAME, PORTRAIT, Argument("words", str, "as in a tall boy with red hair in a green coat")),
        _describe_portrait,
        "sets",
        "The character.",
    ),
    Verb(
        "frames_touched",
        "See which drawn frames another portrait of somebody would put out of date.",
        (STORY, NAME),
        _touched,
        "reads",
        "The ids of these frames.",
    ),
    edit_told_in_short(
        "remove_character",
        "Take somebody out of the cast; sentences that name them stay as they are.",
        (NAME,),
        "replaces",
    ),
    Verb(
        "preview_look",
        "See what a look looks like. Nothing is kept.",
        (LOOK,),
        _preview,
        "reads",
        SHOWN_LOOK,
        makes_files=True,
    ),
    Verb(
        "random_look",
        "Think somebody up.",
        (SEED,),
        _random,
        "reads",
        SHOWN_LOOK,
        makes_files=True,
    ),
    Verb(
        "look_of_picture",
        "Find the nearest look of the person in a picture, to begin with. Nothing is kept.",
        (a_file("picture", "a PNG, JPEG, WEBP, HEIC or AVIF picture of one person"),),
        _look_of_picture,
        "reads",
        SHOWN_LOOK,
        makes_files=True,
    ),
)
