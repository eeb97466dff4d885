"""Every edit of the cast of a story. An edit is a function from a story to the story after it.

Imports neither torch nor Gradio, and knows neither pictures nor sessions: a portrait's picture is a key. Sentences
belong to the writer and are never rewritten. So when a character is renamed and sentences use its old name, that name
stays as an alias.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from storyboard.errors import StoryError
from storyboard.people import Look
from storyboard.story.values import (
    MAX_ALIASES,
    MAX_CAST,
    MAX_LABEL,
    MAX_LOOKS,
    MAX_NAME,
    PRONOUNS,
    Character,
    Frame,
    Portrait,
    Story,
    new_id,
)
from storyboard.text.captions import Binding, clean_text, find_pronouns, mentioned_names


def add_character(
    story: Story,
    name: str,
    pronoun: str,
    aliases: Iterable[str],
    picture: str,
    label: str = "",
    look: Look | None = None,
) -> Story:
    """Returns the story with one more character, whose portrait is the picture with that key.

    `look`: the look that the picture was drawn from, None if it was not drawn from one. StoryError if the name is no
    possible name or is taken already.
    """
    if len(story.cast) >= MAX_CAST:
        raise StoryError(f"The cast has {MAX_CAST} characters, the most there can be; remove one first.")
    name, aliases = _checked(name, pronoun, aliases, story.cast)
    portrait = Portrait(new_id(), _label(label, 1), picture, look)
    return replace(story, cast=(*story.cast, Character(name, pronoun, aliases, (portrait,), portrait.id)))


def edit_character(story: Story, name: str, new_name: str, pronoun: str, aliases: Iterable[str]) -> Story:
    """Returns the story in which a character has another name, pronoun and aliases, everywhere in the story."""
    character = story.character(name)
    others = [one for one in story.cast if one != character]
    new_name, aliases = _checked(new_name, pronoun, aliases, others)
    old_name = character.name
    known = {spelling.casefold() for spelling in (new_name, *aliases)}
    if old_name.casefold() not in known and _is_used(story, old_name):
        aliases = (*aliases, old_name)
    changed = replace(character, name=new_name, pronoun=pronoun, aliases=aliases)
    return replace(
        story,
        cast=tuple(changed if one == character else one for one in story.cast),
        frames=tuple(_renamed(frame, old_name, new_name) for frame in story.frames),
    )


def remove_character(story: Story, name: str) -> Story:
    """Returns the story without a character and without its settings in frames. Sentences that name it stay."""
    character = story.character(name)
    return replace(
        story,
        cast=tuple(one for one in story.cast if one != character),
        frames=tuple(_without(frame, character.name) for frame in story.frames),
    )


def choose_portrait(story: Story, name: str, portrait_id: str) -> Story:
    """Returns the story in which a character wears that portrait in frames drawn from now on.

    Frames that have their own portrait for the character keep it.
    """
    return story.with_character(story.character(name).choosing(portrait_id))


def add_portrait(
    story: Story, name: str, picture: str, label: str = "", look: Look | None = None
) -> tuple[Story, Portrait]:
    """Returns the story with one more portrait of a character, and that portrait. The portrait is not yet chosen.

    `look`: the look that the picture was drawn from, None if it was not drawn from one.
    """
    character = story.character(name)
    portrait = Portrait(new_id(), _label(label, len(character.portraits) + 1), picture, look)
    return story.with_character(character.with_portrait(portrait)), portrait


def describe_portrait(story: Story, name: str, portrait_id: str, words: str) -> Story:
    """Returns the story in which a portrait of a character has the writer's own description.

    If `words` is "", the portrait is described by its look.
    """
    character = story.character(name)
    portrait = character.find_portrait(portrait_id)
    words = clean_text(words).rstrip(" .,;")
    if len(words) > MAX_LOOKS:
        raise StoryError(
            f"What {character.name} looks like is {len(words)} characters long; shorten it to {MAX_LOOKS}."
        )
    portraits = (replace(one, words=words) if one is portrait else one for one in character.portraits)
    return story.with_character(replace(character, portraits=tuple(portraits)))


def _checked(
    name: str, pronoun: str, aliases: Iterable[str], others: Sequence[Character]
) -> tuple[str, tuple[str, ...]]:
    """Returns the cleaned name and aliases. StoryError for a spelling that is no name, or that is taken already."""
    if pronoun not in PRONOUNS:
        raise StoryError(f"A character is called {', '.join(PRONOUNS[:-1])} or {PRONOUNS[-1]}; choose one.")
    name = _spelling(name, "The name")
    spellings = dict.fromkeys(_spelling(alias, "The alias") for alias in aliases if clean_text(alias))
    aliases = tuple(alias for alias in spellings if alias.casefold() != name.casefold())
    if len(aliases) > MAX_ALIASES:
        raise StoryError(f"{name} has {len(aliases)} aliases; keep at most {MAX_ALIASES}.")
    taken = {spelling.casefold(): other.name for other in others for spelling in (other.name, *other.aliases)}
    for spelling in (name, *aliases):
        if spelling.casefold() in taken:
            owner = taken[spelling.casefold()]
            raise StoryError(f"{spelling} is what {owner} is called already; choose another name.")
    return name, aliases


def _label(text: str, number: int) -> str:
    """Returns the label of a portrait: the cleaned text, such as a file name, or else the portrait's number."""
    return clean_text(text)[:MAX_LABEL].strip() or f"portrait {number}"


def _spelling(text: str, what: str) -> str:
    cleaned = clean_text(text)
    if not any(character.isalpha() for character in cleaned):
        raise StoryError(f"{what} has no letters; write what the character is called in sentences.")
    if len(cleaned) > MAX_NAME:
        raise StoryError(f"{what} is {len(cleaned)} characters long; shorten it to {MAX_NAME}.")
    if [(one.start, one.end) for one in find_pronouns(cleaned)] == [(0, len(cleaned))]:
        raise StoryError(f'"{cleaned}" is a pronoun and can be anybody; choose a name.')
    return cleaned


def _is_used(story: Story, name: str) -> bool:
    texts = [text for frame in story.frames for text in (frame.caption, *(one.text for one in frame.takes))]
    return any(mentioned_names(text, {name: ()}) for text in texts)


def _renamed(frame: Frame, old: str, new: str) -> Frame:
    def named(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(new if name == old else name for name in names)

    changed = replace(
        frame,
        portraits=tuple((new if name == old else name, portrait) for name, portrait in frame.portraits),
        included=named(frame.included),
        excluded=named(frame.excluded),
        bindings=tuple(replace(one, names=named(one.names)) for one in frame.bindings),
    )
    return frame if changed == frame else changed


def _without(frame: Frame, name: str) -> Frame:
    def others(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(one for one in names if one != name)

    def kept(binding: Binding) -> Binding:
        return replace(binding, names=others(binding.names))

    changed = replace(
        frame,
        portraits=tuple(pair for pair in frame.portraits if pair[0] != name),
        included=others(frame.included),
        excluded=others(frame.excluded),
        bindings=tuple(one for one in map(kept, frame.bindings) if one.names),
    )
    return frame if changed == frame else changed
